//! Types that are not labels, each reported at its expression.

use measurand::{measured, neural_op, timed_query};

struct Table;

#[timed_query("select", table = id)]
fn integer(id: u64) {}

#[timed_query("select", table = score)]
async fn float(score: f64) {}

#[timed_query("select", table = table)]
fn optional(table: Option<&str>) {}

#[timed_query("select", table = table.as_ref())]
fn of_the_user(table: Box<Table>) {}

#[measured(1 + id)]
fn sum(id: u32) {}

#[neural_op(first)]
fn character(first: char) {}

#[measured(function = format_args!("{id}"))]
fn formatted(id: u32) {}

#[timed_query("select", table = |it| it.len())]
fn length() -> String {
    String::new()
}

#[timed_query("select", table = |it| it.as_ref().ok())]
fn perhaps() -> Result<String, ()> {
    Err(())
}

#[timed_query("select", table = |_| {})]
async fn nothing() -> u32 {
    1
}

#[timed_query("select", table = generic)]
fn of_any_type<T: Copy>(generic: T) {}

fn main() {
    integer(1);
    let _ = float(1.0);
    optional(None);
    of_the_user(Box::new(Table));
    sum(1);
    character('a');
    formatted(1);
    length();
    let _ = perhaps();
    let _ = nothing();
    of_any_type(1);
}
