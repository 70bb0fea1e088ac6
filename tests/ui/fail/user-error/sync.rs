//! Mistakes in a body are reported on the user's own lines, as without the attribute.

use measurand::{measured, verified};

#[measured]
fn mismatched() -> u32 {
    "text"
}

#[measured]
fn mismatched_return(x: u32) -> Result<u32, String> {
    if x == 0 {
        return "text";
    }
    x
}

#[measured]
fn question_mark() -> Option<u32> {
    let x = "1".parse::<u32>()?;
    Some(x)
}

#[verified("coder")]
fn score() -> f64 {
    1
}

#[measured]
fn unknown_name() -> u32 {
    no_such_name
}

#[measured]
fn iterator() -> impl Iterator<Item = u32> {
    ["text"].into_iter()
}

#[measured]
fn never() -> ! {
    1
}

#[measured]
fn unknown_type() -> Result<NoSuchType, u32> {
    Err(1)
}

fn main() {
    mismatched();
    let _ = mismatched_return(1);
    question_mark();
    score();
    unknown_name();
    iterator();
    let _ = unknown_type();
    never();
}
