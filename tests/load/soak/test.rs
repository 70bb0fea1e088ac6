//! Runs the short form of the program `soak`.

use std::process::Command;

#[test]
fn all_figures_are_within_their_bounds() {
    // `soak` uses all processors; a low priority leaves some time for other tests.
    let mut command = Command::new("nice");
    let output = command.args(["-n", "10", env!("CARGO_BIN_EXE_soak"), "all", "--quiet"]).output().unwrap();
    let (table, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    eprintln!("{table}");
    assert!(output.status.success(), "{table}\n{errors}");
    for (test, figures) in [("exact", 12), ("unwind", 6), ("soak", 11), ("cardinality", 10)] {
        let found = table.lines().filter(|it| it.trim_start().starts_with(test) && it.ends_with("ok")).count();
        assert_eq!(found, figures, "figures of `{test}`:\n{table}");
    }
}
