//! A function that nothing calls is reported, though it is registered.

#![deny(warnings)]

use measurand::measured;

#[measured]
fn never_called() {}

#[measured]
async fn never_called_either() {}

fn main() {}
