//! The future of one request: its call ends when the head of the response is there, or when the future is dropped.

use super::route::Ending;
use crate::call::{Call, leave};
use crate::label::Pick;
use crate::series::Series;
use crate::verdict::{Failure, Verdict, verdict_in};
use ::http::Response;
use measurand_catalog::ERROR_OUTCOMES;
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// The response of an [`HttpService`](super::HttpService).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct HttpFuture<F, E> {
        #[pin]
        future: F,
        call: Call,
        began: &'static Series,
        // There is none once the response has been there.
        ending: Option<E>,
    }
}

impl<F, E> HttpFuture<F, E> {
    pub(super) fn new(future: F, call: Call, began: &'static Series, ending: E) -> Self {
        Self { future, call, began, ending: Some(ending) }
    }
}

impl<F, E, Body, Error> Future for HttpFuture<F, E>
where
    F: Future<Output = Result<Response<Body>, Error>>,
    E: Ending,
{
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        // Dropped while it is polled it is a panic, dropped between two polls it was cancelled.
        this.call.unless_left(Failure::Panic);
        let polled = this.future.poll(context);
        this.call.unless_left(Failure::Cancelled);
        let result = ready!(polled);
        if let Some(ending) = this.ending.take() {
            leave(this.call, &result, |result| verdict(result, this.began, ending));
        }
        Poll::Ready(result)
    }
}

pub(super) fn verdict<Body, Error>(
    result: &Result<Response<Body>, Error>,
    began: &'static Series,
    ending: impl Ending,
) -> Verdict {
    let Ok(response) = result else {
        let status = Pick::of_few(ERROR_OUTCOMES[Failure::Error as usize]);
        return verdict_in(Verdict::failed(Failure::Error), began, &[status]);
    };
    let ended = ending.series(began, response.headers());
    verdict_in(Verdict::OK, ended, &[Pick::of_few(response.status().as_str())])
}
