//! What is generated, seen from outside: as a library's user, as `promtool` and as a shell see it.

#[cfg(feature = "cli")]
mod cli;
mod dashboard;
mod delivery;
mod hostile;
mod objectives;
mod proofs;
mod queries;
mod rules;
mod runbook;
mod severity;
mod shipped;
mod support;
mod unit_tests;
