//! README.md and the book say what is true: tables are those of the code, commands work, configuration is accepted, and
//! links lead somewhere. The package `measurand-book` tests the Rust examples.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]
#![allow(clippy::print_stdout, reason = "which page takes how long")]

mod blocks;
mod commands;
mod links;
mod pages;

use measurand_catalog::Argument;
use measurand_catalog::attribute::{ALL, COMMON};
use measurand_tests::workspace;

fn readme() -> String {
    std::fs::read_to_string(workspace().join("README.md")).expect("README.md")
}

#[track_caller]
fn has_row(readme: &str, starts: &str, ends: &str) {
    let found = readme.lines().any(|it| it.starts_with(starts) && it.ends_with(ends));
    assert!(found, "README.md lacks the row\n{starts} … {ends}");
}

#[test]
fn tables() {
    let readme = readme();
    for attribute in ALL {
        let metrics: Vec<String> = attribute.family.metrics.iter().map(|it| format!("`{}`", it.name)).collect();
        has_row(&readme, &format!("| `{}` | ", attribute.example), &format!(" | {} |", metrics.join(", ")));
        for argument in attribute.arguments {
            has_argument(&readme, argument, &format!("`{}`", attribute.name));
        }
    }
    for argument in COMMON {
        has_argument(&readme, argument, "all");
    }
    let arguments = ALL.iter().map(|it| it.arguments.len()).sum::<usize>() + COMMON.len();
    let table = readme.split("| argument | of | meaning |").nth(1).expect("the table of arguments");
    let rows = table.lines().skip(2).take_while(|it| it.starts_with("| `")).count();
    assert_eq!(rows, arguments, "README.md has a row for an argument that does not exist");
}

fn has_argument(readme: &str, argument: &Argument, of: &str) {
    let usage = argument.usage().replace('|', "\\|");
    has_row(readme, &format!("| `{usage}` | {of} | "), &format!("| {} |", argument.help));
}
