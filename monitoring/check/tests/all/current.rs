//! The one-line test for users, with a catalog; with a program's own see `tests/commands/assert_current.rs` in the workspace.

use crate::support::{catalog, everything, folder, measured, monitoring};
use measurand_check::assert_current;
use std::panic::catch_unwind;

fn message(failed: Box<dyn std::any::Any + Send>) -> String {
    *failed.downcast::<String>().expect("a text")
}

#[test]
fn it_holds_for_what_was_just_generated() {
    let folder = folder(&monitoring(&everything()));
    assert_current!(folder.path(), catalog(&everything()));
    std::fs::write(folder.path().join("monitoring.toml"), "job = \"shop\"\n").unwrap();
    assert_current!(folder.path(), catalog(&everything()));
}

#[test]
fn it_fails_with_all_that_was_found() {
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
fn a_program_without_annotations_says_so() {
    let failed = catch_unwind(|| assert_current!("tests")).expect_err("nothing is annotated here");
    let message = message(failed);
    assert!(message.contains("annotate") && message.contains("does this test use the crate"), "{message}");
}
