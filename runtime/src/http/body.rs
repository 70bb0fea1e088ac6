//! Requests that last until the body of their response ends: the layer made by [`HttpLayer::until_body_end`].

use super::HttpLayer;
use super::future::{classify_head, failed};
use super::route::{GRPC_STATUS, HeadOutcome, MatchedPath, Route, RouteResolver, grpc_failed};
use crate::call::{Call, enter};
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::series::Series;
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
    /// Makes each request last until the body of its response ends, instead of its head. Its duration, and the number
    /// of requests in flight, then include the time to produce and send the body. Use it for streamed responses:
    /// downloads, server-sent events, gRPC streams.
    ///
    /// The label `status` is the status of the response if the body came to its end. It is `error` if the body failed,
    /// `panic` if it panicked, and `cancelled` if it was dropped before its end, as servers do when the client
    /// disconnects.
    ///
    /// A body is at its end when it says so, or when it has returned the number of bytes in `content-length`. The
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

/// Records each request until the body of its response ends; made by [`HttpLayer::until_body_end`].
#[derive(Debug, Clone, Copy)]
#[must_use = "a layer does nothing until it is put onto a service"]
pub struct UntilBodyEnd<R = MatchedPath> {
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
pub struct UntilBodyEndService<S, R = MatchedPath> {
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
    type Future = UntilBodyEndFuture<S::Future, R::Resolver>;

    #[inline]
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    #[inline]
    fn call(&mut self, request: Request<Asked>) -> Self::Future {
        let head_only = request.method() == Method::HEAD;
        let (request, started, resolver) = self.route.start(request);
        let mut call = enter(started);
        // Until here, a dropped call means that the inner service panicked; from here on, that the future was dropped.
        let future = self.inner.call(request);
        call.if_dropped(Failure::Cancelled);
        UntilBodyEndFuture {
            future,
            pending: Some(PendingResponse { call, started, resolver, head_only, client_errors: self.client_errors }),
        }
    }
}

/// A request without a response yet.
#[derive(Debug)]
struct PendingResponse<E> {
    call: Call,
    started: &'static Series,
    resolver: E,
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
        // `None` once the response has been returned.
        pending: Option<PendingResponse<E>>,
    }

    impl<F, E> PinnedDrop for UntilBodyEndFuture<F, E> {
        fn drop(this: Pin<&mut Self>) {
            if let Some(pending) = this.project().pending {
                forgive(&mut pending.call, pending.client_errors);
            }
        }
    }
}

impl<F, E, Answer, Error> Future for UntilBodyEndFuture<F, E>
where
    F: Future<Output = Result<Response<Answer>, Error>>,
    E: RouteResolver,
    Answer: Body,
{
    type Output = Result<Response<MeasuredBody<Answer>>, Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // A drop during a poll is a panic, a drop between two polls a cancellation.
        if let Some(pending) = this.pending {
            pending.call.if_dropped(Failure::Panic);
        }
        let polled = this.future.poll(context);
        if let Some(pending) = this.pending {
            pending.call.if_dropped(Failure::Cancelled);
        }
        let result = ready!(polled);
        let Some(PendingResponse { mut call, started, resolver, head_only, client_errors }) = this.pending.take()
        else {
            return Poll::Ready(result.map(|response| response.map(|body| MeasuredBody { body, sending: None })));
        };
        match result {
            Ok(response) => {
                let (outcome, head) = classify_head(&response, started, client_errors, resolver);
                let (parts, body) = response.into_parts();
                let length = parts.headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
                let left = length.or(body.size_hint().exact());
                let in_trailers = head == HeadOutcome::InTrailers;
                let sending = Sending { call, started, outcome, left, polled: false, client_errors, in_trailers };
                let sending = if head_only || has_no_body(parts.status) || body.is_end_stream() {
                    sending.end();
                    None
                } else {
                    Some(sending)
                };
                Poll::Ready(Ok(Response::from_parts(parts, MeasuredBody { body, sending })))
            }
            Err(error) => {
                call.end(&failed(started));
                Poll::Ready(Err(error))
            }
        }
    }
}

/// Whether responses with this status have no body, regardless of their headers.
fn has_no_body(status: StatusCode) -> bool {
    status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

pin_project! {
    /// The body of a response. The request ends with it; see [`UntilBodyEnd`].
    #[derive(Debug)]
    pub struct MeasuredBody<B> {
        #[pin]
        body: B,
        // `None` once it has ended.
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

/// A request whose response is being sent.
#[derive(Debug)]
struct Sending {
    call: Call,
    started: &'static Series,
    /// The outcome according to the head of the response.
    outcome: Outcome,
    /// The number of bytes still to send, if `content-length` announced the total.
    left: Option<u64>,
    /// Whether the body is being polled. A drop now is a panic.
    polled: bool,
    /// Whether client errors count.
    client_errors: bool,
    /// Whether the trailers decide about an error.
    in_trailers: bool,
}

impl Sending {
    #[inline]
    fn enter(&mut self) {
        self.polled = true;
        self.call.if_dropped(Failure::Panic);
    }

    #[inline]
    fn leave(&mut self) {
        self.polled = false;
        self.call.if_dropped(Failure::Cancelled);
    }

    #[inline]
    fn sent<D: Buf>(&mut self, frame: &Frame<D>) {
        let bytes = frame.data_ref().map_or(0, |data| data.remaining() as u64);
        self.left = self.left.map(|left| left.saturating_sub(bytes));
        let status = frame.trailers_ref().filter(|_| self.in_trailers).and_then(|it| it.get(GRPC_STATUS));
        if status.is_some_and(|it| grpc_failed(it, self.client_errors)) {
            self.outcome.result = Err(Failure::Error);
        }
    }

    fn end(mut self) {
        self.left = None;
        self.call.end(&self.outcome);
    }

    #[cold]
    fn fail(mut self) {
        self.left = None;
        self.call.end(&failed(self.started));
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        // A server that has sent the announced number of bytes does not ask for more.
        if self.left == Some(0) && !self.polled {
            self.call.end(&self.outcome);
        }
        forgive(&mut self.call, self.client_errors);
    }
}

/// A client that disconnects is not an error of the server, like a status from 400 to 499.
fn forgive(call: &mut Call, client_errors: bool) {
    if !client_errors {
        call.forgive_cancelled();
    }
}
