//! One call of an annotated function, from its start to its end. The hot path.
//!
//! The functions that start and end calls are not inlined, and the annotated function makes no decisions for them. A
//! program has many annotated functions, and each of them would contain every inlined instruction. The extra
//! call costs no time, because the processor waits for the clock anyway. The arguments and results of these functions
//! fit into registers.

mod end;
mod start;
mod state;

#[cfg(feature = "tower")]
pub(crate) use end::count_failure;
pub(crate) use end::record_outcome;
pub use start::SampleTiming;
pub(crate) use start::TimingPolicy;

use crate::catch_panic::catch_panic;
use crate::failure::Failure;
use crate::outcome::{Classified, Outcome};
use crate::series::Series;
use end::{count_plain, end, ended_in};
use measurand_catalog::Role;
use state::CallStart;
use std::mem;

/// A call that has started. Dropping it ends the call, so an unwinding stack and a dropped future are counted, and the
/// gauge of calls in flight cannot leak.
#[derive(Debug)]
pub struct Call {
    series: &'static Series,
    start: CallStart,
    /// The failure that is counted if the call is dropped before it ends.
    if_dropped: Failure,
}

/// Starts a call. It counts as a panic if it is dropped before [`leave`].
#[inline]
#[must_use]
pub fn enter<P: TimingPolicy>(policy: P) -> Call {
    Call { series: policy.series(), start: policy.start(), if_dropped: Failure::Panic }
}

/// Ends a call that returned. Returns the series of the call if it failed.
#[inline]
pub fn leave<T: ?Sized, C: Classified>(
    call: &mut Call,
    result: &T,
    classify: impl FnOnce(&T) -> C,
) -> Option<&'static Series> {
    let outcome = classify(result).outcome();
    let failed = (!outcome.is_success()).then(|| ended_in(call.series, &outcome));
    call.end(&outcome);
    failed
}

/// Runs a complete call of a function whose body is `body`. It is the last expression of generated code, because the
/// compiler knows the function's return type there.
///
/// Each statement here is compiled once per annotated function.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the annotated function must compile to the same code as without measurement")]
pub fn run<P: TimingPolicy, T, C: Classified>(
    policy: P,
    body: impl FnOnce() -> T,
    classify: impl FnOnce(&T) -> C,
) -> T {
    let (series, start) = (policy.series(), policy.start());
    let open = OpenCall { series, start };
    let result = body();
    let outcome = classify(&result);
    // `finish` ends the call. Nothing is left to drop, so no code checks for it.
    mem::forget(open);
    finish::<P>(outcome, series, start);
    result
}

/// The type of the outcome decides, so the compiled code has no branch.
#[inline]
fn finish<P: TimingPolicy>(outcome: impl Classified, series: &'static Series, start: CallStart) {
    match outcome.split() {
        Ok(result) => P::end_plain(series, start, result),
        Err(outcome) => end(series, start, &outcome),
    }
}

/// Runs a call of a family that counts only calls that return.
#[inline(always)]
#[expect(clippy::inline_always, reason = "as above")]
pub fn count<T, C: Classified>(series: &'static Series, body: impl FnOnce() -> T, classify: impl FnOnce(&T) -> C) -> T {
    let result = body();
    finish_count(classify(&result), series);
    result
}

/// The type of the outcome decides, so the compiled code has no branch.
#[inline]
fn finish_count(outcome: impl Classified, series: &'static Series) {
    match outcome.split() {
        Ok(result) => count_plain(series, result),
        Err(outcome) => end::count(series, &outcome),
    }
}

/// A call whose function has not returned.
struct OpenCall {
    series: &'static Series,
    start: CallStart,
}

impl Drop for OpenCall {
    // Passed by value, so the call need not be in memory before something goes wrong.
    #[inline]
    fn drop(&mut self) {
        drop_call(self.series, self.start, Failure::Panic);
    }
}

#[cold]
#[inline(never)]
fn drop_call(series: &'static Series, start: CallStart, failure: Failure) {
    end(series, start, &Outcome::failed(failure));
}

/// Gives generated code that is never reached its type. Unlike `loop {}`, it does not make the code after it
/// unreachable.
///
/// # Panics
/// Always.
#[must_use]
pub fn returned<T>() -> T {
    unreachable!("this call is inside `if false`")
}

/// Starts a call whose returned value is not inspected. It counts as a panic if the thread unwinds when the call ends.
#[inline]
#[must_use]
pub fn watch<P: TimingPolicy>(policy: P) -> Watch {
    Watch { call: enter(policy), unwinding: std::thread::panicking() }
}

/// See [`watch`].
#[derive(Debug)]
pub struct Watch {
    call: Call,
    /// Whether the thread was already unwinding when the call started, for example in a destructor.
    unwinding: bool,
}

impl Drop for Watch {
    #[inline]
    fn drop(&mut self) {
        if std::thread::panicking() == self.unwinding {
            self.call.end(&Outcome::OK);
        }
    }
}

/// Calls `body` once. A closure with the bound `FnOnce` may return values that it borrows from its captures.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the annotated function must compile to the same code as without measurement")]
pub fn call<T>(body: impl FnOnce() -> T) -> T {
    body()
}

/// Counts a rollback after a failed verification.
pub fn count_rollback(series: &'static Series) {
    catch_panic(|| series.with_sink(|sink| sink.count(Role::Rollbacks)));
}

impl Call {
    /// Sets the failure that is counted if the call is dropped before it ends.
    #[inline]
    pub(crate) fn if_dropped(&mut self, failure: Failure) {
        self.if_dropped = failure;
    }

    /// Ends a call that was cancelled without an error.
    #[cfg(feature = "tower")]
    pub(crate) fn forgive_cancelled(&mut self) {
        if self.start.is_open() && self.if_dropped == Failure::Cancelled {
            let series = Some(self.series.ends().without_result(Failure::Cancelled));
            self.end(&Outcome { series, ..Outcome::OK });
        }
    }

    pub(crate) fn end(&mut self, outcome: &Outcome) {
        end(self.series, mem::replace(&mut self.start, CallStart::ENDED), outcome);
    }
}

impl Drop for Call {
    // Passed by value, so the call need not be in memory before something goes wrong.
    #[inline]
    fn drop(&mut self) {
        if self.start.is_open() {
            drop_call(self.series, self.start, self.if_dropped);
        }
    }
}
