//! A mistake in the arguments of a block is reported once, not once per function in it.

use measurand::{measured, neural_op, timed_query, verified};

struct Thing;

#[measured(ownr = "search")]
impl Thing {
    fn one(&self) {}
    fn two(&self) {}
}

#[measured(function = "thing")]
impl Thing {
    fn three(&self) {}
    fn four(&self) {}
}

#[neural_op]
impl Thing {
    fn five(&self) {}
    fn six(&self) {}
}

#[measured(ok_if = |_| true, error_if = |_| false)]
mod inner {
    pub(super) fn one() -> u32 {
        1
    }
    pub(super) fn two() -> u32 {
        2
    }
}

#[timed_query("select", table = patterns)]
trait Load {
    fn load(&self) {}
    fn reload(&self) {}
}

#[verified("coder", threshold = 95)]
mod verify {
    pub(super) fn one() -> f64 {
        1.0
    }
    pub(super) fn two() -> f64 {
        1.0
    }
}

#[measured("thing")]
mod named {
    pub(super) fn one() {}
}

impl Load for Thing {}

fn main() {
    Thing.one();
    Thing.two();
    Thing.three();
    Thing.four();
    Thing.five();
    Thing.six();
    Thing.load();
    Thing.reload();
    inner::one();
    inner::two();
    verify::one();
    verify::two();
    named::one();
}
