//! What all routes share: the recorder, the catalog, and the bounds on what is made at once.

use crate::http::credentials::Access;
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

/// The addresses that are counted by their name.
pub(crate) const PATHS: [&str; 4] = ["/", "/metrics", "/catalog.json", "/healthz"];
/// Scrapes that are rendered at once; more wait, so that a crowd of scrapers does not take the application's processors.
const SCRAPES: usize = 2;

/// The metric of scrapes.
pub(crate) static SCRAPE_DURATION: Key = Key::from_static_name("measurand_scrape_duration_seconds");

/// What the answers are made from.
#[derive(Debug)]
pub(crate) struct App {
    /// Nothing when another recorder has the metrics.
    pub(crate) recorder: Option<Recorder>,
    pub(crate) catalog: Bytes,
    pub(crate) access: Access,
    /// The hosts that requests may name; nothing where it does not matter, or the address of the listener says it.
    pub(crate) hosts: Option<Hosts>,
    /// For an answer, where the server is ours.
    pub(crate) answer_limit: Option<Duration>,
    /// Scrapes that are made or wait for it.
    pub(crate) queue: Semaphore,
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
