//! From a request to the series it begins in, and from its response to the one it ends in: where routes come from.

use crate::label::Pick;
use crate::picker::Picker;
use crate::series::Series;
use ::http::request::Parts;
use ::http::uri::PathAndQuery;
use ::http::{HeaderMap, Method, Request};
use measurand_catalog::{Family, OTHER, families};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The route of requests that no template matches.
pub(super) const UNMATCHED: &str = "_unmatched";

/// The known values of the label `method`.
const METHODS: &[&str] = families::HTTP.labels[0].values;

/// Where the route of a request comes from.
#[diagnostic::on_unimplemented(
    message = "the HTTP layer does not know the routes of requests",
    label = "a layer without routes",
    note = "for axum turn on the feature `axum` of `measurand`; else write `measurand::http_layer!().route(|request| ..)`, \
            or `measurand::http_layer!().grpc()` for tonic"
)]
pub trait Route {
    /// What is needed until the response is there.
    type Ending: Ending;

    /// The request again, and the series that it begins in.
    fn begin<Body>(&self, request: Request<Body>) -> (Request<Body>, &'static Series, Self::Ending);
}

/// Knows where a request ends.
pub trait Ending {
    /// The series without its status, by where the request began and what the head of its response says.
    fn series(self, began: &'static Series, headers: &HeaderMap) -> &'static Series;
}

/// Requests end in the route that they began in.
impl Ending for () {
    #[inline]
    fn series(self, began: &'static Series, _: &HeaderMap) -> &'static Series {
        began
    }
}

/// The template that axum matched.
#[derive(Debug, Clone, Copy)]
pub struct Matched;

#[cfg(feature = "axum")]
impl Route for Matched {
    type Ending = ();

    #[inline]
    fn begin<Body>(&self, request: Request<Body>) -> (Request<Body>, &'static Series, ()) {
        let matched = request.extensions().get::<axum::extract::MatchedPath>();
        let route = matched.map_or(UNMATCHED, axum::extract::MatchedPath::as_str);
        let series = series(request.method(), route);
        (request, series, ())
    }
}

/// A function tells it.
#[derive(Clone, Copy)]
pub struct ByFunction<F>(pub(super) F);

impl<F> std::fmt::Debug for ByFunction<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ByFunction")
    }
}

impl<F: Fn(&Parts) -> Option<Cow<'_, str>>> Route for ByFunction<F> {
    type Ending = ();

    #[inline]
    fn begin<Body>(&self, request: Request<Body>) -> (Request<Body>, &'static Series, ()) {
        let (parts, body) = request.into_parts();
        let series = series(&parts.method, self.0(&parts).as_deref().unwrap_or(UNMATCHED));
        (Request::from_parts(parts, body), series, ())
    }
}

/// The path, once its method has answered.
#[derive(Debug, Clone, Copy)]
pub struct Grpc;

impl Route for Grpc {
    type Ending = Answered;

    #[inline]
    fn begin<Body>(&self, request: Request<Body>) -> (Request<Body>, &'static Series, Answered) {
        // A path may be anything until it has been answered; made into a series sooner, clients could make any number.
        let known = HTTP.known(&picks(request.method(), request.uri().path()));
        let series = known.unwrap_or_else(|| series(request.method(), UNMATCHED));
        let unknown = if known.is_some() {
            None
        } else {
            let path = request.uri().path_and_query().cloned();
            path.map(|path| Box::new((request.method().clone(), path)))
        };
        (request, series, Answered(unknown))
    }
}

/// A gRPC request; method and path, unless the path is known to be a method.
#[derive(Debug)]
pub struct Answered(Option<Box<(Method, PathAndQuery)>>);

impl Ending for Answered {
    #[inline]
    fn series(self, began: &'static Series, headers: &HeaderMap) -> &'static Series {
        // One that is known to be a method is one, whatever it says of itself.
        let Some(new) = self.0 else { return began };
        let implemented = headers.get("grpc-status").is_none_or(|it| it != "12");
        if implemented { series(&new.0, new.1.path()) } else { began }
    }
}

static HTTP: LazyLock<Picker> = LazyLock::new(|| {
    const FAMILY: &Family = &families::HTTP;
    Picker::of_family(FAMILY)
});

#[inline]
fn series(method: &Method, route: &str) -> &'static Series {
    HTTP.pick(&picks(method, route))
}

#[inline]
fn picks<'a>(method: &Method, route: &'a str) -> [Pick<'a>; 2] {
    let place = |name: &str| METHODS.iter().position(|it| *it == name);
    let index = place(method.as_str()).or_else(|| place(OTHER)).unwrap_or_default();
    let method = Pick { values: METHODS, index, text: METHODS[index], free: false };
    [method, Pick { values: &[], index: 0, text: route, free: true }]
}
