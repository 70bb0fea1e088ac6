//! The live page in real Chromium, as a person uses it: what it shows is what the program counts.

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

/// Figures for whoever reads the output, also of tests that pass: what `println!` writes is kept from it.
fn report(figures: &str) {
    let _ = writeln!(std::io::stderr(), "{figures}");
}

/// The JSON at an address.
fn json(url: &str) -> Value {
    serde_json::from_str(&measurand_tests::get(url)).unwrap_or_else(|error| panic!("{url}: {error}"))
}

/// The identifier of the only function with this name.
fn id(url: &str, function: &str) -> String {
    let model = json(&format!("{url}/live/model.json"));
    let functions = model["functions"].as_array().expect("functions").iter();
    let mut found = functions.filter(|it| it["function"] == function);
    let id =
        found.next().unwrap_or_else(|| panic!("no function {function}"))["id"].as_str().expect("a text").to_owned();
    assert!(found.next().is_none(), "two functions {function}");
    id
}

/// What the table says of a function, in the order of its columns, as an expression.
fn cells(function: &str) -> String {
    format!(
        "[...document.querySelectorAll('.functions tbody tr')].filter((it) => it.querySelector('a')?.textContent === {function:?})\
         .map((it) => [...it.querySelectorAll('td')].map((cell) => cell.textContent))[0]"
    )
}
