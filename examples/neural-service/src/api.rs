//! The HTTP interface: tasks, patterns, faults, and the endpoint's own routes.

use crate::app::App;
use crate::error::Error;
use crate::faults::{self, Fault};
use crate::situation::Situation;
use crate::store::patterns;
use crate::tasks::kind_name;
use crate::world::STARTS;
use axum::extract::{ConnectInfo, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use measurand::TaskType;
use measurand::exporter::Hosts;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// All routes.
/// With `remote_faults`, other machines can set faults, too.
pub(crate) fn router(app: Arc<App>, remote_faults: bool) -> Router {
    let service = Router::new()
        .route("/", get(about))
        .route("/tasks", post(put_task))
        .route("/patterns/nearest", get(nearest))
        .route("/patterns/{id}", get(pattern))
        .layer(from_fn(disturb))
        .layer(measurand::http_layer!())
        .with_state(app);
    let endpoint = measurand::exporter::router().layer(from_fn(delay));
    // Prevents a website in a local browser from setting faults, also by DNS rebinding.
    let set = move |peer, changes| async move { set_faults(&peer, &changes, remote_faults) };
    let faults = Hosts::new(&[]).protect(Router::new().route("/faults", post(set)));
    service.merge(endpoint).route("/faults", get(list_faults)).merge(faults)
}

/// `GET /`: the state of the service and its other paths.
async fn about(State(app): State<Arc<App>>) -> Json<Value> {
    let known = app.known();
    Json(json!({
        "patterns": known.len(),
        "waiting": app.queue.length(),
        "see": ["/live", "/metrics", "/catalog.json", "/healthz", "/faults", "/patterns/nearest?task=bugfix"],
    }))
}

#[derive(Debug, Deserialize)]
struct Wanted {
    task: String,
    #[serde(default)]
    start: usize,
}

impl Wanted {
    fn situation(&self) -> Result<Situation, Problem> {
        let kinds = [TaskType::Feature, TaskType::Bugfix, TaskType::Refactor];
        let kind = kinds.into_iter().find(|it| kind_name(*it) == self.task);
        let start = STARTS.get(self.start).copied();
        let both = kind.zip(start).map(|(kind, start)| Situation { kind, start });
        both.ok_or_else(|| problem(StatusCode::BAD_REQUEST, "`task` is feature, bugfix or refactor; `start` is 0 to 3"))
    }
}

/// `POST /tasks {"task": "bugfix"}`
async fn put_task(State(app): State<Arc<App>>, Json(wanted): Json<Wanted>) -> Result<Response, Problem> {
    let waiting = app.queue.put(wanted.situation()?)?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "waiting": waiting }))).into_response())
}

/// `GET /patterns/nearest?task=bugfix`
async fn nearest(State(app): State<Arc<App>>, Query(wanted): Query<Wanted>) -> Result<Response, Problem> {
    let situation = wanted.situation()?;
    let found = blocking(move || app.pattern_for(situation)).await?;
    Ok(Json(found).into_response())
}

/// `GET /patterns/7`
async fn pattern(State(app): State<Arc<App>>, Path(id): Path<i64>) -> Result<Response, Problem> {
    let find = move || app.store.read(|db| Ok(patterns::find(db, id)?));
    let Some(it) = blocking(find).await? else {
        return Err(problem(StatusCode::NOT_FOUND, "no pattern has this number"));
    };
    let kind = patterns::kind_name(it.kind);
    Ok(Json(json!({ "id": it.id, "kind": kind, "actions": it.actions, "confidence": it.confidence })).into_response())
}

async fn list_faults() -> Json<Vec<faults::Described>> {
    Json(faults::describe())
}

/// `POST /faults {"slow-queries": "20ms", "panics": "off"}`
fn set_faults(
    ConnectInfo(peer): &ConnectInfo<SocketAddr>,
    Json(changes): &Json<BTreeMap<String, Value>>,
    remote: bool,
) -> Response {
    if !may_set_faults(peer.ip(), remote) {
        let reason =
            "faults can be set only from the machine that runs the service; help: start it with `--remote-faults`";
        return problem(StatusCode::FORBIDDEN, reason).into_response();
    }
    match faults::set(changes) {
        Ok(()) => Json(faults::describe()).into_response(),
        Err(error) => problem(StatusCode::BAD_REQUEST, &error).into_response(),
    }
}

fn may_set_faults(peer: IpAddr, remote: bool) -> bool {
    remote || peer.to_canonical().is_loopback()
}

/// Applies the faults `slow-http` and `http-errors` to requests.
async fn disturb(request: Request, next: Next) -> Response {
    sleep(faults::duration(Fault::SlowHttp)).await;
    if faults::strikes(Fault::HttpErrors) {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "the fault `http-errors` is on").into_response();
    }
    next.run(request).await
}

/// Applies the fault `slow-scrapes` to the metrics endpoint.
async fn delay(request: Request, next: Next) -> Response {
    sleep(faults::duration(Fault::SlowScrapes)).await;
    next.run(request).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> crate::error::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    match spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(problem(StatusCode::INTERNAL_SERVER_ERROR, "the request panicked; see the log")),
    }
}

/// An error response with a JSON body.
#[derive(Debug)]
struct Problem {
    status: StatusCode,
    error: String,
}

fn problem(status: StatusCode, error: &str) -> Problem {
    Problem { status, error: error.to_owned() }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = match error {
            Error::QueueFull | Error::Stalled => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        problem(status, &error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.error }))).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::may_set_faults;

    #[test]
    fn only_this_machine_sets_faults_unless_others_may() {
        for (peer, own) in [("127.0.0.1", true), ("::1", true), ("::ffff:127.0.0.1", true), ("172.17.0.1", false)] {
            let address = peer.parse().unwrap();
            assert_eq!(may_set_faults(address, false), own, "{peer}");
            assert!(may_set_faults(address, true), "{peer}");
        }
    }
}
