//! One call of an annotated function, from its begin to its end. The hot path.
//!
//! What begins and ends calls is not inlined, nor is any decision about them: a program has many annotated functions, each
//! instruction in one of them is compiled as often, and the processor hides a call behind the clock that it waits for. What
//! goes in and comes out of it fits into registers.

use crate::chance::{choose_next, chosen, prepare, renew, weight};
use crate::contain::contained;
use crate::direct::Here;
use crate::handles::{CLOCK, Handles, Sink, Trace};
use crate::series::Series;
use crate::verdict::{Failure, Finding, Judged, Outcome, Plain, Verdict};
use crate::{elsewhere, incident};
use measurand_catalog::Role;
use std::mem;

/// A call that has begun. Dropping it ends the call, so that neither an unwinding stack nor a dropped future is lost,
/// and the gauge of calls in flight cannot leak.
#[derive(Debug)]
pub struct Call {
    series: &'static Series,
    begun: Begun,
    /// What it counts as if it is dropped before it is left.
    unless_left: Failure,
}

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
    const NOTHING: Self = Self { handles: None, start: 0 };
    /// A call of which nothing is known yet; see [`Spared`].
    const SPARED: Self = Self { handles: None, start: u64::MAX };

    #[inline]
    fn is_open(self) -> bool {
        self.handles.is_some() || self.start != 0
    }

    #[inline]
    fn is_spared(self) -> bool {
        self.handles.is_none() && self.start == Self::SPARED.start
    }
}

/// Where calls begin, and which are timed. What a kind of calls asks for it calls itself: a decision in [`run`] would be
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

/// Begins a call, which counts as a panic if it is dropped before it is left.
#[inline]
#[must_use]
pub fn enter<S: Start>(start: S) -> Call {
    Call { series: start.series(), begun: start.begin(), unless_left: Failure::Panic }
}

#[inline(never)]
fn begin(series: &'static Series) -> Begun {
    let Some(handles) = series.handles() else { return Begun { handles: None, start: elsewhere::begin(series) } };
    match &handles.trace {
        Trace::Calls(_) => {}
        Trace::Watched(calls) => calls.begin(),
        _ => begin_other(handles),
    }
    // Zero would say that nobody read it.
    Begun { handles: Some(handles), start: handles.clock.raw().max(1) }
}

#[inline(never)]
fn begin_sampled(series: &'static Series, weight: u64) -> Begun {
    let Some(handles) = series.handles() else { return Begun { handles: None, start: elsewhere::begin(series) } };
    match &handles.trace {
        Trace::Calls(_) => {}
        Trace::Watched(calls) => calls.begin(),
        _ => begin_other(handles),
    }
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
        None => Begun { handles: None, start: elsewhere::begin(series) },
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

/// Apart, so that what is left is two comparisons and not a table of jumps.
#[inline(never)]
fn begin_other(handles: &Handles) {
    contained(|| handles.in_flight.increment(1.0));
}

/// Ends a call that returned; says where it counts if it was no success.
#[inline]
pub fn leave<T: ?Sized, V: Judged>(
    call: &mut Call,
    result: &T,
    judge: impl FnOnce(&T) -> V,
) -> Option<&'static Series> {
    let verdict = judge(result).verdict();
    let failed = (!verdict.is_success()).then(|| ended_in(call.series, &verdict));
    call.end(&verdict);
    failed
}

/// One whole call of a function, whose body is `body`. Generated code has it as its last expression: there the compiler
/// still knows what type the function returns.
///
/// Each statement of it is compiled once more for each annotated function.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the annotated function has to compile to the code that it had without us")]
pub fn run<S: Start, T, V: Judged>(start: S, body: impl FnOnce() -> T, judge: impl FnOnce(&T) -> V) -> T {
    let (series, begun) = (start.series(), start.begin());
    let open = Open { series, begun };
    let result = body();
    let verdict = judge(&result);
    // It ends below: there is nothing to drop, and no code that asks.
    mem::forget(open);
    S::end(verdict, series, begun);
    result
}

/// The same where nothing is left by a call that does not return.
#[inline(always)]
#[expect(clippy::inline_always, reason = "as above")]
pub fn count<T, V: Judged>(series: &'static Series, body: impl FnOnce() -> T, judge: impl FnOnce(&T) -> V) -> T {
    let result = body();
    judge(&result).count(series);
    result
}

/// A call whose function has not returned.
struct Open {
    series: &'static Series,
    begun: Begun,
}

impl Drop for Open {
    // By value, so that it need not lie in memory before something goes wrong.
    #[inline]
    fn drop(&mut self) {
        drop_open(self.series, self.begun);
    }
}

#[cold]
#[inline(never)]
fn drop_open(series: &'static Series, begun: Begun) {
    drop_call(series, begun, Failure::Panic);
}

/// Stands in generated code where it is never reached, for its type. Unlike a `loop {}` it does not make what follows
/// unreachable.
///
/// # Panics
/// Always.
#[must_use]
pub fn returned<T>() -> T {
    unreachable!("it stands behind `if false`")
}

/// Begins a call whose returned value nobody sees. It is a panic if the thread unwinds when it ends.
#[inline]
#[must_use]
pub fn watch<S: Start>(start: S) -> Watch {
    Watch { call: enter(start), unwinding: std::thread::panicking() }
}

/// See [`watch`].
#[derive(Debug)]
pub struct Watch {
    call: Call,
    /// It was called by a destructor, which runs because of an earlier panic.
    unwinding: bool,
}

impl Drop for Watch {
    #[inline]
    fn drop(&mut self) {
        if std::thread::panicking() == self.unwinding {
            self.call.end(&Verdict::OK);
        }
    }
}

/// Counts a rollback after a failed verification.
pub fn count_rollback(series: &'static Series) {
    contained(|| with_sink(series, |it| it.count(Role::Rollbacks)));
}

/// Lends where the values of a series go now.
pub(crate) fn with_sink<T>(series: &'static Series, record: impl FnOnce(&dyn Sink) -> T) -> T {
    match series.handles() {
        Some(handles) => record(handles),
        None => series.with_lookup(|it| record(it)),
    }
}

impl Call {
    /// Says what the call counts as if it is dropped before it is left.
    #[inline]
    pub(crate) fn unless_left(&mut self, failure: Failure) {
        self.unless_left = failure;
    }

    pub(crate) fn end(&mut self, verdict: &Verdict) {
        end(self.series, mem::replace(&mut self.begun, Begun::NOTHING), verdict);
    }
}

impl Drop for Call {
    // By value, so that the call need not lie in memory before something goes wrong.
    #[inline]
    fn drop(&mut self) {
        if self.begun.is_open() {
            drop_call(self.series, self.begun, self.unless_left);
        }
    }
}

#[cold]
#[inline(never)]
fn drop_call(series: &'static Series, begun: Begun, failure: Failure) {
    if begun.is_open() {
        end(series, begun, &Verdict::failed(failure));
    }
}

/// Ends a call where there is nothing to record but how it ended.
#[inline(never)]
pub(crate) fn end_plain(series: &'static Series, begun: Begun, verdict: Plain) {
    if verdict == Plain::OK
        && let Begun { handles: Some(handles), start } = begun
    {
        match &handles.trace {
            Trace::Calls(calls) | Trace::Watched(calls) => {
                let nanoseconds = since(handles, start);
                if handles.incidents.concern(nanoseconds) {
                    return end_slow(handles, nanoseconds);
                }
                return calls.end(nanoseconds);
            }
            Trace::Count(count) => return count.increment(Here::get()),
            Trace::Other => {}
        }
    }
    end_plain_slowly(series, begun, verdict);
}

/// Ends one of the slowest calls. Apart, and with what is at hand anyway, so that all others pay for a comparison alone.
#[cold]
#[inline(never)]
fn end_slow(handles: &Handles, nanoseconds: u64) {
    incident::note(handles, nanoseconds, &Verdict::OK);
    if let Trace::Calls(calls) | Trace::Watched(calls) = &handles.trace {
        calls.end(nanoseconds);
    }
}

/// The same for a call of which some are timed.
#[inline(never)]
pub(crate) fn end_plain_sampled(series: &'static Series, begun: Begun, verdict: Plain) {
    if verdict == Plain::OK
        && let Begun { handles: Some(handles), start: 0 } = begun
    {
        return end_untimed(handles);
    }
    end_plain_timed(series, begun, verdict);
}

/// The same for a call of which nothing is known yet if it is not timed. Decided in the annotated function, where the two
/// kinds of calls came from different places.
#[inline]
pub(crate) fn end_plain_spared(series: &'static Series, begun: Begun, verdict: Plain) {
    if begun.handles.is_none() && verdict == Plain::OK {
        end_spared(series, begun.start);
    } else {
        end_plain_timed(series, begun, verdict);
    }
}

#[inline(never)]
fn end_spared(series: &'static Series, start: u64) {
    if start == Begun::SPARED.start
        && let Some(handles) = series.handles()
    {
        return end_untimed(handles);
    }
    end_plain_slowly(series, Begun { handles: None, start }, Plain::OK);
}

/// Ends a call that ended well and was not timed.
#[inline]
fn end_untimed(handles: &'static Handles) {
    // Asked for while nothing has to be kept but the handles.
    let here = Here::get();
    match &handles.trace {
        Trace::Calls(calls) | Trace::Watched(calls) => calls.end_untimed(here, || handles.series.newest.get()),
        _ => end_plain_slowly(handles.series, Begun { handles: Some(handles), start: 0 }, Plain::OK),
    }
}

/// Ends one of some calls that stands for the others, or did not end well.
#[inline(never)]
fn end_plain_timed(series: &'static Series, begun: Begun, verdict: Plain) {
    if verdict == Plain::OK
        && let Begun { handles: Some(handles), start: 1.. } = begun
        && let Trace::Calls(calls) | Trace::Watched(calls) = &handles.trace
    {
        let nanoseconds = since(handles, begun.start).max(1);
        note(handles, nanoseconds, &Verdict::OK);
        series.newest.put(nanoseconds, calls.end_sample(nanoseconds));
        return prepare();
    }
    end_plain_slowly(series, begun, verdict);
}

/// Apart, so that the fast path needs no stack for what is only needed here.
#[inline(never)]
fn end_plain_slowly(series: &'static Series, begun: Begun, verdict: Plain) {
    end(series, begun, &verdict.into());
}

/// Ends a call.
#[inline(never)]
pub(crate) fn end(series: &'static Series, begun: Begun, verdict: &Verdict) {
    let (start, spared) = (begun.start, begun.is_spared());
    let handles = if spared { series.handles() } else { begun.handles };
    let Some(handles) = handles else { return end_elsewhere(series, start, verdict) };
    // What is not timed is counted only, or another call stands for it.
    let timed = (start != 0 && !spared).then(|| since(handles, start).max(1));
    note(handles, timed.unwrap_or(0), verdict);
    if let Trace::Calls(calls) | Trace::Watched(calls) = &handles.trace {
        match timed {
            Some(nanoseconds) => series.newest.put(nanoseconds, calls.end_sample(nanoseconds)),
            None => calls.end_untimed(Here::get(), || series.newest.get()),
        }
        return record_verdict(handles, verdict);
    }
    let nanoseconds = timed.inspect(|it| series.newest.put(*it, false)).unwrap_or_else(|| series.newest.get());
    // A recorder may be anybody's.
    contained(|| {
        handles.in_flight.decrement(1.0);
        let ended = ended_in(series, verdict);
        if std::ptr::eq(ended, series) {
            record(handles, nanoseconds, verdict);
        } else {
            with_sink(ended, |it| record(it, nanoseconds, verdict));
        }
    });
}

/// Ends a call that began under a recorder that may have gone away since. What the call leaves is looked up now: the
/// function itself may have installed a recorder.
#[cold]
#[inline(never)]
fn end_elsewhere(series: &'static Series, start: u64, verdict: &Verdict) {
    if start == 0 {
        return;
    }
    let nanoseconds = if start == Begun::SPARED.start {
        // Spared for the sake of another recorder; under this one each call is timed.
        choose_next();
        series.newest.get()
    } else {
        CLOCK.delta_as_nanos(start, CLOCK.raw())
    };
    contained(|| {
        if let Some(in_flight) = elsewhere::take(series, start) {
            in_flight.decrement(1.0);
        }
        ended_in(series, verdict).with_lookup(|it| record(it, nanoseconds, verdict));
    });
}

/// Counts a call that nobody timed, where there is nothing to record but how it ended.
#[inline(never)]
pub(crate) fn count_plain(series: &'static Series, verdict: Plain) {
    if verdict == Plain::OK
        && let Some(handles) = series.handles()
    {
        // Asked for while nothing has to be kept but the handles.
        let here = Here::get();
        return match &handles.trace {
            Trace::Count(count) => count.increment(here),
            _ => count_plain_slowly(handles.series, Plain::OK),
        };
    }
    count_plain_slowly(series, verdict);
}

#[inline(never)]
fn count_plain_slowly(series: &'static Series, verdict: Plain) {
    count_verdict(series, &verdict.into());
}

/// Counts a call that nobody timed.
#[inline(never)]
pub(crate) fn count_verdict(series: &'static Series, verdict: &Verdict) {
    if verdict.outcome != Outcome::Ok
        && let Some(handles) = series.handles()
    {
        note(handles, 0, verdict);
    }
    contained(|| with_sink(ended_in(series, verdict), |it| record_verdict(it, verdict)));
}

/// Remembers a call that failed or is one of the slowest; see [`crate::incident`].
#[inline]
fn note(handles: &Handles, nanoseconds: u64, verdict: &Verdict) {
    if verdict.outcome != Outcome::Ok || handles.incidents.concern(nanoseconds) {
        incident::note(handles, nanoseconds, verdict);
    }
}

/// How long ago the clock was read.
#[inline]
fn since(handles: &Handles, start: u64) -> u64 {
    handles.clock.delta_as_nanos(start, handles.clock.raw())
}

/// The series that the call counts in. Where the result decides about labels and there is none, the outcome stands for
/// them: `panic`, `cancelled`.
fn ended_in(began: &'static Series, verdict: &Verdict) -> &'static Series {
    match (verdict.series, verdict.outcome) {
        (Some(series), _) => series,
        (None, Outcome::Failed(failure)) if began.is_open_ended() => began.ends().without_result(failure),
        _ => began,
    }
}

fn record(sink: &(impl Sink + ?Sized), nanoseconds: u64, verdict: &Verdict) {
    sink.observe(Role::Duration, seconds(nanoseconds));
    sink.count(Role::Calls);
    record_verdict(sink, verdict);
}

/// A division, since it rounds to the number that the same duration has in a bucket's bound.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "exact up to 104 days, then off by nanoseconds")]
fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

pub(crate) fn record_verdict(sink: &(impl Sink + ?Sized), verdict: &Verdict) {
    match (verdict.outcome, verdict.kind) {
        (Outcome::Failed(Failure::Error), Some(kind)) => sink.count_kind(kind),
        (Outcome::Failed(failure), _) => sink.count_labelled(Role::Errors, failure as usize),
        (Outcome::Ok, _) => {}
    }
    match verdict.finding {
        Finding::None | Finding::NoScore => {}
        Finding::Score { score, .. } => {
            sink.observe(Role::Score, score);
            sink.set(Role::LastScore, score);
        }
        Finding::Level(level) => sink.set(Role::Level, level),
        Finding::Lookup { hit } => {
            sink.count(if hit { Role::Hits } else { Role::Misses });
            if let Some(tally) = sink.keys().tally {
                sink.set(Role::HitRate, tally.add(hit));
            }
        }
    }
    let success = verdict.is_success();
    sink.count(if success { Role::Successes } else { Role::Failures });
    sink.count_labelled(Role::Completions, usize::from(!success));
}
