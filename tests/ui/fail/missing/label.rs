//! Missing labels that an attribute requires.

use measurand::{cache_lookup, goap_plan, outgoing, pattern_confidence, task, timed_query};

#[cache_lookup]
fn look_up() -> Option<u32> {
    None
}

#[goap_plan()]
fn plan() {}

#[task(owner = "search")]
fn work() {}

#[pattern_confidence]
fn confidence() -> f64 {
    1.0
}

#[timed_query(table = "patterns")]
async fn load() {}

#[outgoing(operation = "charge")]
fn charge() {}

fn main() {
    look_up();
    plan();
    work();
    confidence();
    let _ = load();
    charge();
}
