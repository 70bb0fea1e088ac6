//! The rules for every request: it has no body, valid credentials if they are required, and a time limit; it is
//! counted; and its answer's headers restrict what browsers do with it.

use crate::http::app::{App, PATHS};
use crate::http::request_limits::Reason;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::Body;
use measurand_server::Hosts;
use std::sync::Arc;

/// Default headers. Answers with their own values keep them, as the live page does.
const HEADERS: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
];

pub(crate) async fn admit(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = PATHS.into_iter().find(|it| *it == request.uri().path()).unwrap_or("other");
    let client = request.extensions().get().copied();
    let (configured, refusal) = app.access.admit(request.uri().path(), request.headers(), client).await;
    let mut response = match refusal {
        Some((reason, response)) => {
            app.refuse(reason);
            response
        }
        None if !request.body().is_end_stream() => {
            app.refuse(Reason::Body);
            let why = "requests here have no body; send none\n";
            (StatusCode::PAYLOAD_TOO_LARGE, [(CONNECTION, "close")], why).into_response()
        }
        None => in_time(&app, next.run(request)).await.unwrap_or_else(|| {
            app.refuse(Reason::Answer);
            let why = "the answer took too long; try again, or request less often\n";
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "5")], why).into_response()
        }),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.extend(configured);
    app.count(path, response.status(), 1);
    response
}

/// Answers only requests for a configured host. Our own server checks hosts itself.
pub(crate) async fn known_host(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let asked = |it: &Hosts| it.refusal(request.method(), request.uri(), request.headers());
    match app.hosts.as_ref().and_then(asked) {
        Some((event, response)) => {
            app.refuse(Reason::Connection(event));
            response
        }
        None => next.run(request).await,
    }
}

/// Applies the time limit, if there is one. An application's own server has none, because its runtime may have no
/// timer.
async fn in_time<T>(app: &App, answer: impl Future<Output = T>) -> Option<T> {
    match app.answer_limit {
        Some(limit) => tokio::time::timeout(limit, answer).await.ok(),
        None => Some(answer.await),
    }
}
