//! HTTP requests under measurement: a Tower layer for axum, hyper and tonic. This file reads the heads of requests and
//! responses; `body` and `grpc_body` handle bodies.

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

/// Makes the layer that records requests as `http_requests_total`, `http_request_errors_total`,
/// `http_request_duration_seconds` and `http_requests_in_flight`. The layer also registers these metrics in the
/// catalog, so they appear on dashboards and in alerts.
///
/// It is a macro because the catalog shows where a program measures, also for a program file that is never run. A
/// function of this crate could not store the line of its caller there, and a layer without a record would be missing
/// from the catalog. There is no other way to make the layer.
///
/// For axum (feature `axum`), nothing else is needed: the route is the matched template, such as `/users/{id}`.
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
/// For hyper and others, a function returns the route, see [`HttpLayer::route`]; for tonic see [`HttpLayer::grpc`].
#[macro_export]
macro_rules! http_layer {
    () => {{
        $crate::records!(HTTP);
        $crate::http::HttpLayer::__new()
    }};
}

/// Records each request; made by [`http_layer!`](crate::http_layer).
///
/// | label | value |
/// |---|---|
/// | `method` | `GET`, `HEAD`, `POST`, `PUT`, `DELETE`, `CONNECT`, `OPTIONS`, `TRACE`, `PATCH`, or `_other` |
/// | `route` | the matched template, or `_unmatched`; never the path itself |
/// | `status` | the status of the response, or `error`, `panic` or `cancelled` |
///
/// Without a response, the status is `error` if the inner service returned an error, `panic` if it panicked, and
/// `cancelled` if its future was dropped, as servers do when the client disconnects.
///
/// A request starts when the layer is called. It ends when the head of the response is ready: then its duration is
/// recorded and it is no longer in flight. To include the body, use [`HttpLayer::until_body_end`].
///
/// # Errors
///
/// `http_request_errors_total`, with the extra label `outcome`, counts the requests that failed on the server:
///
/// | `outcome` | cause |
/// |---|---|
/// | `error` | the status is 500 or more, or the inner service returned an error |
/// | `panic` | the inner service panicked |
/// | `cancelled` | the client disconnected; only with [`HttpLayer::client_errors`] |
///
/// Pages, panels, alerts and objectives all use this counter, so they agree. With [`HttpLayer::client_errors`] it also
/// counts client errors.
#[derive(Debug, Clone, Copy)]
#[must_use = "a layer does nothing until it is put onto a service"]
pub struct HttpLayer<R = MatchedPath> {
    route: R,
    client_errors: bool,
}

impl HttpLayer {
    /// For [`http_layer!`](crate::http_layer), which also creates a record.
    #[doc(hidden)]
    pub const fn __new() -> Self {
        Self { route: MatchedPath, client_errors: false }
    }

    /// Sets the function that returns the route of a request. If it returns `None`, the route is `_unmatched`.
    ///
    /// It must return a template instead of the path: each route is a series of its own, and routes beyond
    /// [`set_series_limit`](crate::set_series_limit) are recorded under `_other`.
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

    /// Uses the gRPC paths `/package.Service/Method`, which are already templates, as routes. A request whose response
    /// has the gRPC status 12, *unimplemented*, has the route `_unmatched`, because clients choose the path. A method's
    /// requests therefore count as in flight under `_unmatched` until the method has once answered with another status.
    /// The label `status` is the HTTP status.
    ///
    /// The gRPC status, in the head or in the trailers of the response, decides about errors: *unknown* (2), *deadline
    /// exceeded* (4), *internal* (13), *unavailable* (14), *data loss* (15), an invalid status, or a body that breaks
    /// off. Trailers arrive after the call has ended, so an error in them is counted later than its call.
    pub fn grpc(self) -> HttpLayer<Grpc> {
        HttpLayer { route: Grpc, client_errors: self.client_errors }
    }
}

impl<R> HttpLayer<R> {
    /// Also counts client errors: a status from 400 to 499, any gRPC status except *ok*, and clients that disconnect
    /// before the response. Default: client errors are not counted, because a client that guesses addresses would
    /// trigger alerts.
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
        // Until here, a dropped call means that the inner service panicked; from here on, that the future was dropped.
        let future = self.inner.call(request);
        call.if_dropped(Failure::Cancelled);
        HttpFuture::new(future, call, series, self.client_errors, resolver)
    }
}
