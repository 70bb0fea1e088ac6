//! Mistakes in a body are reported on the user's own lines, as without the attribute.

use measurand::{measured, verified};

#[measured]
async fn mismatched() -> u32 {
    "text"
}

#[measured]
async fn mismatched_return(x: u32) -> Result<u32, String> {
    if x == 0 {
        return "text";
    }
    x
}

#[measured]
async fn question_mark() -> Result<u32, String> {
    let x = "1".parse::<u32>()?;
    Ok(x)
}

#[measured]
async fn nothing() {
    1
}

#[verified("coder")]
async fn score() -> f64 {
    1
}

#[measured]
async fn missing_value() -> Result<(), String> {
    if true {
        return Ok(());
    }
}

fn main() {
    let _ = mismatched();
    let _ = mismatched_return(1);
    let _ = question_mark();
    let _ = nothing();
    let _ = score();
    let _ = missing_value();
}
