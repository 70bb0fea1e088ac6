//! The compiler's warnings about the user's own code remain, and no others appear.

#![deny(warnings)]

use measurand::measured;

#[measured]
fn unused_argument(argument: u32) {}

#[measured]
fn unused_variable() {
    let variable = 1;
}

#[measured]
async fn unused_later(argument: u32) {
    let variable = 1;
}

#[measured]
fn unreachable() -> u32 {
    return 1;
    2
}

#[measured]
fn unused_result() {
    may_fail();
}

#[measured]
fn may_fail() -> Result<(), ()> {
    Ok(())
}

fn main() {
    unused_argument(1);
    unused_variable();
    let _ = unused_later(1);
    unreachable();
    unused_result();
    let _ = may_fail();
}
