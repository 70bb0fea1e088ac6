//! Tests of the live page in a real browser.

mod chromium;
mod connection;
mod many;
mod page;
mod program;
mod safe;
mod shown;
mod used;

use serde_json::Value;
use std::io::Write as _;

/// Prints figures also for passing tests; the test harness captures the output of `println!`.
fn report(figures: &str) {
    let _ = writeln!(std::io::stderr(), "{figures}");
}

/// The JSON at a URL.
fn json(url: &str) -> Value {
    serde_json::from_str(&measurand_tests::get(url)).unwrap_or_else(|error| panic!("{url}: {error}"))
}

/// The identifier of the only function with this name.
fn id(url: &str, function: &str) -> String {
    let model = json(&format!("{url}/live/model.json"));
    let functions = model["functions"].as_array().expect("functions").iter();
    let mut found = functions.filter(|it| it["function"] == function);
    let id =
        found.next().unwrap_or_else(|| panic!("no function {function}"))["id"].as_str().expect("a string").to_owned();
    assert!(found.next().is_none(), "two functions {function}");
    id
}

/// A JavaScript expression for the text in a function's row of the table, in the column with this title.
fn cell(function: &str, title: &str) -> String {
    format!(
        "[...document.querySelectorAll('.functions tbody tr')].find((it) => it.querySelector('a')?.textContent === {function:?})\
         ?.children[[...document.querySelectorAll('.functions thead th')].findIndex((it) => it.textContent === {title:?})].textContent"
    )
}
