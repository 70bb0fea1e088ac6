//! Arguments of the other kinds, given twice.

use measurand::{measured, task, timed_query};

#[measured("checkout", function = "pay")]
fn name() {}

#[timed_query("select", query_type = "insert", table = "patterns")]
fn positional() {}

#[measured(owner = "search", owner = "store")]
fn owner() {}

#[measured(ok_if = |_| true, ok_if = |_| false)]
fn predicate() {}

#[task("feature", crate = measurand, crate = measurand)]
fn path() {}

fn main() {
    name();
    positional();
    owner();
    predicate();
    path();
}
