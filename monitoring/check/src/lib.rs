//! Finds mistakes in rule files and dashboards, and differences between them and a program.
//!
//! - [`lint`] checks files on their own.
//! - [`check()`] compares files with a program's catalog.
//! - [`diff`](mod@diff) compares two versions of a catalog.
//! - [`explain`] describes a function or a metric: labels, series, queries, alerts and panels.
//! - [`Settings`] reads `monitoring.toml`.
//!
//! The command `cargo measurand` prints the results. Users call [`assert_current!`] in their own tests.

#![forbid(unsafe_code)]

mod check;
mod current;
pub mod diff;
pub mod explain;
mod finding;
mod lint;
mod metric_index;
mod read;
mod settings;
mod suggest;

pub use check::check;
pub use finding::{Finding, NamedRule, Origin, RULES, rule_named};
pub use lint::lint;
pub use settings::{Settings, absolute_url};

/// Functions for macros, tests and fuzz targets.
#[doc(hidden)]
pub mod __private {
    pub use crate::current::assert_current;
    pub use crate::finding::rules_page;
    pub use crate::lint::lint_text;
}
