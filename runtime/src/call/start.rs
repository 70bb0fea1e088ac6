//! How calls begin, and which of them are timed.

use crate::chance::{chosen, renew, weight};
use crate::contain::contained;
use crate::elsewhere;
use crate::handles::{Handles, Trace};
use crate::series::Series;
use crate::verdict::Judged;

/// What the end of a call has to know of its begin. Numbers and references alone: what goes from one function to another in
/// registers must not have to be dropped.
#[derive(Debug, Clone, Copy)]
pub struct Begun {
    /// There if the recorder in force was the global one.
    pub(crate) handles: Option<&'static Handles>,
    /// The clock's reading; zero if the call is not timed or, without handles, if there is nothing to end.
    pub(crate) start: u64,
}

impl Begun {
    pub(super) const NOTHING: Self = Self { handles: None, start: 0 };
    /// A call of which nothing is known yet; see [`Spared`].
    pub(super) const SPARED: Self = Self { handles: None, start: u64::MAX };

    /// Under another recorder than the global one.
    fn elsewhere(series: &'static Series) -> Self {
        Self { handles: None, start: elsewhere::begin(series) }
    }

    #[inline]
    pub(super) fn is_open(self) -> bool {
        self.handles.is_some() || self.start != 0
    }

    #[inline]
    pub(super) fn is_spared(self) -> bool {
        self.handles.is_none() && self.start == Self::SPARED.start
    }
}

/// Where calls begin, and which are timed. What a kind of calls asks for it calls itself: a decision in [`run`](super::run) would be
/// compiled with each annotated function, whatever comes of it.
pub trait Start: Copy {
    /// The series that the calls begin in.
    fn series(self) -> &'static Series;

    /// Begins one.
    fn begin(self) -> Begun;

    /// Ends one that returned.
    fn end(verdict: impl Judged, series: &'static Series, begun: Begun);
}

impl Start for &'static Series {
    #[inline]
    fn series(self) -> &'static Series {
        self
    }

    #[inline]
    fn begin(self) -> Begun {
        begin(self)
    }

    #[inline]
    fn end(verdict: impl Judged, series: &'static Series, begun: Begun) {
        verdict.end(series, begun);
    }
}

/// A series of whose calls one in so many is timed.
#[derive(Debug, Clone, Copy)]
pub struct Sampled<const ONE_IN: u32>(pub &'static Series);

impl<const ONE_IN: u32> Start for Sampled<ONE_IN> {
    #[inline]
    fn series(self) -> &'static Series {
        self.0
    }

    #[inline]
    fn begin(self) -> Begun {
        begin_sampled(self.0, const { weight(ONE_IN) })
    }

    #[inline]
    fn end(verdict: impl Judged, series: &'static Series, begun: Begun) {
        verdict.end_sampled(series, begun);
    }
}

/// The same for a family without a number of calls in flight: nothing is done when a call begins that is not timed.
#[derive(Debug, Clone, Copy)]
pub struct Spared<const ONE_IN: u32>(pub &'static Series);

impl<const ONE_IN: u32> Start for Spared<ONE_IN> {
    #[inline]
    fn series(self) -> &'static Series {
        self.0
    }

    #[inline]
    fn begin(self) -> Begun {
        if !self.0.newest.is_missing() && !chosen(const { weight(ONE_IN) }) {
            return Begun::SPARED;
        }
        begin_spared(self.0)
    }

    #[inline]
    fn end(verdict: impl Judged, series: &'static Series, begun: Begun) {
        verdict.end_spared(series, begun);
    }
}

/// A series of a family that knows nothing of a call but that it returned, and what.
#[derive(Debug, Clone, Copy)]
pub struct Counted(pub &'static Series);

impl Start for Counted {
    #[inline]
    fn series(self) -> &'static Series {
        self.0
    }

    #[inline]
    fn begin(self) -> Begun {
        begin(self.0)
    }

    #[inline]
    fn end(verdict: impl Judged, series: &'static Series, begun: Begun) {
        verdict.end(series, begun);
    }
}

#[inline(never)]
fn begin(series: &'static Series) -> Begun {
    let Some(handles) = series.handles() else { return Begun::elsewhere(series) };
    enter(handles);
    // Zero would say that nobody read it.
    Begun { handles: Some(handles), start: handles.clock.raw().max(1) }
}

#[inline(never)]
fn begin_sampled(series: &'static Series, weight: u64) -> Begun {
    let Some(handles) = series.handles() else { return Begun::elsewhere(series) };
    enter(handles);
    if chosen(weight) || series.newest.is_missing() {
        return begin_timed(handles);
    }
    Begun { handles: Some(handles), start: 0 }
}

/// Begins one of the calls that are timed.
#[cold]
#[inline(never)]
fn begin_spared(series: &'static Series) -> Begun {
    match series.handles() {
        Some(handles) => begin_timed(handles),
        None => Begun::elsewhere(series),
    }
}

/// One of some calls that stands for the others.
#[cold]
#[inline(never)]
fn begin_timed(handles: &'static Handles) -> Begun {
    renew();
    handles.series.newest.ask();
    Begun { handles: Some(handles), start: handles.clock.raw().max(1) }
}

/// Counts a call in flight, where the family does.
#[inline]
fn enter(handles: &Handles) {
    match &handles.trace {
        Trace::Calls(_) => {}
        Trace::Watched(calls) => calls.begin(),
        _ => begin_other(handles),
    }
}

/// Apart, so that what is left is two comparisons and not a table of jumps.
#[inline(never)]
fn begin_other(handles: &Handles) {
    contained(|| handles.in_flight.increment(1.0));
}
