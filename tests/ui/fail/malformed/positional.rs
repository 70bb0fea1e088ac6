use measurand::{measured, neural_op, timed_query, verified};

#[neural_op("learning", "patterns")]
fn learn() {}

#[timed_query(table = "patterns", "select", "insert")]
fn load() {}

#[verified("coder", 0.9)]
fn verify() -> f64 {
    1.0
}

#[measured("checkout", |it| it.is_some())]
fn closure() -> Option<u32> {
    None
}

#[measured(&["checkout"])]
fn not_a_list() {}

#[measured(r#"checkout"#, b"other")]
fn bytes() {}

fn main() {
    learn();
    load();
    verify();
    closure();
    not_a_list();
    bytes();
}
