//! An HTTP server for few requests and many hostile clients. Connections are bounded in number and time, and the least
//! active ones are closed in favour of new ones. With the feature `tls` it encrypts connections and authenticates
//! clients.
//!
//! It serves any router, and knows neither metrics nor alerts.

// docs.rs shows the feature that each item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]
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
