//! `POST /webhook`: receives a payload, and answers 200 when its alerts are on disk.

use super::error::{Refusal, json};
use crate::app::App;
use crate::counts::{self, Reason, refused};
use crate::payload::{self, Payload};
use crate::store::{self, Stored};
use crate::time::Time;
use crate::writer::WriteError;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::Response;
use measurand::measured;
use rusqlite::Connection;
use std::sync::Arc;
use tokio::sync::SemaphorePermit;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Receives a payload.
///
/// # Runbook
/// Read this server's log, and check `webhook_requests_refused_total` by `reason`: `disk` means that the disk is full
/// or slow, `busy` means that there are more concurrent requests than the limits allow. Mistakes of senders are not
/// counted as errors here.
#[measured(severity = "P0", error_if = Refusal::is_ours)]
pub(super) async fn receive(State(app): State<Arc<App>>, request: Request) -> Result<Response, Refusal> {
    let (body, held) = body(&app, request).await?;
    let payload = parsed(&body).await.map_err(|why| {
        refused(Reason::Malformed);
        Refusal::new(StatusCode::BAD_REQUEST, why)
    })?;
    let payload = Arc::new(payload);
    let bytes = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let queue = app.queue.clone().filter(|_| !payload.alerts.is_empty());
    let (forwards, taken) = (queue.is_some(), Arc::clone(&payload));
    let store = move |db: &Connection| {
        let now = Time::now();
        if forwards {
            store::enqueue(db, &body, now)?;
        }
        store::store(db, &payload, now)
    };
    let count = move |_: &Stored| {
        counts::stored(&taken);
        if let Some(queue) = queue {
            queue.added();
        }
    };
    let stored = app.writer.run_then(store, count).await;
    match stored {
        Ok(_) => app.reached_disk(bytes, true),
        Err(WriteError::Failed) => app.reached_disk(bytes, false),
        Err(WriteError::Busy | WriteError::Ended) => {}
    }
    let stored = stored.map_err(|error| {
        refused(if error == WriteError::Busy { Reason::Busy } else { Reason::Disk });
        Refusal::from(error)
    })?;
    drop(held);
    Ok(json(StatusCode::OK, &stored))
}

/// Reads the body within the limits. The permit reserves memory for it.
async fn body(app: &App, request: Request) -> Result<(Bytes, SemaphorePermit<'_>), Refusal> {
    let (parts, body) = request.into_parts();
    let header = |name| parts.headers.get(name).and_then(|it| it.to_str().ok());
    let media_type = header(CONTENT_TYPE).and_then(|it| it.split(';').next()).unwrap_or_default();
    // This also refuses forms on other websites, which cannot send this type without a CORS preflight.
    if !media_type.trim().eq_ignore_ascii_case("application/json") {
        refused(Reason::MediaType);
        let why = "the body's type is not `application/json`; help: send JSON with this `Content-Type`";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
    }
    let limit = app.limits.body_bytes;
    let too_large = || {
        refused(Reason::TooLarge);
        let why = format!(
            "the body has more than {limit} bytes; help: set `max_alerts` in Alertmanager's `webhook_configs`, or \
             raise `--max-body`"
        );
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, why)
    };
    let length: Option<u64> = header(CONTENT_LENGTH).and_then(|it| it.parse().ok());
    let length = match length.map(u32::try_from) {
        Some(Ok(length)) if length <= limit => Some(length),
        Some(_) => return Err(too_large()),
        None => None,
    };
    let held = app.memory.try_acquire_many(length.unwrap_or(limit) / 1024 + 1).map_err(|_| {
        refused(Reason::Busy);
        Refusal::later("too many large payloads at once; help: try again", 1)
    })?;
    let body = timeout(app.limits.request, to_bytes(body, limit as usize)).await.map_err(|_| {
        refused(Reason::Slow);
        let seconds = app.limits.request.as_secs();
        let why = format!("the body took longer than {seconds} s; help: send it faster, or raise `--request-seconds`");
        Refusal::new(StatusCode::REQUEST_TIMEOUT, why)
    })?;
    let body = body.map_err(|_| {
        if length.is_none() {
            return too_large();
        }
        refused(Reason::Malformed);
        Refusal::new(StatusCode::BAD_REQUEST, "the body is shorter than its `Content-Length`")
    })?;
    Ok((body, held))
}

/// Size up to which a payload is parsed in less than a millisecond, and so without another thread.
const SMALL: usize = 64 * 1024;

async fn parsed(body: &Bytes) -> Result<Payload, String> {
    if body.len() <= SMALL {
        return payload::parse(body);
    }
    let body = body.clone();
    spawn_blocking(move || payload::parse(&body)).await.unwrap_or_else(|_| Err("the body cannot be read".to_owned()))
}
