//! The commands of README.md and the book work, their configuration is accepted, and their links lead somewhere. A
//! project works with nothing of ours but the packed archives. The package `measurand-book` tests the Rust examples.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]
#![allow(clippy::print_stdout, reason = "prints the time that each page takes")]

mod blocks;
mod commands;
mod links;
mod packages;
mod pages;

use measurand_tests::workspace;

#[test]
fn the_readme_is_short() {
    let readme = std::fs::read_to_string(workspace().join("README.md")).unwrap();
    let lines = readme.lines().count();
    assert!(lines <= 200, "README.md has {lines} lines; move reference material to the book");
}
