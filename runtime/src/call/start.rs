//! The start of a call, and the decision whether it is timed.

use super::end::{end_plain, end_sampled, end_skipped};
use super::state::CallStart;
use crate::catch_panic::catch_panic;
use crate::handles::{FastPath, Handles};
use crate::local_recorder;
use crate::outcome::OkOrErr;
use crate::sampling::{is_sampled, renew, weight};
use crate::series::Series;

/// The series in which calls start, and which of them are timed. The policy calls the functions that it needs. A
/// decision in [`run`](super::run) would be compiled once per annotated function.
pub trait TimingPolicy: Copy {
    /// The series in which the calls start.
    fn series(self) -> &'static Series;

    /// Starts a call.
    fn start(self) -> CallStart;

    /// Ends a call that records only its duration and its number.
    fn end_plain(series: &'static Series, start: CallStart, result: OkOrErr);
}

/// Times every call.
impl TimingPolicy for &'static Series {
    #[inline]
    fn series(self) -> &'static Series {
        self
    }

    #[inline]
    fn start(self) -> CallStart {
        start(self)
    }

    #[inline]
    fn end_plain(series: &'static Series, start: CallStart, result: OkOrErr) {
        end_plain(series, start, result);
    }
}

/// Times one call in `ONE_IN`. The start of an untimed call does nothing, unless the family counts calls `IN_FLIGHT`.
#[derive(Debug, Clone, Copy)]
pub struct SampleTiming<const ONE_IN: u32, const IN_FLIGHT: bool>(pub &'static Series);

impl<const ONE_IN: u32, const IN_FLIGHT: bool> TimingPolicy for SampleTiming<ONE_IN, IN_FLIGHT> {
    #[inline]
    fn series(self) -> &'static Series {
        self.0
    }

    #[inline]
    fn start(self) -> CallStart {
        let weight = const { weight(ONE_IN) };
        if IN_FLIGHT {
            start_in_flight(self.0, weight)
        } else if self.0.last_duration.is_missing() || is_sampled(weight) {
            start_sampled(self.0)
        } else {
            CallStart::SKIPPED
        }
    }

    #[inline]
    fn end_plain(series: &'static Series, start: CallStart, result: OkOrErr) {
        // The annotated function decides this: there, skipped calls come from another branch than timed ones.
        if !IN_FLIGHT && result == OkOrErr::OK && start.is_skipped() {
            end_skipped(series);
        } else {
            end_sampled(series, start, result);
        }
    }
}

#[inline(never)]
fn start(series: &'static Series) -> CallStart {
    let Some(handles) = series.handles() else { return start_locally(series) };
    enter(handles);
    CallStart::timed(handles)
}

/// Starts a call that counts as in flight, timed or not.
#[inline(never)]
fn start_in_flight(series: &'static Series, weight: u64) -> CallStart {
    let Some(handles) = series.handles() else { return start_locally(series) };
    enter(handles);
    if is_sampled(weight) || series.last_duration.is_missing() {
        return start_timed(handles);
    }
    CallStart::untimed(handles)
}

/// Starts a call that is timed as a sample.
#[cold]
#[inline(never)]
fn start_sampled(series: &'static Series) -> CallStart {
    match series.handles() {
        Some(handles) => start_timed(handles),
        None => start_locally(series),
    }
}

#[cold]
#[inline(never)]
fn start_timed(handles: &'static Handles) -> CallStart {
    renew();
    handles.last_duration.request();
    CallStart::timed(handles)
}

#[cold]
fn start_locally(series: &'static Series) -> CallStart {
    CallStart::local(local_recorder::start(series))
}

/// Counts the call as in flight, if the family has this metric.
#[inline]
fn enter(handles: &Handles) {
    match &handles.fast_path {
        FastPath::Calls(_) => {}
        FastPath::CallsInFlight(calls) => calls.begin(),
        _ => enter_slowly(handles),
    }
}

/// Separate, so the caller compiles to two comparisons instead of a jump table.
#[inline(never)]
fn enter_slowly(handles: &Handles) {
    catch_panic(|| handles.in_flight.increment(1.0));
}
