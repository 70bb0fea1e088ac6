//! The answer to a refused request: a JSON object with an error message.

use crate::writer::WriteError;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The reason why a request is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    why: String,
    /// Seconds after which the request may succeed.
    after: Option<u64>,
    challenge: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self { status, why: why.into(), after: None, challenge: None }
    }

    /// A refusal with status 503. Alertmanager repeats a notification only after a status of 500 and above.
    pub(super) fn later(why: &str, seconds: u64) -> Self {
        Self { after: Some(seconds), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, why) }
    }

    pub(super) fn too_often(seconds: u64) -> Self {
        let why = "too many requests from this address; help: send fewer, or raise the limit with `--rate`";
        Self { after: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, why) }
    }

    pub(super) fn unauthorized(challenge: String) -> Self {
        let why = "the credentials are missing or wrong; help: use those of `--token-file`, `--users-file` or \
                   `--web-config-file`";
        Self { challenge: Some(challenge), ..Self::new(StatusCode::UNAUTHORIZED, why) }
    }

    /// Whether the server caused the error, and not the client.
    pub(super) fn is_ours<T>(result: &Result<T, Self>) -> bool {
        result.as_ref().is_err_and(|it| it.status.is_server_error())
    }

    pub(super) fn unreadable(error: &rusqlite::Error) -> Self {
        crate::log(&format!("cannot read the database: {error}"));
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the database cannot be read; help: read the server's log")
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
    // The values contain only strings and numbers, so serializing them cannot fail.
    let body = serde_json::to_string(value).unwrap_or_default();
    (status, [(CONTENT_TYPE, "application/json")], body + "\n").into_response()
}
