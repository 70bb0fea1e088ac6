//! The checks before each request: rate, concurrency, authentication and time.

use super::error::Refusal;
use crate::app::App;
use crate::counts::{Reason, refused};
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use measurand_server::{Client, Verdict};
use std::sync::Arc;
use std::time::Instant;
use tokio::time::timeout;

/// Paths without authentication, for health checks.
const OPEN: [&str; 3] = ["/healthz", "/readyz", "/watchdog"];
/// Paths without limits, so that monitoring still works during too many requests.
const UNCOUNTED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

pub(super) async fn admit(
    State(app): State<Arc<App>>,
    Extension(Client(address)): Extension<Client>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let (is_open, is_counted) = (OPEN.contains(&path), !UNCOUNTED.contains(&path));
    if is_counted && let Err(seconds) = app.rate.take(address, Instant::now()) {
        refused(Reason::Rate);
        return Refusal::too_often(seconds).into_response();
    }
    let _permit = match app.requests.try_acquire() {
        Ok(permit) => Some(permit),
        Err(_) if !is_counted => None,
        Err(_) => {
            refused(Reason::Busy);
            return Refusal::later("too many requests at once; help: try again", 1).into_response();
        }
    };
    // Twice the time for the body, because the alerts must also be stored.
    let answer = timeout(app.limits.request * 2, async {
        let header = request.headers().get(AUTHORIZATION).and_then(|it| it.to_str().ok());
        let access = app.access.refreshed().await;
        let authentication = &access.authentication;
        match if is_open { Verdict::Welcome } else { authentication.check(header, address).await } {
            Verdict::Welcome => next.run(request).await,
            Verdict::Unknown => {
                refused(Reason::Unauthorized);
                Refusal::unauthorized(authentication.challenge("alerts")).into_response()
            }
            Verdict::Busy => {
                refused(Reason::Busy);
                Refusal::later("too many passwords to check at once; help: try again", 1).into_response()
            }
        }
    });
    answer.await.unwrap_or_else(|_| {
        refused(Reason::Slow);
        Refusal::later("the answer took too long; help: try again", 1).into_response()
    })
}
