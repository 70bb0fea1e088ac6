//! Labels from the result, and the label `caller`, on functions without a result or without a known caller.

use measurand::{measured, timed_query};

#[timed_query("select", table = |it| "patterns")]
fn never() -> ! {
    loop {}
}

#[timed_query("select", table = |_| "patterns")]
async fn never_later() -> ! {
    loop {}
}

#[measured(caller)]
async fn later() {}

#[measured(caller)]
#[unsafe(no_mangle)]
extern "C" fn foreign() {}

#[measured(caller = "main")]
fn with_value() {}

#[measured(caller, caller)]
fn twice() {}

#[timed_query("select", table = || "patterns")]
fn no_argument() -> u32 {
    1
}

#[timed_query("select", table = |it, other| "patterns")]
fn two_arguments() -> u32 {
    1
}

#[measured(calller)]
fn misspelt() {}

fn main() {
    let _ = later();
    let _ = never_later();
    foreign();
    with_value();
    twice();
    no_argument();
    two_arguments();
    misspelt();
    never();
}
