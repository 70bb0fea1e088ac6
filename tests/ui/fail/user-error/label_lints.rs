//! The compiler's warnings about the user's own code remain, also in label expressions and closures; no others appear.

#![deny(warnings)]

use measurand::{measured, timed_query};

#[timed_query("select", table = (table))]
fn parentheses(table: &str) -> usize {
    table.len()
}

#[timed_query("select", table = |it| "patterns")]
fn unused_result(id: u64) -> u32 {
    1
}

#[timed_query("select", table = { let unused = 1; "patterns" })]
fn unused_variable() {}

#[measured(caller)]
fn unused_argument(argument: u32) {}

fn main() {
    parentheses("");
    unused_result(1);
    unused_variable();
    unused_argument(1);
}
