use measurand::{measured, neural_op, timed_query, verified};

#[measured]
struct Thing;

#[timed_query("select", table = "patterns")]
enum Kind {
    One,
}

#[measured]
const LIMIT: u32 = 1;

#[measured]
use std::fmt::Debug;

#[neural_op("learning")]
static NAME: &str = "name";

#[measured]
type Alias = u32;

#[verified("coder")]
union Bits {
    one: u32,
}

#[measured]
unsafe extern "C" {
    fn foreign();
}

#[measured]
extern crate measurand as other;

#[measured]
macro_rules! nothing {
    () => {};
}

fn show(_: impl Debug) {}

fn main() {
    let _ = Kind::One;
    let _ = Thing;
    let _: Alias = LIMIT;
    let _ = Bits { one: 1 };
    show(NAME);
    nothing!();
}
