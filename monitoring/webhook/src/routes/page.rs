//! The pages of all alerts and of one alert. They are plain HTML and work without a script.

use super::error::Refusal;
use super::view::{Line, When, class, description, duration, link, links, name, state, summary, word};
use crate::app::App;
use crate::store::{self, AlertRow, Change, Filter, List, State as AlertState};
use crate::time::Time;
use askama::Template;
use axum::Router;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use measurand::measured;
use serde::Deserialize;
use std::sync::Arc;

/// Maximum number of firing alerts, and of stale ones, on the page.
const FIRING_MAX: usize = 200;
/// Number of past alerts on one page.
const PAST: usize = 50;

pub(super) fn routes() -> Router<Arc<App>> {
    let file = |media_type: &'static str, text: &'static str| {
        get(move || async move { ([(CONTENT_TYPE, media_type), (CACHE_CONTROL, "max-age=3600")], text) })
    };
    Router::new()
        .route("/", get(alerts))
        .route("/alerts/{id}", get(alert))
        .route("/style.css", file("text/css; charset=utf-8", include_str!("../../assets/style.css")))
        .route("/page.js", file("text/javascript; charset=utf-8", include_str!("../../assets/page.js")))
}

/// The fields of the filter form. An empty text selects all values.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PageQuery {
    status: String,
    severity: String,
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "alerts.html")]
struct AlertsPage {
    status: String,
    severity: String,
    severities: Vec<String>,
    is_first: bool,
    firing: Option<Section>,
    stale: Option<Section>,
    past: Option<Section>,
    now: When,
}

struct Section {
    lines: Vec<Line>,
    total: u64,
    next: Option<i64>,
}

impl Section {
    fn new(list: &List, now: Time) -> Self {
        Self { lines: list.alerts.iter().map(|it| Line::new(it, now)).collect(), total: list.total, next: list.next }
    }
}

/// Serves the page of all alerts.
#[measured(function = "page_alerts", error_if = Failure::is_ours)]
async fn alerts(
    State(app): State<Arc<App>>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(PageQuery { status, severity, before }) =
        query.map_err(|it| Failure::new(StatusCode::BAD_REQUEST, &it.body_text()))?;
    // Further pages contain only past alerts.
    let shows = |state: AlertState| {
        (status.is_empty() && (before.is_none() || state == AlertState::Resolved)) || status == state.as_str()
    };
    let [firing, stale, past] = [AlertState::Firing, AlertState::Stale, AlertState::Resolved].map(shows);
    if !firing && !stale && !past {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "the status is not `firing`, `stale` or `resolved`"));
    }
    let filter = |status, before| Filter {
        status: Some(status),
        severity: Some(severity.clone()).filter(|it| !it.is_empty()),
        before,
        ..Filter::default()
    };
    let questions = [
        firing.then(|| (filter(AlertState::Firing, None), FIRING_MAX)),
        stale.then(|| (filter(AlertState::Stale, None), FIRING_MAX)),
        past.then(|| (filter(AlertState::Resolved, before), PAST)),
    ];
    let stale_before = app.stale_before();
    let read = app.readers.read(move |db| {
        let list = |query: &Option<(Filter, usize)>| {
            query.as_ref().map(|(filter, most)| store::list(db, filter, *most, stale_before)).transpose()
        };
        let [firing, stale, past] = &questions;
        Ok((list(firing)?, list(stale)?, list(past)?, store::severities(db)?))
    });
    let (mut firing, mut stale, past, severities) = read.await.map_err(|it| Failure::unreadable(&it))?;
    for current in [&mut firing, &mut stale].into_iter().flatten() {
        current.alerts.sort_by(|a, b| (class(&a.severity), b.starts_at).cmp(&(class(&b.severity), a.starts_at)));
    }
    let now = Time::now();
    let section = |it: Option<List>| it.map(|it| Section::new(&it, now));
    page(&AlertsPage {
        severities: severities.into_iter().filter(|it| !it.is_empty()).collect(),
        is_first: before.is_none(),
        firing: section(firing),
        // The section is hidden if it is empty, which is the usual case.
        stale: section(stale).filter(|it| it.total > 0 || status == AlertState::Stale.as_str()),
        past: section(past),
        now: When::new(now, now),
        status,
        severity,
    })
}

#[derive(Template)]
#[template(path = "alert.html")]
struct AlertPage {
    name: String,
    status: &'static str,
    is_firing: bool,
    is_stale: bool,
    severity: String,
    class: &'static str,
    summary: String,
    description: String,
    links: Vec<(&'static str, String)>,
    duration: String,
    starts: When,
    ends: Option<When>,
    first_seen: When,
    last_seen: When,
    changes: Vec<(&'static str, When, Option<When>)>,
    annotations: Vec<(String, String, Option<String>)>,
    alert: AlertRow,
}

/// Serves the page of one alert.
#[measured(function = "page_alert", error_if = Failure::is_ours)]
async fn alert(State(app): State<Arc<App>>, id: Result<Path<i64>, PathRejection>) -> Result<Response, Failure> {
    let missing =
        || Failure::new(StatusCode::NOT_FOUND, "there is no such alert; it may have been deleted because of its age");
    let Path(id) = id.map_err(|_| missing())?;
    let stale_before = app.stale_before();
    let read =
        app.readers.read(move |db| store::alert(db, id, stale_before)).await.map_err(|it| Failure::unreadable(&it))?;
    let (alert, changes) = read.ok_or_else(missing)?;
    let now = Time::now();
    let when = |it| When::new(it, now);
    let change = |it: Change| (word(it.status), when(it.seen_at), it.ends_at.map(when));
    let linked = |it: &str| link(it).map(str::to_owned);
    let annotations = alert.annotations.iter().map(|(name, value)| (name.clone(), value.clone(), linked(value)));
    page(&AlertPage {
        name: name(&alert),
        status: state(alert.status),
        is_firing: alert.status == AlertState::Firing,
        is_stale: alert.status == AlertState::Stale,
        severity: alert.severity.clone(),
        class: class(&alert.severity),
        summary: summary(&alert).to_owned(),
        description: description(&alert).to_owned(),
        links: links(&alert),
        duration: duration(&alert, now),
        starts: when(alert.starts_at),
        ends: alert.ends_at.map(when),
        first_seen: when(alert.first_seen),
        last_seen: when(alert.last_seen),
        changes: changes.into_iter().map(change).collect(),
        annotations: annotations.collect(),
        alert,
    })
}

fn page(template: &impl Template) -> Result<Response, Failure> {
    let html = template.render();
    Ok(Html(html.map_err(|it| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, &it.to_string()))?).into_response())
}

/// The page with an error message.
#[derive(Debug, Template)]
#[template(path = "failure.html")]
struct Failure {
    status: StatusCode,
    why: String,
}

impl Failure {
    fn new(status: StatusCode, why: &str) -> Self {
        Self { status, why: why.to_owned() }
    }

    /// Whether the server caused the error, and not the client.
    fn is_ours<T>(result: &Result<T, Self>) -> bool {
        result.as_ref().is_err_and(|it| it.status.is_server_error())
    }

    fn unreadable(error: &rusqlite::Error) -> Self {
        // This writes the reason to the log.
        drop(Refusal::unreadable(error));
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the database cannot be read; help: read the server's log")
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Html(self.render().unwrap_or_default())).into_response()
    }
}
