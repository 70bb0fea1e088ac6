//! Expressions whose type the compiler cannot infer.

use measurand::{measured, timed_query};

#[timed_query("select", table = "patterns".into())]
fn into() {}

#[measured("1".parse().unwrap_or_default())]
fn parsed() {}

#[timed_query("select", table = |it| it.iter().map(|it| it.as_str()).collect())]
fn collected() -> Vec<String> {
    Vec::new()
}

fn main() {
    into();
    parsed();
    collected();
}
