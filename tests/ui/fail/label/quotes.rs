//! Forgotten quotes.

use measurand::{measured, neural_op, timed_query, verified};

#[neural_op(learning)]
fn word() {}

#[timed_query(select, table = "patterns")]
fn with_arguments(id: u64, name: &str) {}

#[timed_query("select", table = user-events)]
fn dash() {}

#[verified(coder)]
fn verify(score: f64) -> f64 {
    score
}

#[measured(checkout)]
fn own_name() {}

#[timed_query("select", table = 'p')]
fn character() {}

#[timed_query("select", table = table)]
fn local() {
    let table = "patterns";
    let _ = table;
}

struct Thing;

impl Thing {
    #[neural_op(learnt)]
    fn method(&self) {}
}

fn main() {
    word();
    with_arguments(1, "");
    dash();
    verify(1.0);
    own_name();
    character();
    local();
    Thing.method();
}
