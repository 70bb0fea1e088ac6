//! `GET /api/alerts` and `GET /api/alerts/{id}`: alerts as JSON.

use super::error::{Refusal, json};
use crate::app::App;
use crate::store::{self, AlertRow, Change, Filter, State as AlertState};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use measurand::measured;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const LIMIT: usize = 100;
const LIMIT_MAX: usize = 1000;

/// The query parameters. Unknown ones are refused, because a misspelt filter must not return all alerts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlertsQuery {
    status: Option<AlertState>,
    severity: Option<String>,
    name: Option<String>,
    fingerprint: Option<String>,
    before: Option<i64>,
    limit: Option<usize>,
}

/// Serves a list of alerts, newest first.
#[measured(function = "api_alerts", error_if = Refusal::is_ours)]
pub(super) async fn alerts(
    State(app): State<Arc<App>>,
    query: Result<Query<AlertsQuery>, QueryRejection>,
) -> Result<Response, Refusal> {
    let Query(query) = query.map_err(|rejection| {
        let why = rejection.body_text();
        // Axum's prefix is not helpful.
        Refusal::new(StatusCode::BAD_REQUEST, why.strip_prefix("Failed to deserialize query string: ").unwrap_or(&why))
    })?;
    let limit = query.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        let why = format!("`limit` is not from 1 to {LIMIT_MAX}; help: get the next page with `before`");
        return Err(Refusal::new(StatusCode::BAD_REQUEST, why));
    }
    let AlertsQuery { status, severity, name, fingerprint, before, .. } = query;
    let filter = Filter { status, severity, name, fingerprint, before };
    let stale_before = app.stale_before();
    let list = app.readers.read(move |db| store::list(db, &filter, limit, stale_before)).await;
    Ok(json(StatusCode::OK, &list.map_err(|it| Refusal::unreadable(&it))?))
}

#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    alert: AlertRow,
    changes: Vec<Change>,
}

/// Serves one alert and its history.
#[measured(function = "api_alert", error_if = Refusal::is_ours)]
pub(super) async fn alert(
    State(app): State<Arc<App>>,
    id: Result<Path<i64>, PathRejection>,
) -> Result<Response, Refusal> {
    let Path(id) = id.map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "the alert's id is not a whole number"))?;
    let stale_before = app.stale_before();
    let alert =
        app.readers.read(move |db| store::alert(db, id, stale_before)).await.map_err(|it| Refusal::unreadable(&it))?;
    let Some((alert, changes)) = alert else {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            format!("there is no alert {id}; it may have been deleted because of its age"),
        ));
    };
    Ok(json(StatusCode::OK, &Whole { alert, changes }))
}
