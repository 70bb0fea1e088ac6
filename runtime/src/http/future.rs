//! The future of one request: its call ends when the head of the response is there, or when the future is dropped.

use super::route::{Ending, Judgement};
use crate::call::Call;
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
        client_errors: bool,
        // There is none once the response has been there.
        ending: Option<E>,
    }

    impl<F, E> PinnedDrop for HttpFuture<F, E> {
        fn drop(this: Pin<&mut Self>) {
            // The client went away: as little an error of the server as a status of 400 to 499.
            if !this.client_errors {
                this.project().call.forgive_cancelled();
            }
        }
    }
}

impl<F, E> HttpFuture<F, E> {
    pub(super) fn new(future: F, call: Call, began: &'static Series, client_errors: bool, ending: E) -> Self {
        Self { future, call, began, client_errors, ending: Some(ending) }
    }
}

impl<F, E, Body, Error> Future for HttpFuture<F, E>
where
    F: Future<Output = Result<Response<Body>, Error>>,
    E: Ending,
{
    type Output = Result<Response<E::Body<Body>>, Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Dropped while it is polled it is a panic, dropped between two polls it was cancelled.
        this.call.unless_left(Failure::Panic);
        let polled = this.future.poll(context);
        this.call.unless_left(Failure::Cancelled);
        let result = ready!(polled);
        let Some(ending) = this.ending.take() else {
            return Poll::Ready(result.map(|it| it.map(|body| E::body(body, None))));
        };
        let response = match result {
            Ok(response) => response,
            Err(error) => {
                this.call.end(&failed(this.began));
                return Poll::Ready(Err(error));
            }
        };
        let (verdict, judgement) = judged(&response, this.began, *this.client_errors, ending);
        this.call.end(&verdict);
        let open = verdict.series.filter(|_| judgement == Judgement::InTrailers);
        Poll::Ready(Ok(response.map(|body| E::body(body, open.map(|it| (it, *this.client_errors))))))
    }
}

/// What the head of a response says of its request, and where the request counts.
pub(super) fn judged<E: Ending, Body>(
    response: &Response<Body>,
    began: &'static Series,
    client_errors: bool,
    ending: E,
) -> (Verdict, Judgement) {
    let (status, headers) = (response.status(), response.headers());
    let judgement = E::judge(status, headers, client_errors);
    let verdict = if judgement == Judgement::Failed { Verdict::failed(Failure::Error) } else { Verdict::OK };
    let ended = ending.series(began, headers);
    (verdict_in(verdict, ended, &[Pick::of_few(status.as_str())]), judgement)
}

/// A request of which there is no response, or no whole one.
pub(super) fn failed(began: &'static Series) -> Verdict {
    let status = Pick::of_few(ERROR_OUTCOMES[Failure::Error as usize]);
    verdict_in(Verdict::failed(Failure::Error), began, &[status])
}
