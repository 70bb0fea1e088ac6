//! Values that a built-in label does not allow: the message says how to use other values.

use measurand::{neural_op, pattern_confidence, task};

#[task("order")]
fn order() {}

#[task("futures")]
fn misspelt() {}

#[neural_op(operation_type = "guessing")]
fn guess() {}

#[pattern_confidence("routing")]
fn route() -> f64 {
    1.0
}

fn main() {
    order();
    misspelt();
    guess();
    route();
}
