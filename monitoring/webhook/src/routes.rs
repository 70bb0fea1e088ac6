//! What the server answers: the routes, and what holds for all of them.

mod api;
mod error;
mod middleware;
mod page;
mod receive;
mod view;

use crate::app::App;
use crate::store;
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
        .layer(from_fn_with_state(Arc::clone(app), admit))
        .layer(from_fn_with_state(Arc::clone(app), headers))
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
