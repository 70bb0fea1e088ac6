use measurand::{measured, timed_query, verified};

#[timed_query("select", table = "")]
fn load() {}

#[timed_query("", table = "patterns")]
fn store() {}

#[measured("")]
fn compute() {}

#[verified("co\nder")]
fn verify() -> f64 {
    1.0
}

fn main() {
    load();
    store();
    compute();
    verify();
}
