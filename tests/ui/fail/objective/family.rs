//! Objectives that the family cannot measure.

use measurand::{cache_lookup, pattern_learned, pattern_retrieval, task, verified};

#[pattern_retrieval(slo(success = 99.9))]
fn no_errors() {}

#[task("feature", slo(latency = "10ms" @ 99))]
fn no_duration() {}

#[pattern_learned(slo(success = 99, latency = "10ms" @ 99))]
fn neither() {}

#[verified("coder", slo(success = 99))]
fn scored() -> f64 {
    1.0
}

#[cache_lookup("embeddings", slo(latency = "1ms" @ 99))]
fn look_up() -> Option<u32> {
    None
}

fn main() {
    no_errors();
    no_duration();
    neither();
    scored();
    look_up();
}
