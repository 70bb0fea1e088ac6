//! Arguments that fit the block, but not one of its functions.

use measurand::{measured, task_queue, verified};

struct Thing;

#[verified("coder")]
impl Thing {
    fn scored(&self) -> f64 {
        1.0
    }

    fn not_scored(&self) {}
}

#[task_queue]
mod gauges {
    pub(super) fn length() -> usize {
        1
    }

    pub(super) fn clear() {}
}

#[measured(caller)]
impl Thing {
    fn now(&self) {}

    async fn later(&self) {}
}

#[measured]
mod inner {
    use measurand::measured;

    #[measured(colour = "red")]
    pub(super) fn own() {}

    #[measured]
    pub(super) struct NoFunction;
}

fn main() {
    Thing.scored();
    Thing.not_scored();
    gauges::length();
    gauges::clear();
    Thing.now();
    let _ = Thing.later();
    inner::own();
    let _ = inner::NoFunction;
}
