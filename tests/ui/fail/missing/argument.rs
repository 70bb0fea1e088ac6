use measurand::{neural_op, timed_query, verified};

#[neural_op]
fn learn() {}

#[timed_query("select")]
fn load() {}

#[timed_query()]
fn store() {}

#[verified(threshold = 0.9)]
fn verify() -> f64 {
    1.0
}

fn main() {
    learn();
    load();
    store();
    verify();
}
