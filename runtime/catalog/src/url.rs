//! Fetches a catalog from a running program. The answer may be hostile: it is bounded in time and in size.

use crate::catalog::Catalog;
use crate::text::{shown, shown_error};
use std::fmt;
use std::io::{ErrorKind, Read};
use std::time::Duration;
use ureq::http::Uri;
use ureq::http::header::LOCATION;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Error, Timeout};

/// The path of a program's catalog.
const PATH: &str = "/catalog.json";

/// The reason why an address gave no catalog: one line that names the address, without its password, and says what to
/// do.
#[derive(Debug)]
#[non_exhaustive]
pub struct UrlError {
    /// The requested address, without user, password and query.
    pub url: String,
    /// The problem.
    pub reason: UrlErrorReason,
}

/// The problem with an address or with its answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum UrlErrorReason {
    /// It is not an HTTP address.
    NotAddress,
    /// There was no connection, or it broke; the text says why.
    NoAnswer(String),
    /// The answer has this status instead of 200.
    Status(u16),
    /// The answer says that the catalog has moved to this address.
    Moved(String),
    /// The answer has more bytes than this limit.
    TooLarge(u64),
    /// The answer is not a catalog; the text says why, and what to do.
    NotCatalog(String),
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.url;
        match &self.reason {
            UrlErrorReason::NotAddress => {
                write!(f, "`{url}` is not the address of a program; write `http://host:port`, or the path of a program")
            }
            UrlErrorReason::NoAnswer(why) => write!(
                f,
                "no answer from `{url}`: {why}; is the program running, and does it install the exporter \
                 (`measurand::exporter::install()`)?"
            ),
            UrlErrorReason::Status(status @ (401 | 403)) => write!(
                f,
                "`{url}` answered with status {status}; add a user and password: `http://user:password@host:port`"
            ),
            UrlErrorReason::Status(status) => write!(
                f,
                "`{url}` answered with status {status}; is this the address of the exporter \
                 (`measurand::exporter::install()`)?"
            ),
            UrlErrorReason::Moved(to) => write!(f, "`{url}` has moved to `{to}`; use that address, if you trust it"),
            UrlErrorReason::TooLarge(limit) => {
                write!(
                    f,
                    "`{url}` sends more than {limit} bytes, too many for a catalog; is this the exporter's address?"
                )
            }
            UrlErrorReason::NotCatalog(why) => write!(f, "cannot use the answer of `{url}`: {why}"),
        }
    }
}

impl std::error::Error for UrlError {}

/// Fetches another document of a program than its catalog, such as `/live/functions`. The address may end in the path
/// of the catalog, which `path` replaces.
///
/// # Errors
/// If the address is invalid, no complete answer arrives within 10 seconds, or the answer has more than 64 MiB.
pub fn read_path(url: &str, path: &str) -> Result<Vec<u8>, UrlError> {
    let Some(mut address) = Address::new(url) else {
        return Err(UrlError { url: without_secrets(url), reason: UrlErrorReason::NotAddress });
    };
    if let Some(base) = address.path.strip_suffix(PATH) {
        address.path = format!("{base}{path}");
    }
    body(&address, &Limits::LIVE).map_err(|reason| UrlError { url: address.shown(), reason })
}

/// Fetches the catalog of a running program.
///
/// The address is `http://host:port`, with a path if the endpoint has one; `/catalog.json` is appended unless the path
/// ends in `.json`. A user and password before the host are sent as basic authentication. The certificate verifier of
/// the operating system checks `https`. Redirects are not followed.
///
/// The limits are 5 seconds for connecting and 30 seconds in total.
///
/// # Errors
/// If the address is invalid, no complete answer arrives in time, or the answer is not a catalog or has more than 256
/// MiB.
pub fn read_url(url: &str) -> Result<Catalog, UrlError> {
    fetch(url, &Limits::DEFAULT)
}

struct Limits {
    connect: Duration,
    all: Duration,
    body_bytes: u64,
}

impl Limits {
    /// For data that is fetched repeatedly for a live view, of up to a hundred thousand functions.
    const LIVE: Self = Self { connect: Duration::from_secs(5), all: Duration::from_secs(10), body_bytes: 64 << 20 };
    const DEFAULT: Self = Self { connect: Duration::from_secs(5), all: Duration::from_secs(30), body_bytes: 256 << 20 };
}

fn fetch(url: &str, limits: &Limits) -> Result<Catalog, UrlError> {
    let Some(address) = Address::new(url) else {
        return Err(UrlError { url: without_secrets(url), reason: UrlErrorReason::NotAddress });
    };
    ask(&address, limits).map_err(|reason| UrlError { url: address.shown(), reason })
}

fn ask(address: &Address, limits: &Limits) -> Result<Catalog, UrlErrorReason> {
    Catalog::from_json(&body(address, limits)?).map_err(UrlErrorReason::NotCatalog)
}

fn body(address: &Address, limits: &Limits) -> Result<Vec<u8>, UrlErrorReason> {
    let failed = |error: Error| no_answer(&error, limits);
    let mut config = Agent::config_builder()
        .timeout_resolve(Some(limits.connect))
        .timeout_connect(Some(limits.connect))
        .timeout_global(Some(limits.all))
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .user_agent(concat!("measurand/", env!("CARGO_PKG_VERSION")))
        .http_status_as_error(false)
        .max_redirects(0);
    if address.is_loopback() {
        // A proxy cannot reach a loopback address of this machine.
        config = config.proxy(None);
    }
    let agent: Agent = config.build().into();
    let response = agent.get(address.full()).call().map_err(failed)?;
    let status = response.status();
    if let Some(to) = response.headers().get(LOCATION).filter(|_| status.is_redirection()) {
        return Err(UrlErrorReason::Moved(without_secrets(&String::from_utf8_lossy(to.as_bytes()))));
    }
    if status.as_u16() != 200 {
        return Err(UrlErrorReason::Status(status.as_u16()));
    }
    let limit = limits.body_bytes;
    let mut body = Vec::new();
    // Reading one byte more than allowed distinguishes a body that is too long from one that just fits.
    let mut reader = response.into_body().into_with_config().limit(limit + 2).reader().take(limit + 1);
    reader.read_to_end(&mut body).map_err(|error| failed(error.into()))?;
    if body.len() as u64 > limit {
        return Err(UrlErrorReason::TooLarge(limit));
    }
    Ok(body)
}

fn no_answer(error: &Error, limits: &Limits) -> UrlErrorReason {
    let why = match error {
        Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
            format!("no connection within {} s", limits.connect.as_secs_f64())
        }
        Error::Timeout(_) => format!("not complete within {} s", limits.all.as_secs_f64()),
        Error::HostNotFound => "no host has this name".to_owned(),
        Error::ConnectionFailed => "no connection".to_owned(),
        Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused => "connection refused".to_owned(),
            ErrorKind::ConnectionReset => "connection reset".to_owned(),
            ErrorKind::UnexpectedEof => "the connection ended too early".to_owned(),
            _ => shown_error(error),
        },
        // These messages repeat addresses, and passwords with them.
        Error::BadUri(_) | Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => "the proxy refuses".to_owned(),
        error => shown(&error.to_string()),
    };
    UrlErrorReason::NoAnswer(why)
}

/// The parts of an HTTP address.
struct Address {
    scheme: &'static str,
    /// Ends with `@`, or is empty.
    user: String,
    host: String,
    path: String,
    /// Starts with `?`, or is empty.
    query: String,
}

impl Address {
    fn new(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let scheme = match uri.scheme_str()? {
            it if it.eq_ignore_ascii_case("http") => "http",
            it if it.eq_ignore_ascii_case("https") => "https",
            _ => return None,
        };
        let authority = uri.authority()?.as_str();
        let (user, host) = authority.rfind('@').map_or(("", authority), |at| authority.split_at(at + 1));
        // A password that ends the authority early (`user:pa/ss@host`) is not a port, and must not be shown as one.
        let port = host
            .rsplit_once(':')
            .map_or("", |(_, port)| port)
            .trim_end_matches(|it: char| it.is_ascii_hexdigit() || it == ']');
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        if name.is_empty() || !port.is_empty() {
            return None;
        }
        let mut path = uri.path().to_owned();
        if path.strip_suffix(".json").is_none() {
            path.truncate(path.trim_end_matches('/').len());
            path.push_str(PATH);
        }
        let query = uri.query().map_or_else(String::new, |it| format!("?{it}"));
        Some(Self { scheme, user: user.to_owned(), host: host.to_owned(), path, query })
    }

    fn full(&self) -> String {
        let Self { scheme, user, host, path, query } = self;
        format!("{scheme}://{user}{host}{path}{query}")
    }

    /// The address without the parts that may be secret: a password is before the host, a token in the query.
    fn shown(&self) -> String {
        shown(&format!("{}://{}{}", self.scheme, self.host, self.path))
    }

    fn is_loopback(&self) -> bool {
        let host = match self.host.strip_prefix('[') {
            Some(bracketed) => bracketed.split(']').next(),
            None => self.host.split(':').next(),
        };
        let host = host.unwrap_or_default();
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|it| it.is_loopback())
    }
}

/// Removes secrets from an invalid address: a password may be anywhere before the last `@`, and a token after `?`.
fn without_secrets(url: &str) -> String {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    let rest = url.rsplit_once('@').map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    if rest.len() < url.len() && !rest.contains("://") && !scheme.is_empty() && !scheme.contains(['@', '?', '#']) {
        shown(&format!("{scheme}://{rest}"))
    } else {
        shown(rest)
    }
}

#[cfg(test)]
mod tests;
