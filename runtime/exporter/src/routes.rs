//! What the endpoint answers.

use crate::error::Error;
use crate::live::{self, Live, assets};
use crate::recorder::Recorder;
use crate::scrape;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use metrics::{CounterFn, Key, Label};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// The addresses that are counted by their name.
const PATHS: [&str; 4] = ["/", "/metrics", "/catalog.json", "/healthz"];
/// Scrapes that are rendered at once; more wait, so that a crowd of scrapers does not take the application's processors.
const SCRAPES: usize = 2;

/// What the answers are made from.
#[derive(Debug)]
pub(crate) struct App {
    /// Nothing when another recorder has the metrics.
    recorder: Option<Recorder>,
    catalog: Bytes,
    pub(crate) scrapes: Semaphore,
    /// Nothing when the live page is switched off.
    pub(crate) live: Option<Arc<Live>>,
    /// The live page's answers that are made at once.
    pub(crate) answers: Semaphore,
}

impl App {
    pub(crate) fn new(recorder: Option<Recorder>, catalog_json: String, live: Option<Live>) -> Arc<Self> {
        let app = Self {
            recorder,
            catalog: catalog_json.into(),
            scrapes: Semaphore::new(SCRAPES),
            live: live.map(Arc::new),
            answers: Semaphore::new(1),
        };
        // Series are there from the start, so that the first request is an increase.
        for path in PATHS {
            app.count(path, StatusCode::OK, 0);
        }
        if let Some(recorder) = &app.recorder {
            scrape::register(recorder.inner());
        }
        Arc::new(app)
    }

    fn count(&self, path: &'static str, status: StatusCode, requests: u64) {
        let labels = vec![Label::from_static_parts("path", path), Label::new("status", status.as_str().to_owned())];
        let key = Key::from_parts("measurand_http_requests_total", labels);
        if let Some(series) = self.recorder.as_ref().and_then(|it| it.inner().counter(&key)) {
            series.series.cells().increment(requests);
        }
    }
}

/// Routes for an application's own router. Without `/`, which most applications have themselves.
pub(crate) fn mounted(app: Arc<App>) -> Router {
    routes(&app).layer(middleware::from_fn_with_state(Arc::clone(&app), observe)).with_state(app)
}

/// Routes of the endpoint's own server, each bounded in time.
pub(crate) fn served(app: Arc<App>, limit: Duration) -> Router {
    routes(&app)
        .route("/", if app.live.is_some() { get(assets::index) } else { get(list) })
        .fallback(|| async { (StatusCode::NOT_FOUND, "not found; see / for what there is\n") })
        .layer(middleware::from_fn_with_state(limit, in_time))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), observe))
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

/// What there is, where the live page is switched off.
async fn list() -> impl IntoResponse {
    Html(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Measurand</title>\n<h1>Measurand</h1>\n<ul>\n\
         <li><a href=\"metrics\">/metrics</a>: all metrics, for Prometheus\n\
         <li><a href=\"catalog.json\">/catalog.json</a>: what this program measures\n\
         <li><a href=\"healthz\">/healthz</a>: whether it answers\n</ul>\n</html>\n",
    )
}

async fn catalog(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], app.catalog.clone())
}

async fn metrics(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match &app.recorder {
        Some(recorder) => scrape::answer(Arc::clone(&app), recorder.inner(), &headers).await,
        None => (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", Error::ForeignRecorder)).into_response(),
    }
}

/// Counts requests, and says for all answers that browsers must not guess their type.
async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = PATHS.into_iter().find(|it| *it == request.uri().path()).unwrap_or("other");
    let mut response = next.run(request).await;
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    app.count(path, response.status(), 1);
    response
}

async fn in_time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the answer took too long; scrape less often\n").into_response(),
    }
}
