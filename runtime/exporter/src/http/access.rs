//! Access control by files of users and tokens. Without the feature `tls` all clients have access, and a configured
//! file keeps the endpoint from starting.

use crate::error::Error;
use crate::http::listen::DEFAULT_ADDRESS;
use crate::stderr;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use measurand_server::Client;
use std::net::SocketAddr;
use std::path::PathBuf;
#[cfg(feature = "tls")]
use {
    crate::http::request_limits::Reason,
    axum::http::StatusCode,
    axum::http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE},
    axum::response::IntoResponse,
    measurand_server::{AccessFiles, Verdict},
    std::sync::Arc,
};

/// The environment variable with the path of the web configuration file. [`crate::Builder::web_config`] takes
/// precedence.
pub const WEB_CONFIG_VARIABLE: &str = "MEASURAND_WEB_CONFIG_FILE";

/// The path without access control: health is not secret, and health checks often have no credentials.
#[cfg(feature = "tls")]
const OPEN: &str = "/healthz";

/// The configured files.
#[derive(Debug, Clone, Default)]
pub(crate) struct Named {
    pub(crate) web_config: Option<PathBuf>,
    pub(crate) tokens: Option<PathBuf>,
}

/// The access control of the endpoint.
#[derive(Debug, Clone, Default)]
pub(crate) struct Access {
    #[cfg(feature = "tls")]
    files: Option<Arc<measurand_server::Access>>,
}

/// Headers of an answer.
pub(crate) type Headers = Vec<(HeaderName, HeaderValue)>;

impl Named {
    /// Adds the file from the environment if the program names none.
    fn completed(self) -> Self {
        let environment = || std::env::var_os(WEB_CONFIG_VARIABLE).filter(|it| !it.is_empty()).map(PathBuf::from);
        Self { web_config: self.web_config.or_else(environment), ..self }
    }
}

#[cfg(feature = "tls")]
impl Access {
    /// Reads the files.
    pub(crate) fn read(named: Named) -> Result<Self, Error> {
        let Named { web_config, tokens } = named.completed();
        if web_config.is_none() && tokens.is_none() {
            return Ok(Self::default());
        }
        let files = AccessFiles { tokens, web_config, ..AccessFiles::default() };
        let access = measurand_server::Access::read(files, warn).map_err(Error::Access)?;
        Ok(Self { files: Some(Arc::new(access)) })
    }

    /// Whether all clients have access.
    fn is_open(&self) -> bool {
        self.files.as_ref().is_none_or(|it| it.current().authentication.is_open())
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.files.as_ref().is_some_and(|it| it.is_encrypted())
    }

    pub(crate) fn protect(&self, server: measurand_server::Server) -> measurand_server::Server {
        match &self.files {
            Some(files) => server.access(Arc::clone(files)),
            None => server,
        }
    }

    /// Returns the headers for the answer to a request and, if the request is refused, that answer.
    pub(crate) async fn admit(
        &self,
        path: &str,
        headers: &HeaderMap,
        client: Option<Client>,
    ) -> (Headers, Option<(Reason, Response)>) {
        let Some(files) = &self.files else { return (Headers::new(), None) };
        let current = files.refreshed().await;
        let header = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
        let verdict = match client {
            _ if path == OPEN => Verdict::Welcome,
            Some(client) => current.authentication.check(header, client.0).await,
            // Our own server always sets the client.
            None => Verdict::Unknown,
        };
        let refusal = match verdict {
            Verdict::Welcome => None,
            Verdict::Unknown => {
                let challenge = [(WWW_AUTHENTICATE, current.authentication.challenge("metrics"))];
                let why = "the credentials are missing or wrong; send a valid bearer token, or user and password\n";
                Some((Reason::Credentials, (StatusCode::UNAUTHORIZED, challenge, why).into_response()))
            }
            Verdict::Busy => {
                let why = "too many passwords are being checked; try again\n";
                let answer = (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], why).into_response();
                Some((Reason::Passwords, answer))
            }
        };
        (current.headers.clone(), refusal)
    }
}

#[cfg(not(feature = "tls"))]
#[expect(clippy::unused_self, clippy::unused_async, reason = "same signature as with the feature")]
impl Access {
    pub(crate) fn read(named: Named) -> Result<Self, Error> {
        match named.completed() {
            Named { web_config: None, tokens: None } => Ok(Self::default()),
            _ => Err(Error::Access(format!(
                "`{WEB_CONFIG_VARIABLE}` is set, but this program has no TLS; build it with the feature `tls` of \
                 `measurand`, or unset the variable"
            ))),
        }
    }

    fn is_open(&self) -> bool {
        true
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        false
    }

    pub(crate) fn protect(&self, server: measurand_server::Server) -> measurand_server::Server {
        server
    }

    pub(crate) async fn admit(
        &self,
        _path: &str,
        _headers: &HeaderMap,
        _client: Option<Client>,
    ) -> (Headers, Option<(crate::http::request_limits::Reason, Response)>) {
        (Headers::new(), None)
    }
}

impl Access {
    /// Warns about risks if other machines can reach the address.
    pub(crate) fn warn_about(&self, address: SocketAddr) {
        if address.ip().is_loopback() {
            return;
        }
        if self.is_open() {
            warn(&format!(
                "{address} is open to other machines without authentication; set a file of users or tokens with \
                 `{WEB_CONFIG_VARIABLE}`, `.web_config(..)` or `.bearer_tokens(..)`, protect it with a firewall, or \
                 listen on {DEFAULT_ADDRESS}"
            ));
        } else if !self.is_encrypted() {
            warn(&format!(
                "credentials travel to {address} unencrypted; set a certificate in the web configuration, or put a \
                 TLS proxy in front"
            ));
        }
    }
}

fn warn(line: &str) {
    stderr::write(line);
}
