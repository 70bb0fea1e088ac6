//! Requests over HTTP under measurement: a Tower layer for axum, hyper and tonic. It reads heads; `body` and `grpc_body` know
//! bodies.

mod body;
mod future;
mod grpc_body;
mod route;

pub use body::{MeasuredBody, UntilBodyEnd, UntilBodyEndFuture, UntilBodyEndService};
pub use future::HttpFuture;
pub use grpc_body::GrpcBody;
pub use route::{ByFunction, Grpc, MatchedPath, Route};

use crate::call::enter;
use crate::failure::Failure;
use ::http::request::Parts;
use ::http::{Request, Response};
use route::RouteResolver;
use std::borrow::Cow;
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// Makes the layer that records requests, as `http_requests_total`, `http_request_errors_total`,
/// `http_request_duration_seconds` and `http_requests_in_flight`, and puts them into the catalog, so that they are on dashboards and in alerts.
///
/// It is a macro because the catalog says where a program measures what, also of a program file that is never run: a
/// function of this crate could not leave the line of its caller there, and a layer without a record would be forgotten.
/// There is no other way to make the layer.
///
/// For axum (feature `axum`) nothing else is needed: the route is the template that matched, as `/users/{id}`.
///
#[cfg_attr(feature = "axum", doc = "```")]
#[cfg_attr(not(feature = "axum"), doc = "```ignore")]
/// use axum::{Router, extract::Path, routing::get};
///
/// let app: Router = Router::new()
///     .route("/users/{id}", get(async |Path(id): Path<u64>| format!("user {id}")))
///     .layer(measurand::http_layer!());
/// ```
///
/// For hyper and others a function tells the route, see [`HttpLayer::route`]; for tonic see [`HttpLayer::grpc`].
#[macro_export]
macro_rules! http_layer {
    () => {{
        $crate::records!(HTTP);
        $crate::http::HttpLayer::__new()
    }};
}

/// Records each request: made by [`http_layer!`](crate::http_layer).
///
/// | label | value |
/// |---|---|
/// | `method` | `GET`, `HEAD`, `POST`, `PUT`, `DELETE`, `CONNECT`, `OPTIONS`, `TRACE`, `PATCH`, or `_other` |
/// | `route` | the template that matched, or `_unmatched`; never the path itself |
/// | `status` | of the response; `error` where the inner service returned an error instead, `panic` where it panicked, `cancelled` where its future was dropped, as servers do when the client goes away |
///
/// A request begins when the layer is called and ends when the head of the response is there: then its duration is known
/// and it is no longer in flight. What is still sent of the body is measured by [`HttpLayer::until_body_end`].
///
/// # Errors
///
/// `http_request_errors_total`, with the label `outcome` besides, counts the requests that failed on the side of the server:
///
/// | `outcome` | where |
/// |---|---|
/// | `error` | the status is 500 or more, or the inner service returned an error |
/// | `panic` | the inner service panicked |
/// | `cancelled` | the client went away; only with [`HttpLayer::client_errors`] |
///
/// Pages, panels, alerts and objectives all go by this counter, so that they agree. With [`HttpLayer::client_errors`] it
/// counts what clients are to blame for as well.
#[derive(Debug, Clone, Copy)]
#[must_use = "a layer does nothing until it is put onto a service"]
pub struct HttpLayer<R = MatchedPath> {
    route: R,
    client_errors: bool,
}

impl HttpLayer {
    /// For [`http_layer!`](crate::http_layer), which leaves a record as well.
    #[doc(hidden)]
    pub const fn __new() -> Self {
        Self { route: MatchedPath, client_errors: false }
    }

    /// The function tells the route of a request; where it returns nothing, that is `_unmatched`.
    ///
    /// It must return a template, not the path: each route is a series of its own, and beyond
    /// [`set_series_limit`](crate::set_series_limit) they count under `_other`.
    ///
    /// ```
    /// use std::borrow::Cow;
    ///
    /// let layer = measurand::http_layer!().route(|request| match request.uri.path() {
    ///     "/health" => Some(Cow::Borrowed("/health")),
    ///     path if path.starts_with("/users/") => Some(Cow::Borrowed("/users/{id}")),
    ///     _ => None,
    /// });
    /// # let _ = layer;
    /// ```
    pub fn route<F: Fn(&Parts) -> Option<Cow<'_, str>>>(self, route: F) -> HttpLayer<ByFunction<F>> {
        HttpLayer { route: ByFunction(route), client_errors: self.client_errors }
    }

    /// For gRPC, whose paths `/package.Service/Method` are templates already. What a server answers with the gRPC status
    /// 12, *unimplemented*, has the route `_unmatched`, since clients choose the path; so it is in flight there until its
    /// method has answered otherwise for the first time. The label `status` is that of HTTP.
    ///
    /// An error is what the gRPC status says, in the head or in the trailers of the response: *unknown* (2), *deadline
    /// exceeded* (4), *internal* (13), *unavailable* (14), *data loss* (15), a status that is no number below 17, and a body
    /// that breaks off. The trailers come after the call has ended, so that an error in them is counted later than its call.
    pub fn grpc(self) -> HttpLayer<Grpc> {
        HttpLayer { route: Grpc, client_errors: self.client_errors }
    }
}

impl<R> HttpLayer<R> {
    /// Counts as errors what clients are to blame for, too: a status from 400 to 499, any gRPC status but *ok*, and clients
    /// that went away before the response. Default: none of it, since a client that guesses addresses would bring alerts.
    pub fn client_errors(self) -> Self {
        Self { client_errors: true, ..self }
    }
}

impl<S, R: Route + Clone> Layer<S> for HttpLayer<R> {
    type Service = HttpService<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        HttpService { inner, route: self.route.clone(), client_errors: self.client_errors }
    }
}

/// A service whose requests are recorded; see [`HttpLayer`].
#[derive(Debug, Clone)]
pub struct HttpService<S, R = MatchedPath> {
    inner: S,
    route: R,
    client_errors: bool,
}

impl<S, R, Body, Answer> Service<Request<Body>> for HttpService<S, R>
where
    S: Service<Request<Body>, Response = Response<Answer>>,
    R: Route,
{
    type Response = Response<<R::Resolver as RouteResolver>::Body<Answer>>;
    type Error = S::Error;
    type Future = HttpFuture<S::Future, R::Resolver>;

    #[inline]
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    #[inline]
    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (request, series, resolver) = self.route.start(request);
        let mut call = enter(series);
        // Up to here, dropping the call means that the inner service panicked; from here on, that the future was dropped.
        let future = self.inner.call(request);
        call.if_dropped(Failure::Cancelled);
        HttpFuture::new(future, call, series, self.client_errors, resolver)
    }
}
