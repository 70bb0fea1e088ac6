//! The routes of the server, and the headers of all answers.

mod api;
mod error;
mod middleware;
mod page;
mod receive;
mod runbook;
mod view;

use crate::app::App;
use crate::store;
use crate::time::Time;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use error::Refusal;
use measurand_catalog::lock::lock;
use middleware::admit;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// All routes. The exporter serves `/metrics`, `/catalog.json` and `/healthz`.
pub(crate) fn router(app: &Arc<App>, metrics: Router) -> Router {
    Router::new()
        .route("/webhook", post(receive::receive))
        .route("/api/alerts", get(api::alerts))
        .route("/api/alerts/{id}", get(api::alert))
        .route("/readyz", get(ready))
        .route("/watchdog", get(watchdog))
        .route("/runbook", get(runbook::runbook))
        .merge(page::routes())
        .method_not_allowed_fallback(|| async {
            let why = "the method is not allowed; help: use POST for `/webhook`, and GET for all other paths";
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, why)
        })
        .with_state(Arc::clone(app))
        .merge(metrics)
        .fallback(|| async {
            Refusal::new(StatusCode::NOT_FOUND, "there is no such path; help: send notifications to `/webhook`")
        })
        .layer(from_fn_with_state(Arc::clone(app), admit))
        .layer(from_fn_with_state(Arc::clone(app), headers))
}

/// Time for which `/readyz` reuses the result of a successful write.
const BELIEVED: Duration = Duration::from_secs(1);

/// Number of bytes that `/readyz` writes: the size of a small notification with its indexes.
const PROBE_BYTES: u32 = 64 << 10;
/// Maximum number of bytes on disk for each byte of a payload: in tables, indexes, the queue and the log.
const PROBE_FACTOR: u32 = 10;

/// Tests whether alerts can be stored: writes as many bytes as a payload needs, or as the largest refused payload
/// needs.
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
        // If a larger payload was refused meanwhile, the next probe tests its size.
        let _ = app.refused_bytes.compare_exchange(refused, 0, Ordering::Relaxed, Ordering::Relaxed);
        *lock(&app.probed) = Some(Instant::now());
    }
    Ok("ready\n")
}

/// Time after which the Watchdog is missing. Alertmanager sends it every minute.
const WATCHDOG_SECONDS: i64 = 300;

/// Tests whether alerts arrive: answers 200 if the Watchdog fires and was received within [`WATCHDOG_SECONDS`].
async fn watchdog(State(app): State<Arc<App>>) -> Result<String, Refusal> {
    let last = app.readers.read(store::watchdog).await.map_err(|it| Refusal::unreadable(&it))?;
    let now = Time::now();
    let received = last.map_or_else(|| "does not fire".to_owned(), |it| format!("was received {}", it.ago(now)));
    if last.is_some_and(|it| it > now.plus_seconds(-WATCHDOG_SECONDS)) {
        return Ok(format!("the Watchdog {received}\n"));
    }
    let help = "check Prometheus, then Alertmanager, then the network between them";
    Err(Refusal::later(&format!("the Watchdog {received}; help: {help}"), 60))
}

/// Browsers load and run only files of this server, even if an alert contains malicious markup.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

async fn headers(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // Headers of the web configuration override the ones above.
    headers.extend(app.access.current().headers.iter().cloned());
    response
}
