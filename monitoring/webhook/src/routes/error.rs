//! What is answered when a request is turned away: one JSON object with one sentence.

use crate::writer::WriteError;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Why a request is turned away.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    why: String,
    /// Seconds after which it may go well.
    after: Option<u64>,
    challenge: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self { status, why: why.into(), after: None, challenge: None }
    }

    /// Alertmanager tries again after a status of 500 and above, and with no other.
    pub(super) fn later(why: &str, seconds: u64) -> Self {
        Self { after: Some(seconds), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, why) }
    }

    pub(super) fn too_often(seconds: u64) -> Self {
        let why = "too many requests from this address; ask for more with `--rate` if they are wanted";
        Self { after: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, why) }
    }

    pub(super) fn unauthorized(challenge: String) -> Self {
        let why = "the credentials are missing or wrong; see `--token-file`, `--users-file` and `--web-config-file`";
        Self { challenge: Some(challenge), ..Self::new(StatusCode::UNAUTHORIZED, why) }
    }

    /// Whether this server is at fault, and not who asked.
    pub(super) fn is_ours<T>(result: &Result<T, Self>) -> bool {
        result.as_ref().is_err_and(|it| it.status.is_server_error())
    }

    pub(super) fn unreadable(error: &rusqlite::Error) -> Self {
        crate::log(&format!("cannot read the database: {error}"));
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the database cannot be read, and the server's log says why")
    }
}

impl From<WriteError> for Refusal {
    fn from(error: WriteError) -> Self {
        Self::later(&error.to_string(), 1)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = json(self.status, &serde_json::json!({ "error": self.why }));
        if let Some(seconds) = self.after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        if let Some(challenge) = self.challenge {
            response.headers_mut().extend(HeaderValue::try_from(challenge).ok().map(|it| (WWW_AUTHENTICATE, it)));
        }
        response
    }
}

pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    // What we answer with are strings and numbers, which are always JSON.
    let body = serde_json::to_string(value).unwrap_or_default();
    (status, [(CONTENT_TYPE, "application/json")], body + "\n").into_response()
}
