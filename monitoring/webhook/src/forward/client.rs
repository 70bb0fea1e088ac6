//! The HTTP client for the next hop: sends one payload and returns the result.

use super::NextHop;
use measurand::measured;
use measurand_catalog::read_text;
use measurand_server::certificates_in;
use std::path::{Path, PathBuf};
use std::time::Duration;
use ureq::Agent;
use ureq::http::Uri;
use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// Timeout of one attempt.
const ATTEMPT: Duration = Duration::from_secs(10);
/// Maximum size of a token file.
const TOKEN_BYTES_MAX: u64 = 64 << 10;
/// Statuses that reject the payload permanently. All other errors may be temporary: a wrong password can be corrected.
const NEVER: [u16; 4] = [400, 413, 415, 422];

#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    url: Uri,
    token_file: Option<PathBuf>,
}

/// The reason why the next hop did not accept a payload.
#[derive(Debug)]
pub(super) struct SendError {
    pub(super) why: String,
    /// Whether another attempt may succeed.
    pub(super) passes: bool,
    /// Seconds to wait, from the header `Retry-After`.
    pub(super) after: Option<u64>,
}

impl Client {
    pub(super) fn new(hop: &NextHop) -> Result<Self, String> {
        let url: Uri = hop.url.parse().map_err(|it| wrong_url(&hop.url, &it))?;
        if !matches!(url.scheme_str(), Some("http" | "https")) || url.host().is_none_or(str::is_empty) {
            return Err(wrong_url(&hop.url, &"it has no scheme or no host"));
        }
        let roots = match &hop.ca_file {
            Some(path) => RootCerts::new_with_certs(&certificates(path)?),
            None => RootCerts::PlatformVerifier,
        };
        let config = Agent::config_builder()
            .timeout_global(Some(ATTEMPT))
            .timeout_connect(Some(ATTEMPT / 2))
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .user_agent(concat!("measurand-webhook/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            // A redirect would turn the POST into a GET, and could send the token to another host.
            .max_redirects(0)
            .build();
        let client = Self { agent: config.into(), url, token_file: hop.token_file.clone() };
        client.token().map_err(|it| it.why)?;
        Ok(client)
    }

    /// The token, read again for each payload, so that a new token is used immediately.
    fn token(&self) -> Result<Option<String>, SendError> {
        let Some(path) = &self.token_file else { return Ok(None) };
        match read_text(path, TOKEN_BYTES_MAX) {
            Ok(text) if !text.trim().is_empty() => Ok(Some(format!("Bearer {}", text.trim()))),
            Ok(_) => Err(SendError::passing(&format!("the token of the next hop in `{}` is empty", path.display()))),
            Err(error) => Err(SendError::passing(&format!("the token of the next hop is missing: {error}"))),
        }
    }

    /// Sends one payload to the next hop.
    ///
    /// # Runbook
    /// Check whether the next hop answers, and read this server's log. Payloads stay queued for `--keep-days`.
    #[measured]
    pub(super) fn send(&self, body: &[u8]) -> Result<(), SendError> {
        let mut request = self.agent.post(&self.url).header(CONTENT_TYPE, "application/json");
        if let Some(token) = self.token()? {
            request = request.header(AUTHORIZATION, token);
        }
        let mut response = request.send(body).map_err(|it| SendError::passing(&it.to_string()))?;
        let status = response.status().as_u16();
        if (200..300).contains(&status) {
            // The connection can be reused only if its answer has been read.
            let _ = response.body_mut().with_config().limit(64 * 1024).read_to_vec();
            return Ok(());
        }
        let after = response.headers().get(RETRY_AFTER).and_then(|it| it.to_str().ok()?.parse().ok());
        Err(SendError { why: format!("it answered with status {status}"), passes: !NEVER.contains(&status), after })
    }
}

impl SendError {
    fn passing(why: &str) -> Self {
        Self { why: why.to_owned(), passes: true, after: None }
    }
}

fn wrong_url(url: &str, why: &dyn std::fmt::Display) -> String {
    // The part before `@` may contain a password.
    let shown = url.rsplit_once('@').map_or(url, |(_, it)| it);
    format!("`{shown}` is not an address to forward to: {why}; help: write `--forward https://host:port/path`")
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let found = certificates_in("certificates of the next hop", path);
    let found = found.map_err(|it| format!("{it}, as in `--forward-ca-file ca.pem`"))?;
    Ok(found.iter().map(|it| Certificate::from_der(it).to_owned()).collect())
}
