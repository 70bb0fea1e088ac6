//! One call of an annotated function, from its begin to its end. The hot path.

use crate::handles::{Handles, Sink};
use crate::site::Site;
use crate::verdict::{Failure, Finding, Outcome, Verdict};
use measurand_catalog::Role;
use metrics::Gauge;
use std::sync::LazyLock;
use std::time::Instant;

/// A call that has begun. Dropping it ends the call, so that neither an unwinding stack nor a dropped future is lost,
/// and the gauge of calls in flight cannot leak.
///
/// It is never moved once it is made, and small: copying it would cost as much as a clock read.
#[derive(Debug)]
pub struct Call {
    site: &'static Site,
    start: u64,
    state: State,
    /// What it counts as if it is dropped before it is left.
    unless_left: Failure,
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

/// Reads the time stamp counter where it is invariant, else the operating system's monotonic clock. Calibrated by the
/// first call after a recorder is installed.
static CLOCK: LazyLock<quanta::Clock> = LazyLock::new(quanta::Clock::new);

/// Begins a call, which counts as a panic if it is dropped before it is left.
#[inline]
#[must_use]
pub fn enter(site: &'static Site) -> Call {
    match site.handles() {
        Some(handles) => {
            handles.in_flight.increment(1.0);
            Call { site, start: CLOCK.raw(), state: State::Kept(handles), unless_left: Failure::Panic }
        }
        None => enter_slow(site),
    }
}

#[cold]
#[inline(never)]
fn enter_slow(site: &'static Site) -> Call {
    let in_flight = site.with_lookup(|it| it.gauge(Role::InFlight));
    in_flight.increment(1.0);
    let state = State::LookedUp(Box::new((in_flight, Instant::now())));
    Call { site, start: 0, state, unless_left: Failure::Panic }
}

/// Ends a call that returned; says whether it is a success.
#[inline]
pub fn leave<T: ?Sized>(call: &mut Call, result: &T, judge: impl FnOnce(&T) -> Verdict) -> bool {
    let verdict = judge(result);
    call.end(verdict);
    verdict.is_success()
}

impl Site {
    /// One whole call of a function, whose body is `body`. Generated code has it as its last expression: there the
    /// compiler still knows what type the function returns.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "the annotated function has to compile to the code that it had without us"
    )]
    pub fn run<T>(&'static self, body: impl FnOnce() -> T, judge: impl FnOnce(&T) -> Verdict) -> T {
        let mut call = enter(self);
        let result = body();
        leave(&mut call, &result, judge);
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
    pub fn watch(&'static self) -> Watch {
        Watch { call: enter(self), unwinding: std::thread::panicking() }
    }
}

/// See [`Site::watch`].
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
            self.call.end(Verdict::OK);
        }
    }
}

/// Counts a rollback after a failed verification.
pub fn count_rollback(site: &'static Site) {
    match site.handles() {
        Some(handles) => handles.count(Role::Rollbacks),
        None => site.with_lookup(|it| it.count(Role::Rollbacks)),
    }
}

impl Call {
    /// Says what the call counts as if it is dropped before it is left.
    #[inline]
    pub(crate) fn unless_left(&mut self, failure: Failure) {
        self.unless_left = failure;
    }

    #[inline]
    fn end(&mut self, verdict: Verdict) {
        if let State::Kept(handles) = self.state {
            let nanoseconds = CLOCK.delta_as_nanos(self.start, CLOCK.raw());
            self.state = State::Ended;
            handles.in_flight.decrement(1.0);
            record(handles, nanoseconds, verdict);
        } else {
            self.end_slow(verdict);
        }
    }

    #[cold]
    #[inline(never)]
    fn end_slow(&mut self, verdict: Verdict) {
        if let State::LookedUp(kept) = std::mem::replace(&mut self.state, State::Ended) {
            let (in_flight, start) = *kept;
            in_flight.decrement(1.0);
            let nanoseconds = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.site.with_lookup(|it| record(it, nanoseconds, verdict));
        }
    }
}

impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        if !matches!(self.state, State::Ended) {
            self.end(Verdict::failed(self.unless_left));
        }
    }
}

#[inline]
fn record(sink: &impl Sink, nanoseconds: u64, verdict: Verdict) {
    // A division, since it rounds to the number that the same duration has in a bucket's bound.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 104 days, then off by nanoseconds")]
    sink.observe(Role::Duration, nanoseconds as f64 / 1e9);
    sink.count(Role::Calls);
    if verdict != Verdict::OK || !sink.keys().plain {
        record_verdict(sink, verdict);
    }
}

#[inline(never)]
fn record_verdict(sink: &impl Sink, verdict: Verdict) {
    if let Outcome::Failed(failure) = verdict.outcome {
        sink.count_labelled(Role::Errors, failure as usize);
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
