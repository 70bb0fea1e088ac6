//! Futures under measurement: a call begins with the first poll and ends when the future is ready or dropped.

use crate::call::{Call, Start, enter, leave};
use crate::series::Series;
use crate::verdict::{Failure, Judged};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Awaits a pinned future under measurement, and says where the call counts if it was no success.
///
/// The future is pinned where it was made and only borrowed here: moving a large one by value would copy it once more
/// for each layer.
pub fn measure<S: Start, F: Future, V: Judged, J: FnOnce(&F::Output) -> V>(
    start: S,
    future: Pin<&mut F>,
    judge: J,
) -> Measured<'_, S, F, J> {
    Measured { start, future, judge: Some(judge), call: None }
}

/// A future of this result; for the compiler alone.
#[inline]
pub fn future_of<T, F: Future<Output = T>>(future: F) -> F {
    future
}

/// See [`measure`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Measured<'a, S, F, J> {
    start: S,
    future: Pin<&'a mut F>,
    judge: Option<J>,
    call: Option<Call>,
}

// Nothing is pinned in place: the future lies elsewhere.
impl<S, F, J> Unpin for Measured<'_, S, F, J> {}

impl<S: Start, F: Future, V: Judged, J: FnOnce(&F::Output) -> V> Future for Measured<'_, S, F, J> {
    type Output = (F::Output, Option<&'static Series>);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let call = this.call.get_or_insert_with(|| enter(this.start));
        // Dropped while it is polled it is a panic, dropped between two polls it was cancelled. Asking whether the
        // thread panics would call a future cancelled by the panic of another one a panic too.
        call.unless_left(Failure::Panic);
        match this.future.as_mut().poll(context) {
            Poll::Pending => {
                call.unless_left(Failure::Cancelled);
                Poll::Pending
            }
            Poll::Ready(result) => {
                // There is none when it is polled again after it was ready, which the inner future answers as it likes.
                let failed = this.judge.take().and_then(|judge| leave(call, &result, judge));
                Poll::Ready((result, failed))
            }
        }
    }
}
