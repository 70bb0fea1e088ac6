//! Input beyond the limits: files, expressions and answers are refused with a reason, quickly and with little memory.

use crate::support::{catalog, everything, file, measured, monitoring};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    // The memory limit stops a command that reads without limits before it exhausts the machine.
    let mut command = Command::new("bash");
    command.args(["-c", "ulimit -v 2000000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_cargo-measurand")]);
    command.args(arguments).current_dir(folder).output().expect("the command starts")
}

/// Checks the exit code, and that stdout or stderr contains the text.
#[track_caller]
fn check(folder: &Path, arguments: &[&str], code: i32, says: &str) {
    let output = run(folder, arguments);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said:.2000}");
    assert!(said.contains(says), "{arguments:?} does not say `{says}`: {said:.2000}");
}

/// A folder with a catalog and the files generated from it.
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

/// Checks every file that a command reads.
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
        check(folder.path(), arguments, 2, "is not a regular file");
        device(&path);
        check(folder.path(), arguments, 2, "is not a regular file");
        sparse(&path);
        check(folder.path(), arguments, 2, "has 5120 MiB, more than the limit of 4096 MiB");
        File::create(&path).and_then(|it| it.set_len(3 << 30)).expect("a sparse file");
        check(folder.path(), arguments, 2, "has 3072 MiB, more than the limit of 256 MiB");
    }
}

/// A YAML file can exceed the limits by its size or by its number of values.
#[test]
fn a_large_file_is_told_its_size() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("own.yml");
    fs::write(&path, "- some text\n".repeat(9_000_000)).expect("a file");
    check(folder.path(), &["lint", "own.yml"], 2, "`own.yml` has 103 MiB, more than the limit of 32 MiB; split it");
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
        check(folder.path(), &["lint", "rules.yml"], 1, "exceeds a limit: the expression ");
        let test = format!("tests:\n- promql_expr_test:\n  - expr: {expression:?}\n");
        fs::write(folder.path().join("own.test.yml"), test).expect("a file");
        fs::write(folder.path().join("catalog.json"), catalog(&everything()).to_json()).expect("a file");
        check(folder.path(), &["check", "catalog.json", "."], 1, "own.test.yml:3: promql/syntax: ");
        let mut dashboard = dashboard.clone();
        let panel = dashboard["panels"].as_array_mut().expect("panels").iter_mut().find(|it| it["targets"].is_array());
        panel.expect("a panel that asks")["targets"][0]["expr"] = expression.into();
        fs::write(folder.path().join("own.json"), dashboard.to_string()).expect("a file");
        check(folder.path(), &["lint", "own.json"], 1, "exceeds a limit: the expression ");
    }
    let text = "{{ query `".to_owned() + &"-".repeat(300) + "up` }}";
    let rules = format!(
        "groups:\n- name: own\n  rules:\n  - alert: Own\n    expr: up == 0\n    annotations: {{own: {text:?}}}\n"
    );
    fs::write(folder.path().join("rules.yml"), rules).expect("a file");
    check(folder.path(), &["lint", "rules.yml"], 1, "is nested more than 200 deep");
}

/// Starts a server that answers each path with this function. Returns its address.
fn server(answer: impl Fn(&str, &mut TcpStream) -> std::io::Result<()> + Send + Sync + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer) = (stream.expect("a client"), answer.clone());
            std::thread::spawn(move || {
                let mut bytes = [0; 4096];
                let length = stream.read(&mut bytes).unwrap_or_default();
                let request = String::from_utf8_lossy(&bytes[..length]).into_owned();
                // The client may close the connection early.
                let _ = answer(request.split(' ').nth(1).unwrap_or_default(), &mut stream);
            });
        }
    });
    url
}

/// Starts a server that answers every request with these headers and this body.
fn answering(headers: &'static str, body: String) -> String {
    server(move |_, stream| write!(stream, "{headers}content-length: {}\r\n\r\n{body}", body.len()))
}

/// The errors for an answer that is too large or too slow. The speed of the machine decides which limit is reached
/// first.
const TOO_MUCH: &[&str] = &["sends more than ", "not complete within "];
const OK: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n";

/// Every answer is limited in size and time.
#[test]
fn a_hostile_program_is_left_with_a_reason() {
    let folder = generated();
    let ask = |arguments: &[&str], says: &[&str]| {
        let output = run(folder.path(), arguments);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said:.2000}");
        assert!(says.iter().any(|it| said.contains(it)), "{arguments:?}: {said:.2000}");
        assert!(said.len() < 2000 && said.lines().count() == 1, "{arguments:?}: {said:.2000}");
        assert!(!said.contains(['\u{1b}', '\u{9b}']), "{said:?}");
    };
    let all = |url: &str, says: &[&str]| {
        ask(&["top", url, "--once"], says);
        ask(&["generate", url, "--out", "new"], says);
        ask(&["diff", "catalog.json", url], says);
        ask(&["check", url, "out"], says);
        assert!(!folder.path().join("new").exists(), "nothing is written");
    };
    let endless = |head: &'static str, piece: &str| {
        let pieces = piece.repeat(100_000 / piece.len());
        server(move |_, stream| {
            write!(stream, "{head}")?;
            loop {
                stream.write_all(pieces.as_bytes())?;
            }
        })
    };
    ask(&["top", &endless("HTTP/1.1 200 OK\r\n\r\n", "a"), "--once"], TOO_MUCH);
    ask(&["diff", "catalog.json", &endless("HTTP/1.1 200 OK\r\n\r\n", "a")], TOO_MUCH);
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(4096));
    ask(&["top", &endless("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", &chunk), "--once"], TOO_MUCH);
    all(&endless("HTTP/1.1 200 OK\r\n", "a: b\r\n"), &["no answer from "]);
    all(&endless("", "HTTP/1.1 100 Continue\r\n\r\n"), &["no answer from "]);
    all(&answering(OK, "[".repeat(1_000_000)), &["cannot use the answer of "]);
    all(
        &answering(OK, format!("{{\"format\": 1, \"x\": {}", "{\"x\":".repeat(1_000_000))),
        &["cannot use the answer of "],
    );
    all(
        &answering(OK, format!("{{\"format\": 1{}, \"program\": 1e999999}}", "0".repeat(100_000))),
        &["cannot use the answer of "],
    );
    all(
        &answering(OK, format!("{{\"format\": \"\u{1b}[2J{}\"}}", "x".repeat(1_000_000))),
        &["cannot use the answer of "],
    );
    all(
        &answering("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n", "<html>".to_owned()),
        &["cannot use the answer of "],
    );
    all(
        &answering("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\u{9b}2J\r\n", String::new()),
        &["has moved to "],
    );
    all(&answering("HTTP/1.1 500 No\r\n", "[".repeat(1000)), &["answered with status 500"]);
    all(
        &server(|_, stream| write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n{{}}")),
        &["ended too early"],
    );
}

/// A long name neither exhausts the memory nor causes a panic.
#[test]
fn a_long_name_is_cut_in_tables() {
    let numbers = r#"{"calls":1e308,"rate":1e308,"errors":-1e308,"error_rate":null,"p50":null,"p95":1e308,"p99":null,"in_flight":null,"budget_left":null}"#;
    let url = server(move |path, stream| {
        let list = |item: &dyn Fn(usize) -> String| (0..10_000).map(item).collect::<Vec<_>>().join(",");
        let body = match path {
            "/live/model.json" => {
                let name = |it| if it == 0 { "x".repeat(1_000_000) } else { "f".to_owned() };
                let one = |index: usize| {
                    format!(r#"{{"id":"{index}","function":"{}","module":"m","file":"f","line":1}}"#, name(index))
                };
                format!(r#"{{"program":{{"name":"p","version":"1"}},"functions":[{}]}}"#, list(&one))
            }
            "/live/functions" => {
                let one = |it: usize| format!(r#""{it}":{numbers}"#);
                format!(r#"{{"epoch":1,"windows":{{"recent":60,"budget":3600}},"functions":{{{}}}}}"#, list(&one))
            }
            _ => r#"{"alerts":[]}"#.to_owned(),
        };
        write!(stream, "{OK}content-length: {}\r\n\r\n{body}", body.len())
    });
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(folder.path(), &["top", &url, "--once"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{:.2000}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(text.lines().count(), 10_002);
    assert!(text.lines().all(|it| it.chars().count() < 2000) && text.contains("xxx…"));
    // Names in a saved catalog are cut too.
    let long = "x".repeat(100_000);
    fs::write(folder.path().join("long.json"), catalog(&[measured(&long, &[])]).to_json()).expect("a file");
    check(folder.path(), &["explain", "long.json"], 0, "xxx…");
    check(folder.path(), &["explain", "long.json", "function_calls_total"], 0, &long);
}
