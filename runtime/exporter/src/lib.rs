//! The recorder and the Prometheus endpoint of Measurand.
//!
//! - [`Recorder`] stores every metric in bounded memory: those that a table of [`measurand_catalog`] describes, and all
//!   others that are recorded through the `metrics` facade. It renders them as text.
//! - [`Builder`] installs it as the global recorder and serves `/metrics`, `/catalog.json` and `/healthz`, from its own
//!   thread ([`Builder::install`]) or as part of an existing application ([`Builder::router`]).
//!
//! The crate does not depend on annotations: a [`Program`] describes the metrics to export. No recording, request
//! or scrape makes it panic or blocks the application.

// docs.rs shows the feature that each item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod builder;
mod clock;
mod error;
mod exporter;
#[doc(hidden)]
pub mod fast_path;
mod global;
mod history;
mod http;
#[doc(hidden)]
pub mod incidents;
mod live;
mod platform;
mod program;
#[cfg(feature = "push")]
mod push;
mod recorder;
mod recorder_state;
#[doc(hidden)]
pub mod redact;
mod render;
mod stderr;
mod storage;
mod upkeep;

pub use builder::Builder;
pub use error::Error;
pub use exporter::Exporter;
pub use http::access::WEB_CONFIG_VARIABLE;
pub use http::listen::{DEFAULT_ADDRESS, LISTEN_VARIABLE};
pub use http::request_limits::Limits;
pub use measurand_server::{HOSTS_VARIABLE, Hosts, Limits as ServerLimits};
pub use program::{COMMIT_VARIABLE, Program};
#[cfg(feature = "push")]
pub use push::Push;
pub use recorder::Recorder;
