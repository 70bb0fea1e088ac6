//! Mistakes in a body are reported on the user's own lines, as without the attribute.

use measurand::measured;
use std::pin::Pin;

#[measured]
fn mismatched() -> impl Future<Output = u32> {
    async { "text" }
}

#[measured]
fn no_future() -> impl Future<Output = u32> {
    1
}

#[measured]
fn boxed() -> Pin<Box<dyn Future<Output = u32>>> {
    Box::pin(async { "text" })
}

#[measured]
fn not_boxed() -> Pin<Box<dyn Future<Output = u32>>> {
    async { 1 }
}

fn main() {
    let _ = mismatched();
    let _ = no_future();
    let _ = boxed();
    let _ = not_boxed();
}
