//! A server for few requests and any number of clients that mean harm: connections are bounded in number and time, and
//! the ones that do least give way to new ones. With the feature `tls` they are encrypted, and asked who they are.
//!
//! It serves a router that it is given, and knows neither metrics nor alerts.

#![forbid(unsafe_code)]

#[cfg(feature = "tls")]
mod access;
mod address;
#[cfg(feature = "tls")]
mod auth;
mod connection;
#[cfg(feature = "tls")]
mod files;
#[cfg(feature = "tls")]
mod handshakes;
mod hosts;
mod limits;
mod registry;
mod server;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tls")]
mod web_config;

#[cfg(feature = "tls")]
pub use access::{Access, AccessFiles, Current, Warn};
pub use address::{Client, network};
#[cfg(feature = "tls")]
pub use auth::{Authentication, Verdict, hash_password};
pub use hosts::{HOSTS_VARIABLE, Hosts};
pub use limits::{Event, Limits};
pub use server::Server;
#[cfg(feature = "tls")]
pub use tls::{ClientCertificates, TlsFiles, certificates_in};
