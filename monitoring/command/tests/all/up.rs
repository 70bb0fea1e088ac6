//! `up`, `status` and `down` where there is nothing to start or to stop. With real servers see `tests/servers/up.rs` in the
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

/// A folder in which a server runs, and how the record of what runs says so.
#[cfg(target_os = "linux")]
fn running(folder: &Path) -> (std::process::Child, String) {
    let state = folder.join(".measurand");
    std::fs::create_dir_all(state.join("logs")).expect("a folder");
    let child = Command::new("sleep").arg("600").spawn().expect("a program");
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("it works");
    let began = stat.rsplit_once(')').expect("it works").1.split_whitespace().nth(19).expect("it works");
    let server = serde_json::json!({
        "name": "sleeper", "url": "http://a", "ready": "http://a", "program": "sleep", "log": "log",
        "pid": child.id(), "began": began,
    });
    (child, serde_json::json!({"job": "shop", "targets": [], "servers": [server]}).to_string())
}

#[cfg(target_os = "linux")]
#[test]
fn a_damaged_record_is_replaced_by_its_copy() {
    for damage in ["", "{", "{\"job\": 1}", "\0\0\0"] {
        let folder = tempfile::tempdir().unwrap();
        let (mut child, record) = running(folder.path());
        let state = folder.path().join(".measurand");
        std::fs::write(state.join("state.copy.json"), record).unwrap();
        std::fs::write(state.join("state.json"), damage).unwrap();
        let output = run(folder.path(), &["status", "--format", "json"], None);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            stderr.contains("state.json`, is damaged: ") && stderr.contains("its copy is used instead"),
            "{stderr}"
        );
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["servers"][0]["name"], "sleeper");
        assert_eq!(std::fs::read_to_string(state.join("state.damaged.json")).unwrap(), damage);
        let output = run(folder.path(), &["down"], None);
        assert_eq!(output.stdout, b"stopped sleeper\n", "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty(), "told once");
        child.wait().unwrap();
        run(folder.path(), &["down", "--purge"], None);
        assert!(!state.exists(), "nothing of it stays");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_damaged_record_without_a_copy_keeps_nobody_from_going_on() {
    use std::os::unix::fs::PermissionsExt;
    for command in ["down", "up"] {
        for damage in ["text", "pipe", "folder", "giant"] {
            let folder = tempfile::tempdir().unwrap();
            let state = folder.path().join(".measurand");
            std::fs::create_dir_all(state.join("logs")).unwrap();
            let record = state.join("state.json");
            match damage {
                "text" => std::fs::write(&record, "no JSON").unwrap(),
                "pipe" => assert!(Command::new("mkfifo").arg(&record).status().unwrap().success()),
                "folder" => std::fs::create_dir(&record).unwrap(),
                _ => std::fs::File::create(&record).unwrap().set_len(5 << 30).unwrap(),
            }
            // Servers that are there, and end at once: that is what `up` comes to.
            let programs = folder.path().join("programs");
            std::fs::create_dir(&programs).unwrap();
            for name in ["prometheus", "prometheus-alertmanager", "measurand-webhook"] {
                std::fs::write(programs.join(name), "#!/bin/sh\necho hash\n").unwrap();
                std::fs::set_permissions(programs.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
            }
            std::fs::write(folder.path().join("catalog.json"), catalog(&everything()).to_json()).unwrap();
            let arguments: &[&str] =
                if command == "up" { &["up", "catalog.json", "--target", "http://127.0.0.1:1"] } else { &["down"] };
            let output = run(folder.path(), arguments, Some(programs.to_str().unwrap()));
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            for says in ["record of what runs", "state.damaged.json", "may still run; find them with `ps -ef"] {
                assert!(stderr.contains(says), "{command} after {damage}: {stderr}");
            }
            if command == "up" {
                assert!(stderr.contains("ended at once") || stderr.contains("is not ready"), "{stderr}");
            } else {
                assert_eq!(
                    (output.status.code(), &*output.stdout),
                    (Some(0), b"nothing runs in `.measurand`\n".as_slice())
                );
            }
            let output = run(folder.path(), &["down"], None);
            assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "told once");
        }
    }
}
