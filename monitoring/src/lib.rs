//! Dashboards and rules computed from a program's catalog.
//!
//! ```text
//! Catalog ──► Monitoring ──► Grafana's JSON, Prometheus' YAML
//!              rows of panels, recording rules, alerts: plain data
//!              every panel and rule asks its question in one small language (`query`)
//! ```
//!
//! [`Monitoring::new`] is the whole way in, [`Monitoring::files`] the way out. The command `cargo measurand` is a thin
//! shell around the two.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use measurand_monitoring::{Monitoring, Options};
//!
//! let catalog = measurand_catalog::parse(b"")?;
//! let monitoring = Monitoring::new(&catalog, &Options { job: Some("shop".to_owned()), ..Options::default() })?;
//! let names: Vec<_> = monitoring.files().into_iter().map(|it| it.name).collect();
//! assert_eq!(names[..3], ["grafana-dashboard.json", "alerts.yml", "recording-rules.yml"]);
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod alertmanager;
mod alerts;
mod family;
mod grafana;
mod kubernetes;
mod layout;
mod markdown;
pub mod model;
mod monitoring;
mod objectives;
mod options;
mod panels;
mod prometheus;
pub mod promql;
mod proof;
pub mod query;
mod recording;
mod runbook;
mod server;
mod validate;
mod yaml;

pub use monitoring::{File, Invalid, Monitoring, NamedQuery, User};
pub use options::{Options, Receivers};
