//! The body of a gRPC response. Its trailers contain the status of the call.

use super::route::{GRPC_STATUS, grpc_failed};
use crate::call::count_failure;
use crate::failure::Failure;
use crate::series::Series;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// The body of a response of [`HttpLayer::grpc`](super::HttpLayer::grpc): the inner service's body, whose trailers
    /// are inspected.
    #[derive(Debug)]
    pub struct GrpcBody<B> {
        #[pin]
        body: B,
        // The series for an error, and whether client errors count; `None` after the decision.
        open: Option<(&'static Series, bool)>,
        polling: bool,
    }

    impl<B> PinnedDrop for GrpcBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            // A drop during a poll: the body panicked.
            if let Some((series, _)) = this.open.take().filter(|_| *this.polling) {
                count_failure(series, Failure::Panic);
            }
        }
    }
}

impl<B> GrpcBody<B> {
    pub(super) fn new(body: B, open: Option<(&'static Series, bool)>) -> Self {
        Self { body, open, polling: false }
    }
}

impl<B: Body> Body for GrpcBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        *this.polling = true;
        let polled = this.body.poll_frame(context);
        *this.polling = false;
        let frame = ready!(polled);
        let trailers = frame.as_ref().and_then(|it| it.as_ref().ok()).and_then(Frame::trailers_ref);
        let status = trailers.and_then(|it| it.get(GRPC_STATUS));
        let broken = frame.as_ref().is_some_and(Result::is_err);
        if status.is_some() || broken {
            let failed =
                |(_, client_errors): &(_, bool)| broken || status.is_some_and(|it| grpc_failed(it, *client_errors));
            if let Some((series, _)) = this.open.take().filter(failed) {
                count_failure(series, Failure::Error);
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
