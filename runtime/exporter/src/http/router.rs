//! What the endpoint answers.

use crate::error::Error;
use crate::http::credentials::Access;
use crate::http::middleware::{admit, known_host};
use crate::http::request_limits::{Limits, Reason};
use crate::http::scrape;
use crate::live::{self, Live, assets};
use crate::recorder::Recorder;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use measurand_server::Hosts;
use metrics::{CounterFn, Key, Label};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};

/// The addresses that are counted by their name.
pub(crate) const PATHS: [&str; 4] = ["/", "/metrics", "/catalog.json", "/healthz"];
/// Scrapes that are rendered at once; more wait, so that a crowd of scrapers does not take the application's processors.
const SCRAPES: usize = 2;

/// What the answers are made from.
#[derive(Debug)]
pub(crate) struct App {
    /// Nothing when another recorder has the metrics.
    recorder: Option<Recorder>,
    catalog: Bytes,
    pub(crate) access: Access,
    /// The hosts that requests may name; nothing where it does not matter, or the address of the listener says it.
    pub(crate) hosts: Option<Hosts>,
    /// For an answer, where the server is ours.
    pub(crate) answer_limit: Option<Duration>,
    /// Scrapes that are made or wait for it.
    queue: Semaphore,
    /// A scrape has begun.
    pub(crate) scraped: Notify,
    pub(crate) scrapes: Semaphore,
    /// Nothing when the live page is switched off.
    pub(crate) live: Option<Live>,
}

impl App {
    pub(crate) fn new(
        recorder: Option<Recorder>,
        catalog_json: String,
        live: Option<Live>,
        limits: Limits,
        hosts: Option<Hosts>,
        access: Option<Access>,
    ) -> Arc<Self> {
        let app = Self {
            recorder,
            catalog: catalog_json.into(),
            answer_limit: access.is_some().then_some(limits.answer),
            access: access.unwrap_or_default(),
            hosts,
            queue: Semaphore::new(limits.scrapes.max(1) as usize),
            scraped: Notify::new(),
            scrapes: Semaphore::new(SCRAPES),
            live,
        };
        // Series are there from the start, so that the first request is an increase.
        for path in PATHS {
            app.count(path, StatusCode::OK, 0);
        }
        if let Some(recorder) = &app.recorder {
            scrape::register(recorder.inner());
            Reason::register(recorder.inner());
        }
        Arc::new(app)
    }

    /// Counts a request or a connection that was refused or cut short.
    pub(crate) fn refuse(&self, reason: Reason) {
        if let Some(recorder) = &self.recorder {
            reason.count(recorder.inner(), 1);
        }
    }

    pub(crate) fn count(&self, path: &'static str, status: StatusCode, requests: u64) {
        let labels = vec![Label::from_static_parts("path", path), Label::new("status", status.as_str().to_owned())];
        let key = Key::from_parts("measurand_http_requests_total", labels);
        if let Some(series) = self.recorder.as_ref().and_then(|it| it.inner().counter(&key)) {
            series.series.cells().increment(requests);
        }
    }
}

/// Routes for an application's own router. Without `/`, which most applications have themselves.
pub(crate) fn mounted(app: Arc<App>) -> Router {
    routes(&app)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), admit))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), known_host))
        .with_state(app)
}

/// Routes of the endpoint's own server.
pub(crate) fn served(app: Arc<App>) -> Router {
    routes(&app)
        .route("/", if app.live.is_some() { get(assets::index) } else { get(list) })
        .fallback(|| async { (StatusCode::NOT_FOUND, "not found; see / for what there is\n") })
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

async fn metrics(State(app): State<Arc<App>>, method: Method, headers: HeaderMap) -> Response {
    let Ok(_place) = app.queue.try_acquire() else {
        app.refuse(Reason::Scrapes);
        let why = "too many scrapes at once; try again\n";
        return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], why).into_response();
    };
    // A client that asks for the head alone gets no metrics.
    if method == Method::GET {
        app.scraped.notify_waiters();
    }
    match &app.recorder {
        Some(recorder) => scrape::answer(Arc::clone(&app), recorder.inner(), &headers).await,
        None => (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", Error::ForeignRecorder)).into_response(),
    }
}
