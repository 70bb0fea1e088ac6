use measurand::{measured, timed_query};

#[timed_query("select", table)]
fn load() {}

#[timed_query("select", table = )]
fn store() {}

#[measured(ok_if =)]
fn compute() {}

#[measured(owner)]
fn owned() {}

fn main() {
    load();
    store();
    compute();
    owned();
}
