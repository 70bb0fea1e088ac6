//! Arguments of other attributes or of other crates.

use measurand::{cache_lookup, measured, neural_op, pattern_memory, task, timed_query};

#[neural_op("learning", table = "patterns")]
fn of_another() {}

#[measured(threshold = 0.9)]
fn no_score() {}

#[measured(rollback = undo())]
fn no_rollback() {}

#[measured(name = "checkout")]
fn name() {}

#[timed_query("select", table_name = "patterns")]
fn longer() {}

#[task("feature", status = "success")]
fn own_label() {}

#[cache_lookup(name = "embeddings")]
fn wrong_key() -> Option<u32> {
    None
}

#[pattern_memory("bytes")]
fn no_label() -> u64 {
    1
}

#[measured(err)]
fn autometrics() {}

fn main() {
    of_another();
    no_score();
    no_rollback();
    name();
    longer();
    own_label();
    wrong_key();
    no_label();
    autometrics();
}
