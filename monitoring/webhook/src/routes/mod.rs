//! What the server answers: the routes, and what holds for all of them.

mod admit;
mod api;
mod error;
mod page;
mod receive;
mod view;

use crate::forward::Queue;
use crate::limits::{Limits, Rate};
use crate::readers::Readers;
use crate::store;
use crate::time::Time;
use crate::writer::Writer;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use error::Refusal;
use measurand_catalog::lock::lock;
use measurand_server::Access;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// What the answers are made from.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) writer: Writer,
    pub(crate) readers: Arc<Readers>,
    pub(crate) queue: Option<Arc<Queue>>,
    access: Arc<Access>,
    limits: Limits,
    rate: Rate,
    requests: Semaphore,
    /// Kibibytes of payloads that are held at once.
    memory: Semaphore,
    /// After so many seconds without news an alert that fires is no longer heard of.
    unheard_seconds: i64,
    /// When the disk was last written to for `/readyz`.
    probed: Mutex<Option<Instant>>,
    /// Bytes of the largest payload that did not reach the disk since one did.
    refused_bytes: AtomicU32,
}

/// Payloads of the greatest size that are held at once.
const LARGEST_AT_ONCE: usize = 16;

impl App {
    pub(crate) fn new(
        writer: Writer,
        readers: Arc<Readers>,
        queue: Option<Arc<Queue>>,
        access: Arc<Access>,
        limits: Limits,
        unheard: Duration,
    ) -> Arc<Self> {
        let largest = limits.body_bytes as usize / 1024 + 1;
        Arc::new(Self {
            writer,
            readers,
            queue,
            access,
            limits,
            rate: Rate::new(&limits),
            requests: Semaphore::new(limits.requests.max(1) as usize),
            memory: Semaphore::new(largest * LARGEST_AT_ONCE),
            unheard_seconds: i64::try_from(unheard.as_secs()).unwrap_or(i64::MAX),
            probed: Mutex::default(),
            refused_bytes: AtomicU32::default(),
        })
    }

    /// Notes whether a payload of so many bytes reached the disk.
    fn reached_disk(&self, bytes: u32, reached: bool) {
        if reached {
            self.refused_bytes.store(0, Ordering::Relaxed);
        } else {
            self.refused_bytes.fetch_max(bytes.max(1), Ordering::Relaxed);
        }
    }

    /// What fires and came last before this is no longer heard of.
    pub(crate) fn unheard(&self) -> Time {
        Time::now().plus_seconds(self.unheard_seconds.saturating_neg())
    }
}

/// All routes. `/metrics`, `/catalog.json` and `/healthz` are those of the exporter.
pub(crate) fn router(app: &Arc<App>, metrics: Router) -> Router {
    Router::new()
        .route("/webhook", post(receive::receive))
        .route("/api/alerts", get(api::alerts))
        .route("/api/alerts/{id}", get(api::alert))
        .route("/readyz", get(ready))
        .merge(page::routes())
        .method_not_allowed_fallback(|| async {
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "there is no such method here")
        })
        .with_state(Arc::clone(app))
        .merge(metrics)
        .fallback(|| async {
            Refusal::new(StatusCode::NOT_FOUND, "there is nothing here; Alertmanager posts to `/webhook`")
        })
        .layer(middleware::from_fn_with_state(Arc::clone(app), admit::admit))
        .layer(middleware::from_fn_with_state(Arc::clone(app), headers))
}

/// For how long `/readyz` believes that the disk can be written to.
const BELIEVED: Duration = Duration::from_secs(1);

/// Bytes that `/readyz` writes, as many as a notification of some alerts takes with its indexes.
const PROBE_BYTES: u32 = 64 << 10;
/// Bytes that one of a payload takes at most, in tables, indexes, the queue and the log.
const PROBE_FACTOR: u32 = 10;

/// Whether alerts can be stored: writes what a payload takes, or what the payload would have taken that was refused.
async fn ready(State(app): State<Arc<App>>) -> Result<&'static str, Refusal> {
    let probed = *lock(&app.probed);
    let refused = app.refused_bytes.load(Ordering::Relaxed);
    if refused > 0 || probed.is_none_or(|it| it.elapsed() > BELIEVED) {
        let bytes = PROBE_BYTES.saturating_add(refused.saturating_mul(PROBE_FACTOR));
        let write = async {
            app.writer.run(move |db| store::probe(db, bytes)).await?;
            app.writer.run(store::unprobe).await
        };
        let written = timeout(Duration::from_secs(5), write).await;
        let written = written.map_err(|_| "the disk takes longer than 5 s".to_owned());
        written.and_then(|it| it.map_err(|it| it.to_string())).map_err(|it| Refusal::later(&it, 5))?;
        // Another may have been refused meanwhile, which the next probe is for.
        let _ = app.refused_bytes.compare_exchange(refused, 0, Ordering::Relaxed, Ordering::Relaxed);
        *lock(&app.probed) = Some(Instant::now());
    }
    Ok("ready\n")
}

/// Nothing is loaded or run but our own files, whatever somebody smuggles into an alert.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

async fn headers(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // Those of the web configuration, which may want them stricter or looser than we do.
    headers.extend(app.access.current().headers.iter().cloned());
    response
}
