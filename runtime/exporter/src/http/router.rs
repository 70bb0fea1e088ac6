//! The routes of the endpoint.

use crate::error::Error;
use crate::http::app::App;
use crate::http::middleware::{admit, known_host};
use crate::http::request_limits::Reason;
use crate::http::scrape;
use crate::live::{self, assets};
use axum::Router;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

/// Returns the routes for an application's own router. They leave out `/`, which most applications serve themselves.
pub(crate) fn mounted(app: Arc<App>) -> Router {
    routes(&app)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), admit))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), known_host))
        .with_state(app)
}

/// Returns the routes of the endpoint's own server.
pub(crate) fn served(app: Arc<App>) -> Router {
    routes(&app)
        .route("/", if app.live.is_some() { get(assets::index) } else { get(list) })
        .route("/runbook", get(live::routes::runbook))
        .fallback(|| async { (StatusCode::NOT_FOUND, "not found; see / for the available pages\n") })
        .layer(middleware::from_fn_with_state(Arc::clone(&app), admit))
        .with_state(app)
}

fn routes(app: &App) -> Router<Arc<App>> {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/catalog.json", get(catalog))
        .route("/healthz", get(|| async { "ok\n" }))
        .merge(live::routes::routes())
        .merge(if app.live.is_some() { assets::routes() } else { Router::new() })
}

/// Answers `/` with a list of the routes, if the live page is disabled.
async fn list() -> impl IntoResponse {
    Html(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Measurand</title>\n<h1>Measurand</h1>\n<ul>\n\
         <li><a href=\"metrics\">/metrics</a>: all metrics, for Prometheus\n\
         <li><a href=\"catalog.json\">/catalog.json</a>: the functions that this program measures\n\
         <li><a href=\"healthz\">/healthz</a>: health check\n</ul>\n</html>\n",
    )
}

async fn catalog(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], app.catalog.clone())
}

async fn metrics(State(app): State<Arc<App>>, method: Method, headers: HeaderMap) -> Response {
    let Ok(_place) = app.queue.try_acquire() else {
        app.refuse(Reason::Scrapes);
        let why = "too many scrapes at once; try again\n";
        return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], why).into_response();
    };
    // A HEAD request gets no metrics.
    if method == Method::GET {
        app.scraped.notify_waiters();
    }
    match &app.recorder {
        Some(recorder) => scrape::answer(Arc::clone(&app), recorder.state(), &headers).await,
        None => (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", Error::ForeignRecorder)).into_response(),
    }
}
