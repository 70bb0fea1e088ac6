//! Reads rule files, dashboards and settings, and judges them: alone ([`lint`]), against a program's catalog ([`check`]), or
//! against another version of it ([`diff`](mod@diff)). [`explain`] says what a function or a metric is used for.
//!
//! The command `cargo measurand` prints what these functions find. Tests of a user's crate call [`assert_current!`].

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
pub use settings::Settings;

/// What macros and fuzzers call.
#[doc(hidden)]
pub mod __private {
    pub use crate::current::assert_current;
    pub use crate::finding::rules_page;
    pub use crate::lint::lint_text;
}
