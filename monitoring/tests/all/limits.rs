//! Files and expressions at and beyond the limits of what the commands read: each is refused with its reason, soon and in
//! little memory.

use crate::support::{catalog, everything, file, monitoring};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    // A command that reads without limits ends here, and not the machine.
    let mut command = Command::new("bash");
    command.args(["-c", "ulimit -v 2000000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_cargo-measurand")]);
    command.args(arguments).current_dir(folder).output().expect("the command starts")
}

/// The command fails with this code and says this, on one of its outputs.
#[track_caller]
fn check(folder: &Path, arguments: &[&str], code: i32, says: &str) {
    let output = run(folder, arguments);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said:.2000}");
    assert!(said.contains(says), "{arguments:?} does not say `{says}`: {said:.2000}");
}

/// A folder with a catalog and what is generated of it.
fn generated() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("catalog.json"), catalog(&everything()).to_json()).expect("a file");
    check(folder.path(), &["generate", "catalog.json", "--out", "out", "--quiet"], 0, "");
    folder
}

fn pipe(path: &Path) {
    let _ = fs::remove_file(path);
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
}

fn device(path: &Path) {
    let _ = fs::remove_file(path);
    std::os::unix::fs::symlink("/dev/zero", path).expect("a link");
}

fn sparse(path: &Path) {
    let _ = fs::remove_file(path);
    File::create(path).and_then(|it| it.set_len(5 << 30)).expect("a sparse file");
}

/// Every file that a command reads, and how it is named to the command.
#[test]
fn no_command_reads_pipes_devices_and_giants() {
    const LINT: &[&str] = &["lint", "out/own.yml"];
    const CHECK: &[&str] = &["check", "catalog.json", "out"];
    let special = "is a pipe, a device or a socket; name ";
    for (name, arguments) in [
        ("out/own.yml", LINT),
        ("out/own.yml", &["lint", "out"]),
        ("out/own.yml", CHECK),
        ("out/RUNBOOK.md", CHECK),
        ("out/grafana-dashboard.json", CHECK),
        ("out/alerts.test.yml", CHECK),
        ("out/.lint", &["lint", "out/grafana-dashboard.json"]),
        ("out/monitoring.toml", CHECK),
        ("out/monitoring.toml", &["generate", "catalog.json", "--out", "out"]),
        ("own.toml", &["explain", "catalog.json", "--config", "own.toml"]),
        ("own.toml", &["diff", "catalog.json", "catalog.json", "--config", "own.toml"]),
    ] {
        let folder = generated();
        let path = folder.path().join(name);
        pipe(&path);
        check(folder.path(), arguments, 2, special);
        device(&path);
        check(folder.path(), arguments, 2, special);
        sparse(&path);
        check(folder.path(), arguments, 2, "has 5120 MiB, more than the ");
    }
    for arguments in [&["explain", "x"] as &[&str], &["diff", "x", "x"], &["catalog", "x"], &["size", "x"]] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        pipe(&path);
        check(folder.path(), arguments, 2, "is no regular file");
        device(&path);
        check(folder.path(), arguments, 2, "is no regular file");
        sparse(&path);
        check(folder.path(), arguments, 2, "has 5120 MiB, more than the 4096 MiB that are read");
        File::create(&path).and_then(|it| it.set_len(3 << 30)).expect("a sparse file");
        check(folder.path(), arguments, 2, "has 3072 MiB, more than the 256 MiB that are read");
    }
}

/// Without aliases, aliases are not to blame.
#[test]
fn a_large_file_is_told_its_size() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("own.yml");
    fs::write(&path, "- some text\n".repeat(9_000_000)).expect("a file");
    check(
        folder.path(),
        &["lint", "own.yml"],
        2,
        "`own.yml` has 103 MiB, more than the 32 MiB that are read; split it",
    );
    fs::write(&path, "- a\n".repeat(3_000_000)).expect("a file");
    check(folder.path(), &["lint", "own.yml"], 1, "has more than 2000000 values; split the file");
}

#[test]
fn an_expression_beyond_the_limits_is_a_finding() {
    let folder = tempfile::tempdir().expect("a folder");
    let dashboard: serde_json::Value =
        serde_json::from_str(&file(&monitoring(&everything()), "grafana-dashboard.json")).expect("JSON");
    for (open, close) in [("(", ")"), ("-", ""), ("sum(", ")"), ("up + ", "")] {
        let expression = format!("{}up{}", open.repeat(10_000), close.repeat(10_000));
        let rules = format!("groups:\n- name: own\n  rules:\n  - record: a:b\n    expr: {expression:?}\n");
        fs::write(folder.path().join("rules.yml"), rules).expect("a file");
        check(folder.path(), &["lint", "rules.yml"], 1, "rules.yml:5: promql/syntax: ");
        check(folder.path(), &["lint", "rules.yml"], 1, "asks too much at once: the expression ");
        let test = format!("tests:\n- promql_expr_test:\n  - expr: {expression:?}\n");
        fs::write(folder.path().join("own.test.yml"), test).expect("a file");
        fs::write(folder.path().join("catalog.json"), catalog(&everything()).to_json()).expect("a file");
        check(folder.path(), &["check", "catalog.json", "."], 1, "own.test.yml:3: promql/syntax: ");
        let mut dashboard = dashboard.clone();
        let panel = dashboard["panels"].as_array_mut().expect("panels").iter_mut().find(|it| it["targets"].is_array());
        panel.expect("a panel that asks")["targets"][0]["expr"] = expression.into();
        fs::write(folder.path().join("own.json"), dashboard.to_string()).expect("a file");
        check(folder.path(), &["lint", "own.json"], 1, "asks too much at once: the expression ");
    }
    let text = "{{ query `".to_owned() + &"-".repeat(300) + "up` }}";
    let rules = format!(
        "groups:\n- name: own\n  rules:\n  - alert: Own\n    expr: up == 0\n    annotations: {{own: {text:?}}}\n"
    );
    fs::write(folder.path().join("rules.yml"), rules).expect("a file");
    check(folder.path(), &["lint", "rules.yml"], 1, "is nested more than 200 deep");
}
