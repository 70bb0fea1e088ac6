//! The address on which the endpoint listens.

use crate::error::Error;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

/// The default address, which only this machine can reach.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:3000";
/// The environment variable with the address to listen on. [`crate::Builder::listen`] takes precedence.
pub const LISTEN_VARIABLE: &str = "MEASURAND_LISTEN";

/// Returns the given address, or else that of the environment, or else the default.
pub(crate) fn address(given: Option<&str>) -> String {
    let environment = || std::env::var(LISTEN_VARIABLE).ok().filter(|it| !it.is_empty());
    given.map(str::to_owned).or_else(environment).unwrap_or_else(|| DEFAULT_ADDRESS.to_owned())
}

/// Listens on the address.
pub(crate) fn bind(given: &str) -> Result<TcpListener, Error> {
    let wrong = |reason: &str| Error::Address { given: given.to_owned(), reason: reason.to_owned() };
    let (host, port) = given.rsplit_once(':').ok_or_else(|| wrong("it has no port"))?;
    if port.parse::<u16>().is_err() {
        return Err(wrong("its port is not a number from 0 to 65535"));
    }
    if host.is_empty() {
        return Err(wrong("it has no host"));
    }
    let addresses: Vec<SocketAddr> =
        given.to_socket_addrs().map_err(|error| wrong(&format!("the host is not found ({error})")))?.collect();
    TcpListener::bind(addresses.as_slice()).map_err(|source| Error::Listen { address: given.to_owned(), source })
}
