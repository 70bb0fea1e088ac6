//! `up`, `status` and `down` without real servers; `tests/servers/up.rs` in the workspace tests them with real ones.

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
fn mistakes_are_reported_before_a_server_starts() {
    check_fails(&["up"], None, &["required arguments were not provided", "BINARY|URL"]);
    check_fails(&["up", "catalog.json"], None, &["address of `catalog.json` is unknown", "--target http://host:port"]);
    check_fails(&["up", "catalog.json", "--target", "ftp://a"], None, &["`ftp://a` is not the address of a program"]);
    check_fails(&["up", "none", "--target", "http://127.0.0.1:1"], None, &["none"]);
    let secrets = ["up", "catalog.json", "--target", "http://127.0.0.1:1", "--secrets", "."];
    if has_servers() {
        check_fails(
            &secrets,
            None,
            &["lacks the files slack_alerts, slack_alerts-critical, slack_alerts-low, smtp_password", "printf %s"],
        );
    }
}

#[test]
fn missing_programs_are_named_with_install_commands() {
    let expected = [
        "required programs are missing; help: install ",
        "`prometheus-alertmanager` (`apt-get install prometheus-alertmanager`)",
        "`prometheus` (`apt-get install prometheus`)",
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
    assert!(stdout.starts_with("nothing runs in `elsewhere`; help: start it with `cargo measurand up "), "{stdout}");
    let output = run(folder.path(), &["status", "--format", "json"], None);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["servers"], serde_json::json!([]));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made");
}

/// Whether the alert receiver has been built; only the tests of its own crate build it.
fn has_servers() -> bool {
    let own = Path::new(env!("CARGO_BIN_EXE_cargo-measurand")).with_file_name("measurand-webhook");
    own.exists()
}

/// Starts a process as a server of this folder. Returns it with the record of the running servers.
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
        assert!(output.stderr.is_empty(), "reported once");
        child.wait().unwrap();
        run(folder.path(), &["down", "--purge"], None);
        assert!(!state.exists(), "everything is removed");
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
            // Programs that exit at once, so that `up` gets past the record and fails later.
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
            for says in ["record of running servers", "state.damaged.json", "may still run; help: find them with `ps"] {
                assert!(stderr.contains(says), "{command} after {damage}: {stderr}");
            }
            if command == "up" {
                assert!(stderr.contains("exited at once") || stderr.contains("is not ready"), "{stderr}");
            } else {
                assert_eq!(
                    (output.status.code(), &*output.stdout),
                    (Some(0), b"nothing runs in `.measurand`\n".as_slice())
                );
            }
            let output = run(folder.path(), &["down"], None);
            assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "reported once");
        }
    }
}
