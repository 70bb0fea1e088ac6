use measurand::{measured, neural_op, timed_query, verified};

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

#[timed_query("select", table = true)]
fn truth() {}

#[measured(runbook = ["https://example.com"])]
fn list() {}

#[measured(owner = concat!("se", "arch"))]
fn macro_call() {}

#[verified("coder", threshold = 9 / 10)]
fn division() -> f64 {
    1.0
}

#[measured(function = { let x = })]
fn block() {}

fn main() {
    number();
    bytes();
    text();
    word();
    path();
    truth();
    list();
    macro_call();
    division();
    block();
}
