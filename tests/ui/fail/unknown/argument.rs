use measurand::{measured, timed_query, verified};

#[timed_query("select", tabel = "patterns")]
fn load() {}

#[verified(agent = "coder")]
fn verify() -> f64 {
    1.0
}

#[verified(agent_id = "coder", treshold = 0.9)]
fn review() -> f64 {
    1.0
}

#[measured(colour = "red")]
fn compute() {}

#[measured(Owner = "search")]
fn owned() {}

fn main() {
    load();
    verify();
    review();
    compute();
    owned();
}
