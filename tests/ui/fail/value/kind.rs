use measurand::{measured, neural_op, timed_query, verified};

const TABLE: &str = "patterns";

#[timed_query("select", table = TABLE)]
fn constant() {}

#[timed_query("select", table = concat!("a", "b"))]
fn macro_call() {}

#[timed_query("select", table = 5)]
fn number() {}

#[neural_op(b"learning")]
fn bytes() {}

#[verified("coder", threshold = "0.9")]
fn text() -> f64 {
    1.0
}

#[measured(severity = P1)]
fn word() {}

#[measured(crate = "measurand")]
fn path() {}

fn main() {
    let _ = TABLE;
    constant();
    macro_call();
    number();
    bytes();
    text();
    word();
    path();
}
