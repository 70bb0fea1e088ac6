//! Functions that do not return the value that their attribute records.

use measurand::{cache_lookup, pattern_confidence, pattern_memory, task_queue};

#[pattern_memory]
fn level() {}

#[task_queue]
async fn level_later() {}

#[cache_lookup("embeddings")]
fn look_up() {}

#[cache_lookup("embeddings")]
fn never() -> ! {
    loop {}
}

#[pattern_confidence("coordination")]
fn confidence() {}

fn main() {
    level();
    let _ = level_later();
    look_up();
    confidence();
    never();
}
