//! One call of an annotated function, from its begin to its end. The hot path.

use crate::handles::{Handles, Sink, Trace};
use crate::series::Series;
use crate::verdict::{Failure, Finding, Judged, Outcome, Plain, Verdict};
use measurand_catalog::Role;
use metrics::Gauge;
use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// A call that has begun. Dropping it ends the call, so that neither an unwinding stack nor a dropped future is lost,
/// and the gauge of calls in flight cannot leak.
///
/// It is never moved once it is made, and small: copying it would cost as much as a clock read.
#[derive(Debug)]
pub struct Call {
    series: &'static Series,
    start: u64,
    state: State,
    /// What it counts as if it is dropped before it is left.
    unless_left: Failure,
    timing: Timing,
}

#[derive(Debug)]
enum State {
    /// The recorder in force is the global one.
    Kept(&'static Handles),
    /// Any other recorder. The gauge is kept, so that it goes down where it went up; the rest is looked up at the end,
    /// since the recorder may have been installed by the function itself.
    LookedUp(Box<(Gauge, Instant)>),
    Ended,
}

/// Whether the clock is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timing {
    /// For each call.
    Each,
    /// For this call, which stands for others.
    Sample,
    /// Not for this call: another one stands for it, or nothing is timed.
    Skipped,
}

/// Where calls begin: a series, or a series with a share of calls to time.
pub trait Start: Copy {
    /// The series that the calls begin in.
    fn series(self) -> &'static Series;

    /// One call in so many is timed.
    fn one_in(self) -> u32;
}

impl Start for &'static Series {
    #[inline]
    fn series(self) -> &'static Series {
        self
    }

    #[inline]
    fn one_in(self) -> u32 {
        1
    }
}

/// A series of whose calls one in so many is timed.
#[derive(Debug, Clone, Copy)]
pub struct Sampled(pub &'static Series, pub u32);

impl Start for Sampled {
    #[inline]
    fn series(self) -> &'static Series {
        self.0
    }

    #[inline]
    fn one_in(self) -> u32 {
        self.1
    }
}

/// Begins a call, which counts as a panic if it is dropped before it is left.
///
/// What begins and ends calls is not inlined: a program has many annotated functions, and the processor hides a call
/// behind the clock that it waits for.
#[inline]
#[must_use]
pub fn enter(start: impl Start) -> Call {
    let series = start.series();
    match start.one_in() {
        1 => begin(series),
        one_in => begin_sampled(series, one_in),
    }
}

#[inline(never)]
fn begin(series: &'static Series) -> Call {
    let Some(handles) = series.handles() else { return enter_slow(series) };
    let (start, timing) = if handles.trace == Trace::Counted {
        (0, Timing::Skipped)
    } else {
        handles.in_flight.increment(1.0);
        (handles.clock.raw(), Timing::Each)
    };
    Call { series, start, state: State::Kept(handles), unless_left: Failure::Panic, timing }
}

#[inline(never)]
fn begin_sampled(series: &'static Series, one_in: u32) -> Call {
    let Some(handles) = series.handles() else { return enter_slow(series) };
    handles.in_flight.increment(1.0);
    let timed = handles.newest.load(Ordering::Relaxed) == 0 || chosen(one_in);
    let (start, timing) = if timed { (handles.clock.raw(), Timing::Sample) } else { (0, Timing::Skipped) };
    Call { series, start, state: State::Kept(handles), unless_left: Failure::Panic, timing }
}

#[cold]
#[inline(never)]
fn enter_slow(series: &'static Series) -> Call {
    let in_flight = series.with_lookup(|it| it.gauge(Role::InFlight));
    in_flight.increment(1.0);
    let state = State::LookedUp(Box::new((in_flight, Instant::now())));
    Call { series, start: 0, state, unless_left: Failure::Panic, timing: Timing::Each }
}

/// Whether this is one of so many calls, by chance: choosing each sixteenth of a thread's calls would always choose the
/// same one of sixteen functions that call each other in turn.
#[inline]
fn chosen(one_in: u32) -> bool {
    thread_local! {
        static RANDOM: Cell<u64> = const { Cell::new(0) };
    }
    RANDOM.with(|random| {
        let seed = match random.get() {
            0 => seed(random),
            seed => seed,
        };
        // Knuth's linear congruential generator; its high bits are good enough to choose calls by.
        let next = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        random.set(next);
        ((next >> 32) * u64::from(one_in)) >> 32 == 0
    })
}

/// Another sequence for each thread.
#[cold]
fn seed(random: &Cell<u64>) -> u64 {
    use std::hash::BuildHasher as _;
    foldhash::fast::RandomState::default().hash_one(std::ptr::from_ref(random).addr()) | 1
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
#[inline(always)]
#[expect(clippy::inline_always, reason = "the annotated function has to compile to the code that it had without us")]
pub fn run<T, V: Judged>(start: impl Start, body: impl FnOnce() -> T, judge: impl FnOnce(&T) -> V) -> T {
    let mut call = enter(start);
    let result = body();
    judge(&result).end(&mut call);
    // It has ended: there is nothing to drop, and no code that asks.
    std::mem::forget(call);
    result
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
pub fn watch(start: impl Start) -> Watch {
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
            self.call.end_plain(Plain::OK);
        }
    }
}

/// Counts a rollback after a failed verification.
pub fn count_rollback(series: &'static Series) {
    with_sink(series, |it| it.count(Role::Rollbacks));
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

    /// Ends it where there is nothing to record but how it ended.
    #[inline(never)]
    pub(crate) fn end_plain(&mut self, verdict: Plain) {
        let State::Kept(handles) = self.state else { return self.end(&verdict.into()) };
        match handles.trace {
            Trace::Timed if verdict == Plain::OK => {
                self.state = State::Ended;
                let nanoseconds = nanoseconds(handles, self.start, self.timing);
                handles.in_flight.decrement(1.0);
                handles.duration.record(seconds(nanoseconds));
                handles.calls.increment(1);
            }
            Trace::Counted if verdict == Plain::OK => {
                self.state = State::Ended;
                handles.successes.increment(1);
            }
            _ => self.end(&verdict.into()),
        }
    }

    #[inline(never)]
    pub(crate) fn end(&mut self, verdict: &Verdict) {
        let (in_flight, nanoseconds) = match std::mem::replace(&mut self.state, State::Ended) {
            State::Kept(handles) => {
                let nanoseconds = nanoseconds(handles, self.start, self.timing);
                handles.in_flight.decrement(1.0);
                let series = ended_in(self.series, verdict);
                if std::ptr::eq(series, self.series) {
                    record(handles, nanoseconds, verdict);
                } else {
                    with_sink(series, |it| record(it, nanoseconds, verdict));
                }
                return;
            }
            State::LookedUp(kept) => (kept.0, u64::try_from(kept.1.elapsed().as_nanos()).unwrap_or(u64::MAX)),
            State::Ended => return,
        };
        in_flight.decrement(1.0);
        ended_in(self.series, verdict).with_lookup(|it| record(it, nanoseconds, verdict));
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !matches!(self.state, State::Ended) {
            self.end(&Verdict::failed(self.unless_left));
        }
    }
}

/// The call's duration, or that of the call that stands for it.
#[inline]
fn nanoseconds(handles: &Handles, start: u64, timing: Timing) -> u64 {
    match timing {
        Timing::Each => handles.clock.delta_as_nanos(start, handles.clock.raw()),
        Timing::Skipped => handles.newest.load(Ordering::Relaxed),
        Timing::Sample => {
            // Zero would say that there is none.
            let nanoseconds = handles.clock.delta_as_nanos(start, handles.clock.raw()).max(1);
            handles.newest.store(nanoseconds, Ordering::Relaxed);
            nanoseconds
        }
    }
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
