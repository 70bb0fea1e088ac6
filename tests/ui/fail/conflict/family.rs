//! Predicates for a family that does not record the outcome of a call.

use measurand::{cache_lookup, goap_plan, pattern_confidence, pattern_memory, pattern_retrieval};

#[pattern_memory(ok_if = |it| *it > 0)]
fn level() -> u64 {
    1
}

#[cache_lookup("embeddings", error_if = |it| it.is_none())]
fn look_up() -> Option<u32> {
    None
}

#[pattern_retrieval(ok_if = Result::is_ok)]
fn retrieve() -> Result<u32, ()> {
    Ok(1)
}

#[goap_plan("deploy", error_if = |_| true)]
fn plan() {}

#[pattern_confidence("coordination", ok_if = |it| *it > 0.5)]
fn confidence() -> f64 {
    1.0
}

fn main() {
    level();
    look_up();
    let _ = retrieve();
    plan();
    confidence();
}
