//! Invalid values of `time`.

use measurand::{measured, neural_op, task, task_queue};

#[measured(time)]
fn alone() {}

#[measured(time = 16)]
fn number() {}

#[measured(time = 1 in 1)]
fn all() {}

#[measured(time = 1 in 0)]
fn none() {}

#[measured(time = 3 in 16)]
fn three() {}

#[measured(time = 1 / 16)]
fn fraction() {}

#[measured(time = "1 in 16")]
fn text() {}

#[measured(time = 1 in)]
fn half() {}

#[measured(time = 1 of 16)]
fn other_word() {}

#[measured(time = 1 in 99999999999)]
fn too_many() {}

#[neural_op("learning", time = 1 in 16, time = 1 in 8)]
fn twice() {}

#[task("feature", time = 1 in 16)]
fn untimed() {}

#[task_queue(time = 1 in 16)]
fn gauge() -> usize {
    1
}

fn main() {
    alone();
    number();
    all();
    none();
    three();
    fraction();
    text();
    half();
    other_word();
    too_many();
    twice();
    untimed();
    gauge();
}
