//! What the endpoint answers.

use crate::error::Error;
use crate::gzip;
use crate::recorder::Recorder;
use crate::storage::Sharding;
use crate::text::CONTENT_TYPE;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE as TYPE, VARY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use metrics::{CounterFn, Key, Label};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
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
    scrapes: Semaphore,
}

impl App {
    pub(crate) fn new(recorder: Option<Recorder>, catalog_json: String) -> Arc<Self> {
        let app = Self { recorder, catalog: catalog_json.into(), scrapes: Semaphore::new(SCRAPES) };
        // Series are there from the start, so that the first request is an increase.
        for path in PATHS {
            app.count(path, StatusCode::OK, 0);
        }
        if let Some(recorder) = &app.recorder {
            let _ = recorder.inner().histogram(&SCRAPE);
        }
        Arc::new(app)
    }

    fn count(&self, path: &'static str, status: StatusCode, requests: u64) {
        let labels = vec![Label::from_static_parts("path", path), Label::new("status", status.as_str().to_owned())];
        let key = Key::from_parts("measurand_http_requests_total", labels);
        if let Some(series) = self.recorder.as_ref().and_then(|it| it.inner().counter(&key)) {
            series.cells(Sharding::One).increment(requests);
        }
    }
}

static SCRAPE: Key = Key::from_static_name("measurand_scrape_duration_seconds");

/// Routes for an application's own router. Without `/`, which most applications have themselves.
pub(crate) fn mounted(app: Arc<App>) -> Router {
    routes().layer(middleware::from_fn_with_state(Arc::clone(&app), observe)).with_state(app)
}

/// Routes of the endpoint's own server, each bounded in time.
pub(crate) fn served(app: Arc<App>, limit: Duration) -> Router {
    routes()
        .route("/", get(index))
        .fallback(|| async { (StatusCode::NOT_FOUND, "not found; see / for what there is\n") })
        .layer(middleware::from_fn_with_state(limit, in_time))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), observe))
        .with_state(app)
}

fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/catalog.json", get(catalog))
        .route("/healthz", get(|| async { "ok\n" }))
}

async fn index() -> impl IntoResponse {
    Html(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Measurand</title>\n<h1>Measurand</h1>\n<ul>\n\
         <li><a href=\"metrics\">/metrics</a>: all metrics, for Prometheus\n\
         <li><a href=\"catalog.json\">/catalog.json</a>: what this program measures\n\
         <li><a href=\"healthz\">/healthz</a>: whether it answers\n</ul>\n</html>\n",
    )
}

async fn catalog(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(TYPE, "application/json")], app.catalog.clone())
}

async fn metrics(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some(recorder) = app.recorder.clone() else {
        return (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", Error::ForeignRecorder)).into_response();
    };
    // The semaphore is never closed.
    let _scrape = app.scrapes.acquire().await;
    let compressed = gzip::is_accepted(&headers);
    // Rendering many series takes milliseconds, in which a runtime's worker must not stand still.
    let body = match Handle::try_current() {
        Ok(runtime) => {
            let body = runtime.spawn_blocking(move || scrape(&recorder, compressed)).await;
            body.unwrap_or_else(|error| Err(io::Error::other(error)))
        }
        Err(_) => scrape(&recorder, compressed),
    };
    match body {
        Ok(body) => {
            let fixed = [(TYPE, CONTENT_TYPE), (CACHE_CONTROL, "no-store"), (VARY, "accept-encoding")];
            let encoding = compressed.then_some([(CONTENT_ENCODING, "gzip")]);
            (fixed, encoding.map(axum::response::AppendHeaders), body).into_response()
        }
        Err(error) => {
            (StatusCode::INTERNAL_SERVER_ERROR, format!("cannot render the metrics: {error}\n")).into_response()
        }
    }
}

fn scrape(recorder: &Recorder, compressed: bool) -> io::Result<Vec<u8>> {
    let begin = Instant::now();
    let text = recorder.render();
    if let Some(histogram) = recorder.inner().histogram(&SCRAPE) {
        histogram.record(begin.elapsed());
    }
    if compressed { gzip::compress(&text) } else { Ok(text.into_bytes()) }
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
