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
//! let monitoring = Monitoring::new(&catalog, &Options { job: Some("shop".to_owned()), ..Options::default() });
//! let names: Vec<_> = monitoring.files().into_iter().map(|it| it.name).collect();
//! assert_eq!(names[..3], ["grafana-dashboard.json", "alerts.yml", "recording-rules.yml"]);
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod alertmanager;
mod alerts;
mod burns;
#[cfg(feature = "check")]
mod check;
mod compose;
#[cfg(feature = "check")]
mod current;
#[cfg(feature = "check")]
pub mod diff;
pub mod evaluate;
#[cfg(feature = "check")]
pub mod explain;
mod family;
#[cfg(feature = "check")]
mod finding;
mod grafana;
mod growing;
#[cfg(feature = "check")]
mod known;
mod kubernetes;
mod layout;
#[cfg(feature = "check")]
mod lint;
pub mod live;
mod markdown;
pub mod model;
mod monitoring;
#[cfg(feature = "check")]
mod near;
mod objectives;
mod options;
mod panels;
mod prometheus;
pub mod promql;
mod proof;
mod provisioning;
pub mod query;
#[cfg(feature = "check")]
mod read;
mod recording;
mod runbook;
mod server;
#[cfg(feature = "check")]
mod settings;
pub mod sizing;
pub mod stack;
mod validate;
mod web;
mod yaml;

#[cfg(feature = "check")]
pub use check::check;
#[cfg(feature = "check")]
pub use finding::{Finding, NamedRule, Origin, RULES, rule_named};
#[cfg(feature = "check")]
pub use lint::lint;
pub use monitoring::{File, Monitoring, NamedQuery, User};
#[cfg(feature = "check")]
pub use settings::Settings;
pub use validate::{Problem, problems};

/// What macros and fuzzers call.
#[cfg(feature = "check")]
#[doc(hidden)]
pub mod __private {
    pub use crate::current::assert_current;
    pub use crate::finding::rules_page;
    pub use crate::lint::lint_text;
}
pub use burns::{Burn, Pair};
pub use growing::Growth;
pub use options::{Changed, Options, Receivers};
