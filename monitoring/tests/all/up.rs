//! `up`, `status` and `down` where there is nothing to start or to stop. With real servers see `tests/local.rs` in the
//! workspace.

use crate::support::{catalog, everything};
use std::path::Path;
use std::process::{Command, Output};

fn run(folder: &Path, arguments: &[&str], path: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-measurand"));
    command.args(arguments).current_dir(folder);
    if let Some(path) = path {
        command.env("PATH", path);
    }
    command.output().expect("the command starts")
}

#[track_caller]
fn check_fails(arguments: &[&str], path: Option<&str>, expected: &[&str]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("catalog.json"), catalog(&everything()).to_json()).expect("a file in it");
    let output = run(folder.path(), arguments, path);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    for it in expected {
        assert!(stderr.contains(it), "`{it}` is not in: {stderr}");
    }
    assert!(!folder.path().join(".measurand").exists(), "nothing is left behind");
}

#[test]
fn mistakes_are_told_before_anything_is_started() {
    check_fails(&["up"], None, &["required arguments were not provided", "BINARY|URL"]);
    check_fails(&["up", "catalog.json"], None, &["`catalog.json` may run anywhere", "--target http://host:port"]);
    check_fails(&["up", "catalog.json", "--target", "ftp://a"], None, &["`ftp://a` is no address of a program"]);
    check_fails(&["up", "none", "--target", "http://127.0.0.1:1"], None, &["none"]);
    let secrets = ["up", "catalog.json", "--target", "http://127.0.0.1:1", "--secrets", "."];
    if has_servers() {
        check_fails(&secrets, None, &["lacks slack_api_url, smtp_password", "printf %s"]);
    }
}

/// Without servers that is what is said, and what installs them.
#[test]
fn what_is_missing_is_named_with_what_installs_it() {
    let expected = [
        "not installed: ",
        "alertmanager (`apt-get install prometheus-alertmanager`)",
        "prometheus (`apt-get install prometheus`)",
    ];
    check_fails(&["up", "catalog.json", "--target", "http://127.0.0.1:1"], Some("/nowhere"), &expected);
}

#[test]
fn nothing_runs_where_nothing_was_started() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["down"], None);
    assert_eq!((output.status.code(), output.stdout), (Some(0), b"nothing runs in `.measurand`\n".to_vec()));
    let output = run(folder.path(), &["status", "--state", "elsewhere"], None);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout.starts_with("nothing runs in `elsewhere`; start it: `cargo measurand up "), "{stdout}");
    let output = run(folder.path(), &["status", "--format", "json"], None);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["servers"], serde_json::json!([]));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made");
}

/// The alert receiver is built by its own crate's tests, and so need not be there.
fn has_servers() -> bool {
    let own = Path::new(env!("CARGO_BIN_EXE_cargo-measurand")).with_file_name("measurand-webhook");
    own.exists()
}
