//! Tests of `assert_current!` with a given catalog. `tests/commands/assert_current.rs` in the workspace tests it with
//! the program's own catalog.

use crate::support::{catalog, everything, folder, measured, monitoring};
use measurand_check::assert_current;
use std::panic::catch_unwind;

fn message(failed: Box<dyn std::any::Any + Send>) -> String {
    *failed.downcast::<String>().expect("a text")
}

#[test]
fn it_passes_for_fresh_files() {
    let folder = folder(&monitoring(&everything()));
    assert_current!(folder.path(), catalog(&everything()));
    std::fs::write(folder.path().join("monitoring.toml"), "job = \"shop\"\n").unwrap();
    assert_current!(folder.path(), catalog(&everything()));
}

#[test]
fn it_fails_with_all_findings() {
    let folder = folder(&monitoring(&everything()));
    let failed = catch_unwind(|| assert_current!(folder.path(), catalog(&[measured("checkout", &[])])));
    let message = message(failed.expect_err("the folder is stale"));
    for expected in
        ["is not current:\n", "alerts.yml:", ": file-stale: ", "    help: run `cargo measurand generate` again\n"]
    {
        assert!(message.contains(expected), "`{expected}` is not in {message}");
    }
}

#[test]
fn a_program_without_annotations_is_an_error() {
    let failed = catch_unwind(|| assert_current!("tests")).expect_err("nothing is annotated here");
    let message = message(failed);
    assert!(message.contains("annotate") && message.contains("help: use the crate with the annotated"), "{message}");
}
