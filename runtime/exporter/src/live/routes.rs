//! The routes of the live page's data and downloads.

use super::answer_queue::Failure;
use super::assets::HTML;
use super::{Live, Question, Request, Wanted};
use crate::http::app::App;
use crate::http::request_limits::Reason;
use crate::render::gzip;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::get;
use measurand_monitoring::RUNBOOK_POLICY;
use std::sync::Arc;

const JSON: &str = "application/json";

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/live/model.json", get(model))
        .route("/live/panels", get(panels))
        .route("/live/functions", get(|it, headers| answer(it, headers, Question::Functions)))
        .route("/live/functions/{id}", get(function))
        .route("/live/alerts", get(|it, headers| answer(it, headers, Question::Alerts)))
        .route("/live/series", get(|it, headers| answer(it, headers, Question::Series)))
        .route("/live/runbook", get(runbook))
        .route("/monitoring/{file}", get(file))
        .route("/monitoring/functions/{id}/rules.yml", get(rules))
}

async fn model(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let known = headers.get(IF_NONE_MATCH).cloned();
    let mut response = answer(State(app), headers, Question::Model).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    // The model belongs to this process, so the start time of the process identifies it.
    let tag = response.extensions().get::<Epoch>().map(|it| format!("\"{}\"", it.0));
    if let Some(tag) = tag.and_then(|it| HeaderValue::from_str(&it).ok()) {
        if known.as_ref() == Some(&tag) {
            response = StatusCode::NOT_MODIFIED.into_response();
        }
        response.headers_mut().insert(ETAG, tag);
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    response
}

/// The start time of the process, for the model's `ETag`.
#[derive(Clone, Copy)]
struct Epoch(i64);

async fn panels(app: State<Arc<App>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    match Wanted::parse(&query.unwrap_or_default()) {
        Ok(wanted) => answer(app, headers, Question::Panels(wanted)).await,
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}

async fn function(app: State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    answer(app, headers, Question::Incidents(id)).await
}

async fn file(app: State<Arc<App>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    download(answer(app, headers, Question::File(name.clone())).await, &name)
}

async fn rules(app: State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    download(answer(app, headers, Question::Rules(id.clone())).await, &format!("{id}.rules.yml"))
}

/// Answers with the runbook as a page.
pub(crate) async fn runbook(app: State<Arc<App>>, headers: HeaderMap) -> Response {
    let mut response = answer(app, headers, Question::Runbook).await;
    if response.status() == StatusCode::OK {
        for (name, value) in
            [(CONTENT_TYPE, HTML), (CONTENT_SECURITY_POLICY, RUNBOOK_POLICY), (X_CONTENT_TYPE_OPTIONS, "nosniff")]
        {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

/// Sets the file's type and name.
fn download(mut response: Response, name: &str) -> Response {
    if response.status() == StatusCode::OK {
        let kind = match name.rsplit_once('.').map(|it| it.1) {
            Some("json") => JSON,
            Some("md") => "text/markdown; charset=utf-8",
            _ => "application/yaml",
        };
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        // We create the names ourselves: only letters, digits and a few other characters.
        if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
            response.headers_mut().insert(CONTENT_DISPOSITION, value);
        }
    }
    response
}

/// Waits for an answer, compressed if the client accepts that.
async fn answer(State(app): State<Arc<App>>, headers: HeaderMap, question: Question) -> Response {
    let Some(Live(queue)) = &app.live else {
        return (StatusCode::NOT_FOUND, "the live page is disabled; enable it with `.live(true)`\n").into_response();
    };
    let waiting = Waiting { app: &app, is_over: false };
    let answer = queue.ask(Request { question, is_compressed: gzip::is_accepted(&headers) }).await;
    waiting.end();
    match answer {
        Ok(Ok(body)) => {
            let fixed = [(CONTENT_TYPE, JSON), (CACHE_CONTROL, "no-store"), (VARY, "accept-encoding")];
            let encoding = body.is_compressed.then_some(AppendHeaders([(CONTENT_ENCODING, "gzip")]));
            let mut response = (fixed, encoding, body.bytes).into_response();
            response.extensions_mut().insert(Epoch(queue.responder().started));
            response
        }
        Ok(Err(Failure::Missing)) => {
            (StatusCode::NOT_FOUND, "no such file or function; reload the page\n").into_response()
        }
        Ok(Err(Failure::TooLarge(why))) => {
            app.refuse(Reason::Size);
            (StatusCode::UNPROCESSABLE_ENTITY, format!("{why}\n")).into_response()
        }
        Ok(Err(Failure::Broken(why))) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{why}\n")).into_response(),
        Err(_) => {
            app.refuse(Reason::Page);
            let why = "too many requests to the live page at once; try again\n";
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], why).into_response()
        }
    }
}

/// Counts a client that hangs up before its answer.
struct Waiting<'a> {
    app: &'a App,
    is_over: bool,
}

impl Waiting<'_> {
    fn end(mut self) {
        self.is_over = true;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.app.refuse(Reason::Abandoned);
        }
    }
}
