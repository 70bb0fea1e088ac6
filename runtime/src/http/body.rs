//! Requests that last until the body of their response ends: the layer of [`HttpLayer::until_body_end`].

use super::HttpLayer;
use super::future::{failed, judged};
use super::route::{Ending, GRPC_STATUS, Judgement, Matched, Route, grpc_failed};
use crate::call::{Call, enter};
use crate::series::Series;
use crate::verdict::{Failure, Outcome, Verdict};
use ::http::{Method, Request, Response, StatusCode, header::CONTENT_LENGTH};
use ::http_body::{Body, Frame, SizeHint};
use bytes::Buf;
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tower_layer::Layer;
use tower_service::Service;

impl<R> HttpLayer<R> {
    /// A request ends when the body of its response has ended, and not with its head: its duration, and the number of
    /// requests in flight, then contain the time in which the body is made and sent. This is what to ask of streamed
    /// answers: downloads, server-sent events, gRPC streams.
    ///
    /// The label `status` is that of the response where the body came to its end. It is `error` where the body failed,
    /// `panic` where it panicked, and `cancelled` where it was dropped before its end, as servers do when the client goes
    /// away.
    ///
    /// A body has come to its end when it says so, or when it gave as many bytes as `content-length` announces. The
    /// response to `HEAD`, and responses such as 204 and 304, end with their head.
    ///
    #[cfg_attr(feature = "axum", doc = "```")]
    #[cfg_attr(not(feature = "axum"), doc = "```ignore")]
    /// use axum::{Router, routing::get};
    ///
    /// let app: Router = Router::new()
    ///     .route("/export", get(async || "rows"))
    ///     .layer(measurand::http_layer!().until_body_end());
    /// ```
    pub fn until_body_end(self) -> UntilBodyEnd<R> {
        UntilBodyEnd { route: self.route, client_errors: self.client_errors }
    }
}

/// Records each request until the body of its response ends: made by [`HttpLayer::until_body_end`].
#[derive(Debug, Clone, Copy)]
#[must_use = "a layer does nothing until it is put onto a service"]
pub struct UntilBodyEnd<R = Matched> {
    route: R,
    client_errors: bool,
}

impl<S, R: Route + Clone> Layer<S> for UntilBodyEnd<R> {
    type Service = UntilBodyEndService<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        UntilBodyEndService { inner, route: self.route.clone(), client_errors: self.client_errors }
    }
}

/// A service whose requests are recorded; see [`UntilBodyEnd`].
#[derive(Debug, Clone)]
pub struct UntilBodyEndService<S, R = Matched> {
    inner: S,
    route: R,
    client_errors: bool,
}

impl<S, R, Asked, Answer> Service<Request<Asked>> for UntilBodyEndService<S, R>
where
    S: Service<Request<Asked>, Response = Response<Answer>>,
    R: Route,
    Answer: Body,
{
    type Response = Response<MeasuredBody<Answer>>;
    type Error = S::Error;
    type Future = UntilBodyEndFuture<S::Future, R::Ending>;

    #[inline]
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    #[inline]
    fn call(&mut self, request: Request<Asked>) -> Self::Future {
        let head_only = request.method() == Method::HEAD;
        let (request, began, ending) = self.route.begin(request);
        let mut call = enter(began);
        // Until here a panic is one of the inner service, from here on the future may be dropped before it is polled.
        let future = self.inner.call(request);
        call.unless_left(Failure::Cancelled);
        UntilBodyEndFuture {
            future,
            begun: Some(Begun { call, began, ending, head_only, client_errors: self.client_errors }),
        }
    }
}

/// A request whose response is not there yet.
#[derive(Debug)]
struct Begun<E> {
    call: Call,
    began: &'static Series,
    ending: E,
    head_only: bool,
    client_errors: bool,
}

pin_project! {
    /// The response of an [`UntilBodyEndService`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct UntilBodyEndFuture<F, E> {
        #[pin]
        future: F,
        // There is none once the response has been there.
        begun: Option<Begun<E>>,
    }

    impl<F, E> PinnedDrop for UntilBodyEndFuture<F, E> {
        fn drop(this: Pin<&mut Self>) {
            if let Some(begun) = this.project().begun {
                forgive(&mut begun.call, begun.client_errors);
            }
        }
    }
}

impl<F, E, Answer, Error> Future for UntilBodyEndFuture<F, E>
where
    F: Future<Output = Result<Response<Answer>, Error>>,
    E: Ending,
    Answer: Body,
{
    type Output = Result<Response<MeasuredBody<Answer>>, Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Dropped while it is polled it is a panic, dropped between two polls it was cancelled.
        if let Some(begun) = this.begun {
            begun.call.unless_left(Failure::Panic);
        }
        let polled = this.future.poll(context);
        if let Some(begun) = this.begun {
            begun.call.unless_left(Failure::Cancelled);
        }
        let result = ready!(polled);
        let Some(Begun { mut call, began, ending, head_only, client_errors }) = this.begun.take() else {
            return Poll::Ready(result.map(|response| response.map(|body| MeasuredBody { body, sending: None })));
        };
        match result {
            Ok(response) => {
                let (verdict, judgement) = judged(&response, began, client_errors, ending);
                let (parts, body) = response.into_parts();
                let length = parts.headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
                let left = length.or(body.size_hint().exact());
                let in_trailers = judgement == Judgement::InTrailers;
                let sending = Sending { call, began, verdict, left, polled: false, client_errors, in_trailers };
                let sending = if head_only || has_no_body(parts.status) || body.is_end_stream() {
                    sending.end();
                    None
                } else {
                    Some(sending)
                };
                Poll::Ready(Ok(Response::from_parts(parts, MeasuredBody { body, sending })))
            }
            Err(error) => {
                call.end(&failed(began));
                Poll::Ready(Err(error))
            }
        }
    }
}

/// Whether responses with this status have no body, whatever their headers say.
fn has_no_body(status: StatusCode) -> bool {
    status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

pin_project! {
    /// The body of a response, whose request ends with it; see [`UntilBodyEnd`].
    #[derive(Debug)]
    pub struct MeasuredBody<B> {
        #[pin]
        body: B,
        // There is none once it has ended.
        sending: Option<Sending>,
    }
}

impl<B: Body> Body for MeasuredBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    #[inline]
    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(sending) = this.sending else { return this.body.poll_frame(context) };
        sending.enter();
        let polled = this.body.as_mut().poll_frame(context);
        sending.leave();
        let failed = match &polled {
            Poll::Pending => return polled,
            Poll::Ready(None) => false,
            Poll::Ready(Some(Err(_))) => true,
            Poll::Ready(Some(Ok(frame))) => {
                sending.sent(frame);
                if !this.body.is_end_stream() {
                    return polled;
                }
                false
            }
        };
        match this.sending.take() {
            Some(sending) if failed => sending.fail(),
            Some(sending) => sending.end(),
            None => {}
        }
        polled
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A request whose response is sent.
#[derive(Debug)]
struct Sending {
    call: Call,
    began: &'static Series,
    /// What the head of the response says.
    verdict: Verdict,
    /// How many bytes are missing, where their number was announced.
    left: Option<u64>,
    /// Whether the body is polled; dropped now, it has panicked.
    polled: bool,
    /// Whether what clients are to blame for is an error.
    client_errors: bool,
    /// Whether the trailers say if it is an error.
    in_trailers: bool,
}

impl Sending {
    #[inline]
    fn enter(&mut self) {
        self.polled = true;
        self.call.unless_left(Failure::Panic);
    }

    #[inline]
    fn leave(&mut self) {
        self.polled = false;
        self.call.unless_left(Failure::Cancelled);
    }

    #[inline]
    fn sent<D: Buf>(&mut self, frame: &Frame<D>) {
        let bytes = frame.data_ref().map_or(0, |data| data.remaining() as u64);
        self.left = self.left.map(|left| left.saturating_sub(bytes));
        let status = frame.trailers_ref().filter(|_| self.in_trailers).and_then(|it| it.get(GRPC_STATUS));
        if status.is_some_and(|it| grpc_failed(it, self.client_errors)) {
            self.verdict.outcome = Outcome::Failed(Failure::Error);
        }
    }

    fn end(mut self) {
        self.left = None;
        self.call.end(&self.verdict);
    }

    #[cold]
    fn fail(mut self) {
        self.left = None;
        self.call.end(&failed(self.began));
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        // A server that has sent what was announced does not ask whether there is more.
        if self.left == Some(0) && !self.polled {
            self.call.end(&self.verdict);
        }
        forgive(&mut self.call, self.client_errors);
    }
}

/// A client that goes away is as little an error of the server as a status of 400 to 499.
fn forgive(call: &mut Call, client_errors: bool) {
    if !client_errors {
        call.forgive_cancelled();
    }
}
