//! The command as a shell sees it: what it writes, prints and returns, and what it leaves alone.

use crate::support::{catalog, everything};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const FILES: [&str; 4] = ["RUNBOOK.md", "alerts.yml", "grafana-dashboard.json", "recording-rules.yml"];

/// A folder with a saved catalog in it.
fn workplace() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("catalog.json");
    fs::write(&path, catalog(&everything()).to_json()).expect("a file in it");
    (folder, path)
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-measurand"));
    command.args(arguments).current_dir(folder).output().expect("the command starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// The command fails with this line, and the folder is as it was.
#[track_caller]
fn check_fails(folder: &Path, arguments: &[&str], expected: &[&str]) {
    let before = listed(folder);
    let output = run(folder, arguments);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.starts_with("error: ") && stderr.lines().count() == 1, "{stderr}");
    for it in expected {
        assert!(stderr.contains(it), "`{it}` is not in: {stderr}");
    }
    assert_eq!(text(&output.stdout), "");
    assert_eq!(listed(folder), before);
}

fn listed(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|it| it.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn generate_writes_the_files_and_says_so() {
    let (folder, _) = workplace();
    let output = run(folder.path(), &["generate", "catalog.json", "--out", "deep/monitoring"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(listed(&folder.path().join("deep/monitoring")), FILES);
    assert_eq!(listed(&folder.path().join("deep")), ["monitoring"]);
    let stdout = text(&output.stdout);
    assert!(stdout.starts_with("wrote deep/monitoring/grafana-dashboard.json  "), "{stdout}");
    assert!(stdout.contains("19 alerts\n") && stdout.contains("\nnext: "), "{stdout}");
    assert!(!stdout.contains('\u{1b}'), "colours in a pipe");
}

#[test]
fn cargo_puts_the_subcommand_in_front() {
    let (folder, _) = workplace();
    let output = run(folder.path(), &["measurand", "generate", "catalog.json", "--out", "out", "-q"]);
    assert!(output.status.success());
    assert_eq!(text(&output.stdout), "");
    assert_eq!(listed(&folder.path().join("out")), FILES);
}

#[test]
fn generating_again_gives_the_same_bytes_and_leaves_other_files() {
    let (folder, _) = workplace();
    let out = folder.path().join("out");
    assert!(run(folder.path(), &["generate", "catalog.json", "--out", "out"]).status.success());
    let read = || FILES.map(|it| fs::read(out.join(it)).unwrap());
    let first = read();
    fs::write(out.join("own-alerts.yml"), "by hand").unwrap();
    fs::write(out.join("alerts.yml"), "damaged").unwrap();
    assert!(run(folder.path(), &["generate", "catalog.json", "--out", "out"]).status.success());
    assert!(read() == first);
    assert_eq!(fs::read_to_string(out.join("own-alerts.yml")).unwrap(), "by hand");
    let mut expected = [&FILES[..], &["own-alerts.yml"]].concat();
    expected.sort_unstable();
    assert_eq!(listed(&out), expected);
}

#[test]
fn json_tells_the_same() {
    let (folder, _) = workplace();
    let output =
        run(folder.path(), &["generate", "catalog.json", "--out", "out", "--job", "other", "--format", "json"]);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["job"], "other");
    assert_eq!(summary["functions"], everything().len());
    assert_eq!(summary["files"][1]["kind"], "alerts");
    assert_eq!(summary["files"][1]["count"], 19);
    assert!(fs::read_to_string(folder.path().join("out/alerts.yml")).unwrap().contains(r#"job="other""#));
}

#[cfg(unix)]
#[test]
fn other_users_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, _) = workplace();
    let plain = folder.path().join("plain");
    fs::write(&plain, "").unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    let mode = |it: &Path| fs::metadata(it).unwrap().permissions().mode() & 0o777;
    for _ in 0..2 {
        assert!(run(folder.path(), &["generate", "catalog.json", "--out", "out"]).status.success());
        assert_eq!(mode(&folder.path().join("out")), mode(&folder.path().join("folder")));
        for it in FILES {
            assert_eq!(mode(&folder.path().join("out").join(it)), mode(&plain), "{it}");
        }
    }
}

#[test]
fn mistakes_are_one_line_and_change_nothing() {
    let (folder, _) = workplace();
    let path = folder.path();
    fs::write(path.join("no-program"), "#!/bin/sh\n").unwrap();
    fs::write(path.join("broken.json"), "{\"format\": 1").unwrap();
    fs::write(path.join("later.json"), "{\"format\": 99}").unwrap();
    fs::write(path.join("empty.json"), "{\"format\": 1, \"families\": [], \"sites\": []}").unwrap();
    fs::create_dir_all(path.join("taken/alerts.yml")).unwrap();
    check_fails(path, &["generate", "missing", "--out", "out"], &["`missing`"]);
    check_fails(path, &["generate", "no-program", "--out", "out"], &["`no-program` is no program"]);
    check_fails(path, &["generate", "broken.json", "--out", "out"], &["`broken.json` is not a catalog"]);
    check_fails(path, &["generate", "later.json", "--out", "out"], &["`later.json`", "update"]);
    check_fails(path, &["generate", "empty.json", "--out", "out"], &["no annotated functions", "annotate one"]);
    check_fails(path, &["generate", "catalog.json", "--out", "no-program"], &["`no-program` is no folder", "--out"]);
    check_fails(path, &["generate", "catalog.json", "--out", "no-program/out"], &["cannot write", "--out"]);
    check_fails(path, &["generate", "catalog.json", "--out", "taken"], &["alerts.yml` is a folder"]);
    assert_eq!(listed(&path.join("taken")), ["alerts.yml"]);
    check_fails(path, &["catalog", "http://127.0.0.1:1"], &["http://127.0.0.1:1"]);
    // This very test is a program without annotations.
    let this = std::env::current_exe().unwrap();
    check_fails(path, &["generate", &this.to_string_lossy(), "--out", "out"], &["no annotated functions"]);
}

#[test]
fn usage_errors_have_a_code_of_their_own() {
    let (folder, _) = workplace();
    let cases: [&[&str]; 4] = [
        &["generate"],
        &["generate", "catalog.json"],
        &["generate", "catalog.json", "--out", "out", "--job", " "],
        &["generate", "catalog.json", "--out", "out", "--format", "xml"],
    ];
    for arguments in cases {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(listed(folder.path()), ["catalog.json"]);
    }
}

#[test]
fn help_shows_an_example() {
    let (folder, _) = workplace();
    for (arguments, expected) in [
        (["generate", "--help"], "cargo measurand generate target/release/app --out monitoring"),
        (["catalog", "--help"], "cargo measurand catalog http://localhost:3000 > catalog.json"),
    ] {
        let output = run(folder.path(), &arguments);
        assert!(output.status.success());
        assert!(text(&output.stdout).contains(expected), "{}", text(&output.stdout));
    }
}

#[test]
fn catalog_prints_what_can_be_read_again() {
    let (folder, path) = workplace();
    let output = run(folder.path(), &["catalog", "catalog.json"]);
    assert_eq!(text(&output.stdout), fs::read_to_string(path).unwrap());
}

#[test]
fn a_running_program_is_asked() {
    let (folder, path) = workplace();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        let body = fs::read_to_string(path).unwrap();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
        write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        text(&request)
    });
    let output = run(folder.path(), &["generate", &url, "--out", "out"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(answer.join().unwrap().starts_with("GET /catalog.json "));
    assert_eq!(listed(&folder.path().join("out")), FILES);
}
