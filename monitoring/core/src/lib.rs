//! Dashboards and rules computed from a program's catalog.
//!
//! ```text
//! query ◄── model ◄── build ◄── write, live
//! ```
//!
//! - [`query`]: the language of all panels and rules. Its two back ends print PromQL ([`query::promql`]) and evaluate
//!   samples in memory ([`query::evaluate`]).
//! - [`model`]: rows of panels, recording rules and alerts as plain data.
//! - `build`: builds the model of a catalog.
//! - `write`: files for Grafana, Prometheus, Alertmanager, Kubernetes and Compose, runbooks, and tests of alerts.
//! - [`live`]: the data of a page inside the program.
//!
//! [`Monitoring::new`] builds the model, and [`Monitoring::files`] writes it.
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

#[doc(hidden)]
#[allow(clippy::must_use_candidate, reason = "only `measurand-check` uses it")]
pub mod build;
pub mod live;
mod markdown;
pub mod model;
pub mod query;
pub mod sizing;
mod write;

pub use build::validate::problems;
pub use model::burn_rate::{BurnRateAlert, BurnRateWindows};
pub use model::monitoring::{Monitoring, NamedQuery, User};
pub use model::options::{
    Changed, DashboardModel, Options, PrometheusOptions, Receivers, RemoteStore, Slack, WorkingHours,
};
pub use model::problem::Problem;
pub use write::{File, Growth, PROGRAMS_UID, Pair, RUNBOOK_POLICY, runbook_page, web_config};
