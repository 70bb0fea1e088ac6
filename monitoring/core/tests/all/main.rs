//! What is generated, seen from outside: as a user of the library and as `promtool` see it.

mod compose;
mod coverage;
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
mod tools;
mod unit_tests;
