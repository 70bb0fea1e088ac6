use measurand::{measured, timed_query};

#[timed_query("select", table: "patterns")]
fn colon() {}

#[timed_query("select", table == "patterns")]
fn equal() {}

#[timed_query("select", table("patterns"))]
fn list() {}

#[measured(self.owner = "search")]
fn path() {}

fn main() {
    colon();
    equal();
    list();
    path();
}
