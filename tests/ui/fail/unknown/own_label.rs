//! Labels that the attribute does not have.

use measurand::{measured, timed_query};

#[measured(sku = sku)]
fn buy(sku: &str) {}

#[timed_query("select", table = "orders", tenant = "a")]
fn load() {}

fn main() {
    buy("a");
    load();
}
