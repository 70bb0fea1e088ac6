//! The sources of routes: from a request to the series in which it starts, and from its response to the one in which it
//! ends.

use super::grpc_body::GrpcBody;
use crate::label::LabelRef;
use crate::lookup::SeriesLookup;
use crate::series::Series;
use ::http::header::HeaderValue;
use ::http::request::Parts;
use ::http::uri::PathAndQuery;
use ::http::{HeaderMap, Method, Request, StatusCode};
use measurand_catalog::{Family, OTHER, families};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The route of requests that no template matches.
pub(super) const UNMATCHED: &str = "_unmatched";

/// The known values of the label `method`.
const METHODS: &[&str] = families::HTTP.labels[0].values;

/// A source of routes.
#[diagnostic::on_unimplemented(
    message = "the HTTP layer does not know the routes of requests",
    label = "a layer without routes",
    note = "for axum, enable the feature `axum` of `measurand`; for tonic, write `measurand::http_layer!().grpc()`; \
            otherwise write `measurand::http_layer!().route(|request| ..)`"
)]
pub trait Route {
    /// Resolves the route that the request ends in.
    type Resolver: RouteResolver;

    /// Returns the request, and the series in which it starts.
    fn start<Body>(&self, request: Request<Body>) -> (Request<Body>, &'static Series, Self::Resolver);
}

/// Resolves the series and the outcome of a request from the head of its response.
pub trait RouteResolver {
    /// The body of the response.
    type Body<B>;

    /// Returns whether the request failed, according to the head of its response.
    fn classify(status: StatusCode, headers: &HeaderMap, client_errors: bool) -> HeadOutcome;

    /// Returns the series without its status, from the series in which the request started and the head of its
    /// response.
    fn series(self, started: &'static Series, headers: &HeaderMap) -> &'static Series;

    /// Returns the body. An error that the body reports later counts in this series; `bool` is whether client errors
    /// count.
    fn body<B>(body: B, open: Option<(&'static Series, bool)>) -> Self::Body<B>;
}

/// The outcome of a request according to the head of its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadOutcome {
    /// It is not an error.
    Fine,
    /// It is an error.
    Failed,
    /// The trailers of the body decide.
    InTrailers,
}

impl HeadOutcome {
    fn of(failed: bool) -> Self {
        if failed { Self::Failed } else { Self::Fine }
    }
}

fn http_failed(status: StatusCode, client_errors: bool) -> bool {
    status.is_server_error() || (client_errors && status.is_client_error())
}

/// The header, or the trailer, with the status of a gRPC call.
pub(super) const GRPC_STATUS: &str = "grpc-status";

/// Whether a gRPC status is an error: *unknown*, *deadline exceeded*, *internal*, *unavailable*, *data loss*, or an
/// invalid status. All others except *ok* are client errors. *Unimplemented* is one too, because clients choose the
/// path.
pub(super) fn grpc_failed(status: &HeaderValue, client_errors: bool) -> bool {
    match status.to_str().ok().and_then(|it| it.parse().ok()) {
        Some(0) => false,
        Some(2 | 4 | 13 | 14 | 15 | 17_u32..) | None => true,
        Some(_) => client_errors,
    }
}

/// Resolves a request to the route in which it started.
impl RouteResolver for () {
    type Body<B> = B;

    #[inline]
    fn classify(status: StatusCode, _: &HeaderMap, client_errors: bool) -> HeadOutcome {
        HeadOutcome::of(http_failed(status, client_errors))
    }

    #[inline]
    fn body<B>(body: B, _: Option<(&'static Series, bool)>) -> B {
        body
    }

    #[inline]
    fn series(self, started: &'static Series, _: &HeaderMap) -> &'static Series {
        started
    }
}

/// The template that axum matched.
#[derive(Debug, Clone, Copy)]
pub struct MatchedPath;

#[cfg(feature = "axum")]
impl Route for MatchedPath {
    type Resolver = ();

    #[inline]
    fn start<Body>(&self, request: Request<Body>) -> (Request<Body>, &'static Series, ()) {
        let matched = request.extensions().get::<axum::extract::MatchedPath>();
        let route = matched.map_or(UNMATCHED, axum::extract::MatchedPath::as_str);
        let series = series(request.method(), route);
        (request, series, ())
    }
}

/// Uses the route that a function returns.
#[derive(Clone, Copy)]
pub struct ByFunction<F>(pub(super) F);

impl<F> std::fmt::Debug for ByFunction<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ByFunction")
    }
}

impl<F: Fn(&Parts) -> Option<Cow<'_, str>>> Route for ByFunction<F> {
    type Resolver = ();

    #[inline]
    fn start<Body>(&self, request: Request<Body>) -> (Request<Body>, &'static Series, ()) {
        let (parts, body) = request.into_parts();
        let series = series(&parts.method, self.0(&parts).as_deref().unwrap_or(UNMATCHED));
        (Request::from_parts(parts, body), series, ())
    }
}

/// Uses the path, once its method has answered.
#[derive(Debug, Clone, Copy)]
pub struct Grpc;

impl Route for Grpc {
    type Resolver = GrpcRoute;

    #[inline]
    fn start<Body>(&self, request: Request<Body>) -> (Request<Body>, &'static Series, GrpcRoute) {
        // Before the first answer, a path may be anything. A series for each path would let clients create any number
        // of them.
        let known = HTTP.known(&label_refs(request.method(), request.uri().path()));
        let series = known.unwrap_or_else(|| series(request.method(), UNMATCHED));
        let unknown = if known.is_some() {
            None
        } else {
            let path = request.uri().path_and_query().cloned();
            path.map(|path| Box::new((request.method().clone(), path)))
        };
        (request, series, GrpcRoute(unknown))
    }
}

/// A gRPC request: method and path; `None` if the path is a known method.
#[derive(Debug)]
pub struct GrpcRoute(Option<Box<(Method, PathAndQuery)>>);

impl RouteResolver for GrpcRoute {
    type Body<B> = GrpcBody<B>;

    #[inline]
    fn classify(status: StatusCode, headers: &HeaderMap, client_errors: bool) -> HeadOutcome {
        match headers.get(GRPC_STATUS) {
            _ if http_failed(status, client_errors) => HeadOutcome::Failed,
            Some(it) => HeadOutcome::of(grpc_failed(it, client_errors)),
            None => HeadOutcome::InTrailers,
        }
    }

    #[inline]
    fn body<B>(body: B, open: Option<(&'static Series, bool)>) -> GrpcBody<B> {
        GrpcBody::new(body, open)
    }

    #[inline]
    fn series(self, started: &'static Series, headers: &HeaderMap) -> &'static Series {
        // A path that is a known method remains one, regardless of this response.
        let Some(new) = self.0 else { return started };
        let implemented = headers.get(GRPC_STATUS).is_none_or(|it| it != "12");
        if implemented { series(&new.0, new.1.path()) } else { started }
    }
}

static HTTP: LazyLock<SeriesLookup> = LazyLock::new(|| {
    const FAMILY: &Family = &families::HTTP;
    SeriesLookup::of_family(FAMILY)
});

#[inline]
fn series(method: &Method, route: &str) -> &'static Series {
    HTTP.find(&label_refs(method, route))
}

#[inline]
fn label_refs<'a>(method: &Method, route: &'a str) -> [LabelRef<'a>; 2] {
    let place = |name: &str| METHODS.iter().position(|it| *it == name);
    let index = place(method.as_str()).or_else(|| place(OTHER)).unwrap_or_default();
    let method = LabelRef { values: METHODS, index, text: METHODS[index], free: false };
    [method, LabelRef { values: &[], index: 0, text: route, free: true }]
}
