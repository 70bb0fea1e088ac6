//! Results that are neither a number nor the result of a look-up.

use measurand::{cache_lookup, coordination, pattern_confidence, pattern_memory, task_queue};

#[pattern_memory]
fn text() -> String {
    String::new()
}

#[task_queue]
async fn length() -> Result<Vec<u32>, String> {
    Ok(Vec::new())
}

#[coordination]
fn perhaps() -> Option<bool> {
    None
}

#[cache_lookup("embeddings")]
fn look_up() -> bool {
    true
}

#[cache_lookup("embeddings")]
async fn look_up_later() -> Result<u32, String> {
    Ok(1)
}

#[pattern_confidence("coordination")]
fn confidence() -> (f64, f64) {
    (1.0, 1.0)
}

fn main() {
    text();
    let _ = length();
    perhaps();
    look_up();
    let _ = look_up_later();
    confidence();
}
