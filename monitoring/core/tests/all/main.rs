//! The generated files, as users of the library and `promtool` see them.

mod compose;
mod coverage;
mod dashboard;
mod delivery;
mod grafana;
mod hostile;
mod objectives;
mod proofs;
mod queries;
mod rules;
mod runbook;
mod severity;
mod shipped;
mod signals;
#[expect(dead_code, reason = "other tests use the rest")]
mod support;
mod tools;
mod unit_tests;

/// Returns the value of a YAML text.
pub(crate) fn yaml(text: &str) -> serde_json::Value {
    serde_saphyr::from_str(text).expect("YAML")
}
