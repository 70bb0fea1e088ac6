use measurand::{neural_op, timed_query, verified};

#[timed_query("select", table = "patterns", table = "agents")]
fn load() {}

#[neural_op("learning", operation_type = "retrieval")]
fn learn() {}

#[verified("coder", threshold = 0.9, threshold = 0.8)]
fn verify() -> f64 {
    1.0
}

fn main() {
    load();
    learn();
    verify();
}
