//! The future of one request: its call ends when the head of the response is ready, or when the future is dropped.

use super::route::{HeadOutcome, RouteResolver};
use crate::call::Call;
use crate::classify::outcome_in;
use crate::failure::Failure;
use crate::label::LabelRef;
use crate::outcome::Outcome;
use crate::series::Series;
use ::http::Response;
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
        started: &'static Series,
        client_errors: bool,
        // `None` once the response has been returned.
        resolver: Option<E>,
    }

    impl<F, E> PinnedDrop for HttpFuture<F, E> {
        fn drop(this: Pin<&mut Self>) {
            // A client that disconnects is not an error of the server, like a status from 400 to 499.
            if !this.client_errors {
                this.project().call.forgive_cancelled();
            }
        }
    }
}

impl<F, E> HttpFuture<F, E> {
    pub(super) fn new(future: F, call: Call, started: &'static Series, client_errors: bool, resolver: E) -> Self {
        Self { future, call, started, client_errors, resolver: Some(resolver) }
    }
}

impl<F, E, Body, Error> Future for HttpFuture<F, E>
where
    F: Future<Output = Result<Response<Body>, Error>>,
    E: RouteResolver,
{
    type Output = Result<Response<E::Body<Body>>, Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // A drop during a poll is a panic, a drop between two polls a cancellation.
        this.call.if_dropped(Failure::Panic);
        let polled = this.future.poll(context);
        this.call.if_dropped(Failure::Cancelled);
        let result = ready!(polled);
        let Some(resolver) = this.resolver.take() else {
            return Poll::Ready(result.map(|it| it.map(|body| E::body(body, None))));
        };
        let response = match result {
            Ok(response) => response,
            Err(error) => {
                this.call.end(&failed(this.started));
                return Poll::Ready(Err(error));
            }
        };
        let (outcome, head) = classify_head(&response, this.started, *this.client_errors, resolver);
        this.call.end(&outcome);
        let open = outcome.series.filter(|_| head == HeadOutcome::InTrailers);
        Poll::Ready(Ok(response.map(|body| E::body(body, open.map(|it| (it, *this.client_errors))))))
    }
}

/// The outcome according to the head of a response, with the series in which the request counts.
pub(super) fn classify_head<E: RouteResolver, Body>(
    response: &Response<Body>,
    started: &'static Series,
    client_errors: bool,
    resolver: E,
) -> (Outcome, HeadOutcome) {
    let (status, headers) = (response.status(), response.headers());
    let head = E::classify(status, headers, client_errors);
    let outcome = if head == HeadOutcome::Failed { Outcome::failed(Failure::Error) } else { Outcome::OK };
    let ended = resolver.series(started, headers);
    (outcome_in(outcome, ended, &[LabelRef::of_few(status.as_str())]), head)
}

/// The outcome of a request without a complete response.
pub(super) fn failed(started: &'static Series) -> Outcome {
    let status = LabelRef::of_few(Failure::Error.name());
    outcome_in(Outcome::failed(Failure::Error), started, &[status])
}
