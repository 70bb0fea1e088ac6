//! What is generated, seen from outside: as a library's user, as `promtool` and as a shell see it.

#[cfg(feature = "check")]
mod check;
#[cfg(feature = "cli")]
mod cli;
mod compose;
mod coverage;
#[cfg(feature = "check")]
mod current;
mod dashboard;
mod delivery;
#[cfg(feature = "check")]
mod diff;
#[cfg(feature = "check")]
mod explain;
mod hostile;
#[cfg(all(feature = "cli", unix))]
mod limits;
#[cfg(feature = "check")]
mod lint;
#[cfg(feature = "check")]
mod lint_dashboards;
mod objectives;
mod proofs;
mod queries;
mod rules;
mod runbook;
#[cfg(feature = "check")]
mod settings;
mod severity;
mod shipped;
mod sizing;
mod support;
mod switches;
mod terminal;
mod tools;
mod unit_tests;
mod up;
