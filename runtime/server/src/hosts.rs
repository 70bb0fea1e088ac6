//! The hosts that a request may name.
//!
//! A server on a loopback address is open to its own machine, and so to every browser there. If a website's name
//! resolves to 127.0.0.1 at the second look-up (DNS rebinding), the website has the same origin as the server and can
//! read its answers. But its requests still name the website in `Host`. A request that changes something must also have
//! the server's own `Origin`, if it has one: websites can send such requests without reading the answers.

use crate::limits::Event;
use axum::Router;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, HOST, ORIGIN, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The environment variable with additional host names, separated by commas, for a server on a loopback address.
pub const HOSTS_VARIABLE: &str = "MEASURAND_HOSTS";

/// The hosts that requests may name: `localhost`, its subdomains, loopback addresses, and configured names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts {
    names: Arc<[String]>,
}

impl Hosts {
    /// Creates the set of these names and those in [`HOSTS_VARIABLE`].
    #[must_use]
    pub fn new(names: &[String]) -> Self {
        let environment = std::env::var(HOSTS_VARIABLE).unwrap_or_default();
        let all = names.iter().map(String::as_str).chain(environment.split(','));
        Self { names: all.map(|it| it.trim().to_ascii_lowercase()).filter(|it| !it.is_empty()).collect() }
    }

    /// Returns the hosts for a server that listens on this address; `None` if it is not a loopback address. Such a
    /// server is reached by names that it cannot know.
    #[must_use]
    pub fn of_listener(address: SocketAddr, names: &[String]) -> Option<Self> {
        address.ip().to_canonical().is_loopback().then(|| Self::new(names))
    }

    /// Wraps routes so that they answer only requests for these hosts, for a third-party server.
    pub fn protect(self, routes: Router) -> Router {
        let guard = move |request: Request, next: Next| {
            let refusal = self.refusal(request.method(), request.uri(), request.headers());
            async move {
                match refusal {
                    Some((_, response)) => response,
                    None => next.run(request).await,
                }
            }
        };
        routes.layer(from_fn(guard))
    }

    /// Returns the reason for a refusal and its answer. A request without a host is accepted: browsers always send one.
    #[must_use]
    pub fn refusal(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<(Event, Response)> {
        let named = headers.get_all(HOST).into_iter().map(|it| it.to_str().unwrap_or("?"));
        let named = named.chain(uri.authority().map(Authority::as_str)).filter(|it| !it.is_empty());
        if !named.into_iter().all(|it| self.knows(it)) {
            let why = "unknown host; use `localhost` or `127.0.0.1`, or add the host to the program's environment \
                       variable `MEASURAND_HOSTS`\n";
            return Some((Event::Host, refused(StatusCode::MISDIRECTED_REQUEST, why)));
        }
        self.foreign_origin(method, headers)
    }

    /// Checks only the origin, which matters on every address.
    pub(crate) fn foreign_origin(&self, method: &Method, headers: &HeaderMap) -> Option<(Event, Response)> {
        if [Method::GET, Method::HEAD, Method::OPTIONS].contains(method) {
            return None;
        }
        let host = headers.get(HOST).and_then(|it| it.to_str().ok());
        let is_own = |it: &HeaderValue| {
            let origin = it.to_str().ok().and_then(|it| it.split_once("://")).map(|it| it.1);
            origin.is_some_and(|it| host.is_some_and(|host| host.eq_ignore_ascii_case(it)) || self.is_configured(it))
        };
        let why = "refused a request from another website; send it from the server's own page or without a browser\n";
        let is_foreign = !headers.get_all(ORIGIN).into_iter().all(is_own);
        is_foreign.then(|| (Event::Origin, refused(StatusCode::FORBIDDEN, why)))
    }

    fn knows(&self, authority: &str) -> bool {
        let Some(host) = host(authority) else { return false };
        let is_loopback = |it: IpAddr| it.to_canonical().is_loopback();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse();
        host == "localhost"
            || host.ends_with(".localhost")
            || address.is_ok_and(is_loopback)
            || self.names.contains(&host)
    }

    fn is_configured(&self, authority: &str) -> bool {
        host(authority).is_some_and(|it| self.names.contains(&it))
    }
}

/// Returns the host without the port, in lower case.
fn host(authority: &str) -> Option<String> {
    let authority: Authority = authority.parse().ok()?;
    let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
    (!host.is_empty() && !authority.as_str().contains('@')).then_some(host)
}

fn refused(status: StatusCode, why: &'static str) -> Response {
    let headers = [(X_CONTENT_TYPE_OPTIONS, "nosniff"), (X_FRAME_OPTIONS, "DENY"), (CACHE_CONTROL, "no-store")];
    (status, headers, why).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str], host: &str, expected: bool) {
        let names: Vec<String> = names.iter().map(|it| (*it).to_owned()).collect();
        let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_str(host).unwrap())]);
        let refusal = Hosts::new(&names).refusal(&Method::GET, &Uri::from_static("/"), &headers);
        assert_eq!(refusal.is_none(), expected, "{host}");
    }

    #[test]
    fn loopback_names_and_configured_ones_are_known() {
        for host in [
            "localhost",
            "LocalHost:3000",
            "localhost.",
            "app.localhost:1",
            "127.0.0.1:3000",
            "127.9.9.9",
            "[::1]:3000",
            "[::ffff:127.0.0.1]",
            "",
        ] {
            check(&[], host, true);
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:3000",
            "evillocalhost",
            "0.0.0.0:3000",
            "10.0.0.1",
            "[::2]",
            "user@localhost",
            "localhost:3000:1",
            "a b",
            "?",
        ] {
            check(&["shop.example"], host, false);
        }
        check(&["Shop.example", "other"], "shop.example:80", true);
        check(&["shop.example"], "www.shop.example", false);
    }

    #[test]
    fn an_absolute_target_and_each_of_several_hosts_count() {
        let hosts = Hosts::default();
        let refused = |uri: &'static str, named: &[&'static str]| {
            let headers = named.iter().map(|it| (HOST, HeaderValue::from_static(it))).collect();
            hosts.refusal(&Method::GET, &Uri::from_static(uri), &headers).is_some()
        };
        assert!(!refused("/", &[]) && !refused("http://localhost:1/", &["localhost"]));
        assert!(refused("http://evil.example/", &["localhost"]) && refused("/", &["localhost", "evil.example"]));
    }

    #[test]
    fn what_changes_something_comes_from_the_server_itself() {
        let hosts = Hosts::new(&["shop.example".to_owned()]);
        let event = |method: Method, origin: &'static str| {
            let mut headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("localhost:3000"))]);
            if !origin.is_empty() {
                headers.insert(ORIGIN, HeaderValue::from_static(origin));
            }
            hosts.refusal(&method, &Uri::from_static("/"), &headers).map(|it| it.0)
        };
        for origin in ["", "http://localhost:3000", "https://LOCALHOST:3000", "https://shop.example"] {
            assert_eq!(event(Method::POST, origin), None, "{origin}");
        }
        for origin in
            ["null", "http://evil.example", "http://localhost:8000", "http://127.0.0.1:3000", "localhost:3000"]
        {
            assert_eq!(event(Method::POST, origin), Some(Event::Origin), "{origin}");
            assert_eq!(event(Method::DELETE, origin), Some(Event::Origin), "{origin}");
            assert_eq!(event(Method::GET, origin), None, "{origin}");
        }
    }
}
