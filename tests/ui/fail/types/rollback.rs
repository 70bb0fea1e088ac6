#![deny(warnings)]

use measurand::verified;

#[verified("coder", rollback = no_such_function())]
fn unknown() -> f64 {
    1.0
}

#[verified("coder", rollback = drop(work))]
fn moved(work: String) -> f64 {
    let length = work.into_bytes().len();
    length as f64
}

#[verified("coder", rollback = later().await)]
fn not_async() -> f64 {
    1.0
}

async fn later() {}

fn main() {
    unknown();
    moved(String::new());
    not_async();
    let _ = later();
}
