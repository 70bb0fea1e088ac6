use measurand::{measured, neural_op, timed_query};

#[neural_op("retreival")]
fn retrieve() {}

#[timed_query(query_type = "SELECT", table = "patterns")]
fn load() {}

#[timed_query("patterns", "select")]
fn swapped() {}

#[measured(severity = "p1")]
fn compute() {}

#[measured(severity = "urgent")]
fn hurry() {}

fn main() {
    retrieve();
    load();
    swapped();
    compute();
    hurry();
}
