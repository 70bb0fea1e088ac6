//! Futures under measurement: a call starts with the first poll and ends when the future is ready or dropped.

use crate::call::{Call, TimingPolicy, enter, leave};
use crate::failure::Failure;
use crate::outcome::Classified;
use crate::series::Series;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Awaits a pinned future under measurement, and returns the series of the call if it failed.
///
/// The future is pinned by the caller and only borrowed here: moving a large future by value would copy it once more
/// per layer.
pub fn measure<P: TimingPolicy, F: Future, C: Classified, J: FnOnce(&F::Output) -> C>(
    policy: P,
    future: Pin<&mut F>,
    classify: J,
) -> Measured<'_, P, F, J> {
    Measured { policy, future, classify: Some(classify), call: None }
}

/// The future itself; only the compiler needs this function, to infer types.
#[inline]
pub fn future_of<T, F: Future<Output = T>>(future: F) -> F {
    future
}

/// See [`measure`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Measured<'a, P, F, J> {
    policy: P,
    future: Pin<&'a mut F>,
    classify: Option<J>,
    call: Option<Call>,
}

// Nothing is pinned inside: the future itself is elsewhere.
impl<P, F, J> Unpin for Measured<'_, P, F, J> {}

impl<P: TimingPolicy, F: Future, C: Classified, J: FnOnce(&F::Output) -> C> Future for Measured<'_, P, F, J> {
    type Output = (F::Output, Option<&'static Series>);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let call = this.call.get_or_insert_with(|| enter(this.policy));
        // A drop during a poll is a panic, a drop between two polls a cancellation. Asking whether the thread panics
        // would
        // also report a panic for a future that another future's panic cancelled.
        call.if_dropped(Failure::Panic);
        match this.future.as_mut().poll(context) {
            Poll::Pending => {
                call.if_dropped(Failure::Cancelled);
                Poll::Pending
            }
            Poll::Ready(result) => {
                // `None` if the future is polled again after it was ready; then the inner future decides what happens.
                let failed = this.classify.take().and_then(|classify| leave(call, &result, classify));
                Poll::Ready((result, failed))
            }
        }
    }
}
