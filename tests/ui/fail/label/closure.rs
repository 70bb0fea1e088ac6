//! Mistakes inside a closure that computes a label from the result.

use measurand::timed_query;

#[timed_query("select", table = |it| it.table)]
fn no_field() -> String {
    String::new()
}

#[timed_query("select", table = |it: &str| it)]
fn other_type() -> u32 {
    1
}

#[timed_query("select", table = |it| if *it { "yes" })]
fn no_else() -> bool {
    true
}

#[timed_query("select", table = |it| it.trim().no_such_method())]
async fn no_method() -> String {
    String::new()
}

fn main() {
    no_field();
    other_type();
    no_else();
    let _ = no_method();
}
