//! The end of a call, in all its variants.

use super::state::{CallStart, CallState};
use crate::catch_panic::catch_panic;
use crate::failure::Failure;
use crate::fast_path::ThisThread;
use crate::handles::{CLOCK, FastPath, Handles, Sink};
use crate::keys::panics;
use crate::outcome::{OkOrErr, Outcome, ReturnedValue};
use crate::sampling::{prepare, sample_next};
use crate::series::Series;
use crate::{incident, local_recorder};
use measurand_catalog::{Family, Role};

/// Ends a timed call that records only its duration and its number.
#[inline(never)]
pub(super) fn end_plain(series: &'static Series, start: CallStart, result: OkOrErr) {
    if result == OkOrErr::OK
        && let CallState::Timed(handles, reading) = start.state()
    {
        match &handles.fast_path {
            FastPath::Calls(calls) | FastPath::CallsInFlight(calls) => {
                let nanoseconds = elapsed(handles, reading);
                if handles.incidents.concern(nanoseconds) {
                    return end_slow_call(handles, nanoseconds);
                }
                return calls.end(nanoseconds);
            }
            FastPath::Count(count) => return count.increment(ThisThread::get()),
            FastPath::None => {}
        }
    }
    end_general(series, start, result);
}

/// Ends one of the slowest calls. It is separate and takes only values that the caller has in registers, so all other
/// calls cost only one comparison.
#[cold]
#[inline(never)]
fn end_slow_call(handles: &Handles, nanoseconds: u64) {
    incident::note(handles, nanoseconds, &Outcome::OK);
    if let FastPath::Calls(calls) | FastPath::CallsInFlight(calls) = &handles.fast_path {
        calls.end(nanoseconds);
    }
}

/// Ends a call of a sampled series that records only its duration and its number.
#[inline(never)]
pub(super) fn end_sampled(series: &'static Series, start: CallStart, result: OkOrErr) {
    if result == OkOrErr::OK
        && let CallState::Untimed(handles) = start.state()
        && let FastPath::Calls(calls) | FastPath::CallsInFlight(calls) = &handles.fast_path
    {
        return calls.end_untimed(ThisThread::get(), || handles.last_duration.get());
    }
    end_timed(series, start, result);
}

/// Ends a successful call that was skipped.
#[inline(never)]
pub(super) fn end_skipped(series: &'static Series) {
    if let Some(handles) = series.handles() {
        // Looked up while only the handles are kept in a register: the calls after this one need no stack for it.
        let thread = ThisThread::get();
        if let FastPath::Calls(calls) | FastPath::CallsInFlight(calls) = &handles.fast_path {
            return calls.end_untimed(thread, || handles.last_duration.get());
        }
    }
    end_general(series, CallStart::SKIPPED, OkOrErr::OK);
}

/// Ends a call that was timed as a sample, or that failed.
#[inline(never)]
fn end_timed(series: &'static Series, start: CallStart, result: OkOrErr) {
    if result == OkOrErr::OK
        && let CallState::Timed(handles, reading) = start.state()
        && let FastPath::Calls(calls) | FastPath::CallsInFlight(calls) = &handles.fast_path
    {
        let nanoseconds = elapsed(handles, reading).max(1);
        note(handles, nanoseconds, &Outcome::OK);
        series.last_duration.put(nanoseconds, calls.end_sample(nanoseconds));
        return prepare();
    }
    end_general(series, start, result);
}

/// Separate, so the fast paths need no stack space for an [`Outcome`].
#[inline(never)]
fn end_general(series: &'static Series, start: CallStart, result: OkOrErr) {
    end(series, start, &result.into());
}

/// Ends a call in any state, with any outcome.
#[inline(never)]
pub(super) fn end(series: &'static Series, start: CallStart, outcome: &Outcome) {
    let (handles, timed) = match start.state() {
        CallState::Ended => return,
        CallState::Local(reading) => return end_locally(series, Some(reading), outcome),
        CallState::Skipped => match series.handles() {
            Some(handles) => (handles, None),
            None => return end_locally(series, None, outcome),
        },
        CallState::Untimed(handles) => (handles, None),
        CallState::Timed(handles, reading) => (handles, Some(elapsed(handles, reading).max(1))),
    };
    note(handles, timed.unwrap_or(0), outcome);
    if let FastPath::Calls(calls) | FastPath::CallsInFlight(calls) = &handles.fast_path {
        match timed {
            Some(nanoseconds) => series.last_duration.put(nanoseconds, calls.end_sample(nanoseconds)),
            None => calls.end_untimed(ThisThread::get(), || series.last_duration.get()),
        }
        return record_outcome(handles, outcome);
    }
    let nanoseconds = match timed {
        Some(nanoseconds) => {
            series.last_duration.put(nanoseconds, false);
            nanoseconds
        }
        None => series.last_duration.get(),
    };
    // A recorder may come from any crate, and it may panic.
    catch_panic(|| {
        handles.in_flight.decrement(1.0);
        let ended = ended_in(series, outcome);
        if std::ptr::eq(ended, series) {
            record(handles, nanoseconds, outcome);
        } else {
            ended.with_sink(|sink| record(sink, nanoseconds, outcome));
        }
    });
}

/// Ends a call that started at this reading under a recorder that may be gone, or a skipped call that ends under such a
/// recorder. It looks the metrics up now, because the function itself may have installed a recorder.
#[cold]
#[inline(never)]
fn end_locally(series: &'static Series, reading: Option<u64>, outcome: &Outcome) {
    let nanoseconds = if let Some(reading) = reading {
        CLOCK.delta_as_nanos(reading, CLOCK.raw())
    } else {
        // The call was skipped under the global recorder, but under this recorder every call is timed.
        sample_next();
        series.last_duration.get()
    };
    catch_panic(|| {
        if let Some(in_flight) = reading.and_then(|it| local_recorder::take(series, it)) {
            in_flight.decrement(1.0);
        }
        ended_in(series, outcome).with_lookup(|lookup| record(lookup, nanoseconds, outcome));
    });
}

/// Counts a call that is never timed and records nothing else.
#[inline(never)]
pub(super) fn count_plain(series: &'static Series, result: OkOrErr) {
    if result == OkOrErr::OK
        && let Some(handles) = series.handles()
        && let FastPath::Count(count) = &handles.fast_path
    {
        return count.increment(ThisThread::get());
    }
    count_general(series, result);
}

/// Separate, so the fast path needs no stack space for an [`Outcome`].
#[inline(never)]
fn count_general(series: &'static Series, result: OkOrErr) {
    count(series, &result.into());
}

/// Counts a call that is never timed.
#[inline(never)]
pub(super) fn count(series: &'static Series, outcome: &Outcome) {
    if outcome.result.is_err()
        && let Some(handles) = series.handles()
    {
        note(handles, 0, outcome);
    }
    catch_panic(|| ended_in(series, outcome).with_sink(|sink| record_outcome(sink, outcome)));
}

/// Counts a failure of a call whose duration and number have been recorded.
#[cfg(feature = "tower")]
#[cold]
#[inline(never)]
pub(crate) fn count_failure(series: &'static Series, failure: Failure) {
    if let Some(handles) = series.handles() {
        note(handles, 0, &Outcome::failed(failure));
    }
    catch_panic(|| series.with_sink(|sink| sink.count_labelled(Role::Errors, failure as usize)));
}

/// Stores a call that failed or is one of the slowest; see [`crate::incident`].
#[inline]
fn note(handles: &Handles, nanoseconds: u64, outcome: &Outcome) {
    if outcome.result.is_err() || handles.incidents.concern(nanoseconds) {
        incident::note(handles, nanoseconds, outcome);
    }
}

/// The nanoseconds since this reading of the clock.
#[inline]
fn elapsed(handles: &Handles, reading: u64) -> u64 {
    handles.clock.delta_as_nanos(reading, handles.clock.raw())
}

/// The series in which the call counts. Without a result, the outcome replaces the labels that come from the result:
/// `panic` or `cancelled`.
pub(super) fn ended_in(started: &'static Series, outcome: &Outcome) -> &'static Series {
    match (outcome.series, outcome.result) {
        (Some(series), _) => series,
        (None, Err(failure)) if started.is_open_ended() => started.ends().without_result(failure),
        _ => started,
    }
}

fn record(sink: &(impl Sink + ?Sized), nanoseconds: u64, outcome: &Outcome) {
    sink.observe(Role::Duration, seconds(nanoseconds));
    sink.count(Role::Calls);
    record_outcome(sink, outcome);
}

/// A division gives exactly the number of a bucket's bound for the same duration.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "exact up to 104 days, then off by nanoseconds")]
fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

#[cold]
fn count_panic(family: &'static Family) {
    if let Some((key, metadata)) = panics(family) {
        metrics::with_recorder(|recorder| recorder.register_counter(&key, &metadata).increment(1));
    }
}

pub(crate) fn record_outcome(sink: &(impl Sink + ?Sized), outcome: &Outcome) {
    match (outcome.result, outcome.error_kind) {
        (Err(Failure::Error), Some(kind)) => sink.count_kind(kind),
        (Err(failure), _) => sink.count_labelled(Role::Errors, failure as usize),
        (Ok(()), _) => {}
    }
    match outcome.value {
        ReturnedValue::None | ReturnedValue::NoScore => {}
        ReturnedValue::Score { score, .. } => {
            sink.observe(Role::Score, score);
            sink.set(Role::LastScore, score);
        }
        ReturnedValue::Gauge(value) => sink.set(Role::Level, value),
        ReturnedValue::Lookup { hit } => {
            sink.count(if hit { Role::Hits } else { Role::Misses });
            if let Some(hit_rate) = sink.keys().hit_rate {
                sink.set(Role::HitRate, hit_rate.add(hit));
            }
        }
    }
    if outcome.result == Err(Failure::Panic) {
        count_panic(sink.keys().family);
    }
    let success = outcome.is_success();
    sink.count(if success { Role::Successes } else { Role::Failures });
    sink.count_labelled(Role::Completions, usize::from(!success));
}
