//! The runbook as a page, so that the links in notifications work while the program is down.

use super::error::Refusal;
use crate::app::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{Html, IntoResponse, Response};
use measurand::measured;
use measurand_catalog::read_text;
use measurand_monitoring::{RUNBOOK_POLICY, runbook_page};
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Maximum size of a `RUNBOOK.md`.
const RUNBOOK_BYTES_MAX: u64 = 16 << 20;

/// Reads the file for each request, so a new generation needs no restart.
#[measured(function = "page_runbook", error_if = Refusal::is_ours)]
pub(super) async fn runbook(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let missing = |why: &str| Refusal::new(StatusCode::NOT_FOUND, why);
    let path = app.runbook.clone();
    let path = path.ok_or_else(|| missing("there is no runbook; help: name a `RUNBOOK.md` with `--runbook`"))?;
    let page = spawn_blocking(move || read_text(&path, RUNBOOK_BYTES_MAX).map(|it| runbook_page(&it)));
    let page = page.await.map_err(|it| Refusal::later(&it.to_string(), 1))?;
    let page = page.map_err(|it| missing(&it.to_string()))?;
    Ok(([(CONTENT_SECURITY_POLICY, RUNBOOK_POLICY)], Html(page)).into_response())
}
