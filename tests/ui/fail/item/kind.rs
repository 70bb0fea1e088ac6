use measurand::{measured, neural_op, timed_query, verified};

#[measured]
struct Thing;

#[timed_query("select", table = "patterns")]
enum Kind {
    One,
}

#[neural_op("learning")]
impl Thing {
    fn method(&self) {}
}

#[measured]
const LIMIT: u32 = 1;

#[measured]
mod inner {
    pub(super) fn function() {}
}

#[measured]
use std::fmt::Debug;

#[verified("coder")]
trait Verify {
    fn verify(&self) -> f64 {
        1.0
    }
}

impl Verify for Thing {}

fn show(_: impl Debug) {}

fn main() {
    let _ = Kind::One;
    Thing.method();
    Thing.verify();
    inner::function();
    show(LIMIT);
}
