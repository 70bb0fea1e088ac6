//! The state that all routes share: the recorder, the catalog, and the limits on concurrent work.

use crate::http::access::Access;
use crate::http::request_limits::{Limits, Reason};
use crate::live::Live;
use crate::recorder::Recorder;
use axum::body::Bytes;
use axum::http::StatusCode;
use measurand_server::Hosts;
use metrics::{CounterFn, Key, Label};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};

/// The paths that the request counter shows by name.
pub(crate) const PATHS: [&str; 4] = ["/", "/metrics", "/catalog.json", "/healthz"];
/// Maximum number of scrapes rendered at once. More scrapes wait, so that many scrapers cannot take the application's
/// processors.
const SCRAPES: usize = 2;

/// The metric of a scrape's duration.
pub(crate) static SCRAPE_DURATION: Key = Key::from_static_name("measurand_scrape_duration_seconds");

/// The state behind the answers.
#[derive(Debug)]
pub(crate) struct App {
    /// `None` if another recorder has the metrics.
    pub(crate) recorder: Option<Recorder>,
    pub(crate) catalog: Bytes,
    pub(crate) access: Access,
    /// The hosts that requests may name. `None` if any host is allowed, or if the listener's address decides.
    pub(crate) hosts: Option<Hosts>,
    /// Time limit for an answer; `None` in an application's own server.
    pub(crate) answer_limit: Option<Duration>,
    /// Bounds the scrapes that are rendered or wait.
    pub(crate) queue: Semaphore,
    /// Notified when a scrape starts.
    pub(crate) scraped: Notify,
    pub(crate) scrapes: Semaphore,
    /// `None` if the live page is disabled.
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
        // Creates the series at zero, so that the first request is an increase.
        for path in PATHS {
            app.count(path, StatusCode::OK, 0);
        }
        if let Some(recorder) = &app.recorder {
            let store = &recorder.state().store;
            let _registered = store.histogram(&SCRAPE_DURATION);
            Reason::register(store);
        }
        Arc::new(app)
    }

    /// Counts a request or a connection that was refused or cut short.
    pub(crate) fn refuse(&self, reason: Reason) {
        if let Some(recorder) = &self.recorder {
            reason.count(&recorder.state().store, 1);
        }
    }

    pub(crate) fn count(&self, path: &'static str, status: StatusCode, requests: u64) {
        let labels = vec![Label::from_static_parts("path", path), Label::new("status", status.as_str().to_owned())];
        let key = Key::from_parts("measurand_http_requests_total", labels);
        if let Some(series) = self.recorder.as_ref().and_then(|it| it.state().store.counter(&key)) {
            series.series.cells().increment(requests);
        }
    }
}
