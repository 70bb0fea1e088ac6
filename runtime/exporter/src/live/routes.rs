//! The live page's numbers and downloads over HTTP.

use super::{Live, Wanted};
use crate::gzip::{self, Encoder};
use crate::routes::App;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use tokio::runtime::Handle;

const JSON: &str = "application/json";
/// Below this compression costs more than it saves.
const SMALL: usize = 1024;

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/live/model.json", get(model))
        .route("/live/panels", get(panels))
        .route("/live/functions", get(|it, headers| answer(it, headers, |it| Some(it.functions()))))
        .route("/live/functions/{id}", get(function))
        .route("/live/alerts", get(|it, headers| answer(it, headers, |it| Some(it.alerts()))))
        .route("/live/series", get(|it, headers| answer(it, headers, |it| Some(it.series()))))
        .route("/monitoring/{file}", get(file))
        .route("/monitoring/functions/{id}/rules.yml", get(rules))
}

async fn model(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let known = headers.get(IF_NONE_MATCH).cloned();
    let mut response = answer(State(app), headers, |it| Some(it.model())).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    // The model is that of this process, so that the begin of the process tells it.
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

/// When the process began, for the tag of the model.
#[derive(Clone, Copy)]
struct Epoch(i64);

async fn panels(app: State<Arc<App>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    match Wanted::parse(&query.unwrap_or_default()) {
        Ok(wanted) => answer(app, headers, move |it| Some(it.panels(&wanted))).await,
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}

async fn function(app: State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    answer(app, headers, move |it| it.incidents(&id)).await
}

async fn file(app: State<Arc<App>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let wanted = name.clone();
    download(answer(app, headers, move |it| it.file(&wanted)).await, &name)
}

async fn rules(app: State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let wanted = id.clone();
    download(answer(app, headers, move |it| it.rules_of(&wanted)).await, &format!("{id}.rules.yml"))
}

/// Says what kind of file it is and what it is called.
fn download(mut response: Response, name: &str) -> Response {
    if response.status() == StatusCode::OK {
        let kind = match name.rsplit_once('.').map(|it| it.1) {
            Some("json") => JSON,
            Some("md") => "text/markdown; charset=utf-8",
            _ => "application/yaml",
        };
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        // The name is one that we made: only letters, digits and a few signs.
        if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
            response.headers_mut().insert(CONTENT_DISPOSITION, value);
        }
    }
    response
}

/// Computes an answer where it holds nobody up, and compresses it if the client wants that.
async fn answer(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    make: impl FnOnce(&Live) -> Option<Bytes> + Send + 'static,
) -> Response {
    let Some(live) = app.live.clone() else {
        return (StatusCode::NOT_FOUND, "the live page is switched off\n").into_response();
    };
    let compressed = gzip::is_accepted(&headers);
    let epoch = Epoch(live.started);
    let compute = move || make(&live).map(|it| if compressed && it.len() > SMALL { squeezed(it) } else { (it, false) });
    // One at a time: a page that many look at must not take the application's processors. The semaphore is never closed.
    let turn = app.answers.acquire().await;
    let answer = match Handle::try_current() {
        Ok(runtime) => runtime.spawn_blocking(compute).await,
        Err(_) => Ok(compute()),
    };
    drop(turn);
    match answer {
        Ok(Some((body, compressed))) => {
            let fixed = [(CONTENT_TYPE, JSON), (CACHE_CONTROL, "no-store"), (VARY, "accept-encoding")];
            let encoding = compressed.then_some(AppendHeaders([(CONTENT_ENCODING, "gzip")]));
            let mut response = (fixed, encoding, body).into_response();
            response.extensions_mut().insert(epoch);
            response
        }
        Ok(None) => (StatusCode::NOT_FOUND, "there is no such file or function\n").into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

/// The bytes compressed, and whether they are.
fn squeezed(bytes: Bytes) -> (Bytes, bool) {
    let mut encoder = Encoder::new();
    let compressed = encoder.push(&bytes).and_then(|mut first| {
        first.extend(encoder.finish()?);
        Ok(first)
    });
    compressed.map_or((bytes, false), |it| (it.into(), true))
}
