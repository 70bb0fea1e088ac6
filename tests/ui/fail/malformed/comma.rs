use measurand::{timed_query, verified};

#[timed_query("select" table = "patterns")]
fn load() {}

#[timed_query("select" "patterns")]
fn store() {}

#[verified("coder", threshold = 0.9 rollback = undo())]
fn verify() -> f64 {
    1.0
}

#[timed_query("select", table = "patterns" + "s")]
fn joined() {}

#[timed_query("select",, table = "patterns")]
fn twice() {}

fn undo() {}

fn main() {
    load();
    store();
    verify();
    joined();
    twice();
    undo();
}
