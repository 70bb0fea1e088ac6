//! One call of an annotated function, from its begin to its end. The hot path.
//!
//! What begins and ends calls is not inlined, nor is any decision about them: a program has many annotated functions, each
//! instruction in one of them is compiled as often, and the processor hides a call behind the clock that it waits for. What
//! goes in and comes out of it fits into registers.

mod end;
mod start;

#[cfg(feature = "tower")]
pub(crate) use end::count_failure;
pub(crate) use end::{count_plain, count_verdict, end, end_plain, end_plain_sampled, end_plain_spared, record_verdict};
pub(crate) use start::{Begun, Start};
pub use start::{Counted, Sampled, Spared};

use crate::contain::contained;
use crate::handles::Sink;
use crate::series::Series;
use crate::verdict::{Failure, Judged, Verdict};
use end::ended_in;
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

/// Begins a call, which counts as a panic if it is dropped before it is left.
#[inline]
#[must_use]
pub fn enter<S: Start>(start: S) -> Call {
    Call { series: start.series(), begun: start.begin(), unless_left: Failure::Panic }
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

    /// Ends a call that was cancelled and not left, as one that is no error.
    #[cfg(feature = "tower")]
    pub(crate) fn forgive_cancelled(&mut self) {
        if self.begun.is_open() && self.unless_left == Failure::Cancelled {
            let series = Some(self.series.ends().without_result(Failure::Cancelled));
            self.end(&Verdict { series, ..Verdict::OK });
        }
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
