//! How calls end, in all ways.

use super::{Begun, with_sink};
use crate::chance::{choose_next, prepare};
use crate::contain::contained;
use crate::direct::Here;
use crate::handles::{CLOCK, Handles, Sink, Trace};
use crate::series::Series;
use crate::verdict::{Failure, Finding, Outcome, Plain, Verdict};
use crate::{elsewhere, incident};
use measurand_catalog::Role;

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

/// Counts that a call failed whose duration and number are recorded already.
#[cfg(feature = "tower")]
#[cold]
#[inline(never)]
pub(crate) fn count_failure(series: &'static Series, failure: Failure) {
    if let Some(handles) = series.handles() {
        note(handles, 0, &Verdict::failed(failure));
    }
    contained(|| with_sink(series, |it| it.count_labelled(Role::Errors, failure as usize)));
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
pub(super) fn ended_in(began: &'static Series, verdict: &Verdict) -> &'static Series {
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
