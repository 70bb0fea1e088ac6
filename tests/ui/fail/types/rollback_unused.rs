#![deny(warnings)]

use measurand::verified;

#[verified("coder", rollback = undo)]
fn not_called() -> f64 {
    1.0
}

#[verified("coder", rollback = later())]
async fn not_awaited() -> f64 {
    1.0
}

#[verified("coder", rollback = may_fail())]
fn not_checked() -> f64 {
    1.0
}

fn undo() {}

async fn later() {}

fn may_fail() -> Result<(), ()> {
    Ok(())
}

fn main() {
    not_called();
    let _ = not_awaited();
    not_checked();
    undo();
}
