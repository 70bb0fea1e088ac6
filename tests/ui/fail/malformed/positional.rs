use measurand::{measured, neural_op, timed_query, verified};

#[neural_op("learning", "patterns")]
fn learn() {}

#[timed_query(table = "patterns", "select", "insert")]
fn load() {}

#[verified("coder", 0.9)]
fn verify() -> f64 {
    1.0
}

#[measured(undo())]
fn call() {}

#[measured(|it| it.is_some())]
fn closure() -> Option<u32> {
    None
}

#[neural_op(learning)]
fn word() {}

fn main() {
    learn();
    load();
    verify();
    call();
    closure();
    word();
}
