//! Control characters in catalogs, files and answers never reach the terminal.

use crate::support::{catalog, measured, query};
use measurand_catalog::is_visible;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

/// Clears the terminal in two ways, returns to the start of the line, reverses the text direction, and contains
/// invisible characters.
const EVIL: &str = "x\u{1b}[2J\u{9b}2J\r\u{202e}y\u{2066}\u{200b}\u{feff}\u{e0041}z\u{7}\u{1b}]0;t\u{7}";
/// The part that a catalog may contain: other control characters are refused in names and removed from prose.
const HIDDEN: &str = "x\u{200b}\u{feff}\u{200f}\u{e0041}z";

/// Runs the command with colours, as on a terminal.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-measurand"));
    command.args(arguments).current_dir(folder).env("CLICOLOR_FORCE", "1").output().expect("the command starts")
}

/// Checks that the output contains the text, and no control characters except line feeds and our colours.
#[track_caller]
fn check(folder: &Path, arguments: &[&str], says: &str) {
    let output = run(folder, arguments);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
    assert!(said.contains(says), "{arguments:?} does not say {says}: {said:?}");
    let mut rest = said.as_str();
    while let Some(character) = rest.chars().next() {
        let colour = ["\u{1b}[1m", "\u{1b}[1;31m", "\u{1b}[1;32m", "\u{1b}[1;33m", "\u{1b}[0m"];
        if let Some(after) = colour.iter().find_map(|it| rest.strip_prefix(it)) {
            rest = after;
            continue;
        }
        assert!(character == '\n' || is_visible(character), "{arguments:?} prints {character:?}: {said:?}");
        rest = &rest[character.len_utf8()..];
    }
}

/// Saves a catalog of two functions that contain this text.
fn save(folder: &Path, name: &str, text: &str) {
    let fact = format!("owner={text}");
    let mut second = query("select", text, &[&fact]);
    second.file = format!("src/{HIDDEN}.rs");
    let mut first = measured(&format!("f{HIDDEN}"), &[&fact]);
    first.file.clone_from(&second.file);
    let catalog = catalog(&[first, second]);
    fs::write(folder.join(name), catalog.to_json()).expect("a file");
}

#[test]
fn a_catalog_is_explained_and_compared_without_escapes() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    save(folder, "new.json", HIDDEN);
    save(folder, "old.json", "plain");
    for format in ["text", "json"] {
        // Text and JSON escape differently.
        let hidden =
            if format == "text" { r"x\u{200b}\u{feff}\u{200f}\u{e0041}z" } else { r"x\u200b\ufeff\u200f\udb40\udc41z" };
        let name = format!("f{HIDDEN}");
        check(folder, &["explain", "new.json", "--format", format], hidden);
        check(folder, &["explain", "new.json", &name, "--format", format], hidden);
        check(folder, &["diff", "old.json", "new.json", "--format", format], hidden);
    }
    check(folder, &["catalog", "new.json"], r"x\u200b\ufeff\u200f\udb40\udc41z");
    check(folder, &["explain", "new.json", EVIL], r"x\u{1b}[2J\u{9b}2J");
    check(folder, &["generate", "new.json", "--out", EVIL], r"x\u{1b}[2J\u{9b}2J");
}

#[test]
fn what_is_refused_is_named_without_escapes() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    save(folder, "good.json", "plain");
    let good = fs::read_to_string(folder.join("good.json")).expect("it is there");
    let quoted = serde_json::to_string(EVIL).expect("JSON");
    for (part, command) in [(r#""plain""#, "explain"), (r#""crate": "#, "diff"), (r#""role": "#, "check")] {
        let at = good.find(part).expect("it has that") + if part.ends_with(' ') { part.len() } else { 0 };
        let end = at + good[at + 1..].find('"').expect("its end") + 2;
        fs::write(folder.join(EVIL), format!("{}{quoted}{}", &good[..at], &good[end..])).expect("a file");
        let arguments = match command {
            "diff" => vec![command, "good.json", EVIL],
            "check" => vec![command, EVIL, "."],
            _ => vec![command, EVIL],
        };
        check(folder, &arguments, r"\u{1b}[2J");
    }
    fs::write(folder.join(EVIL), format!("{{{EVIL}")).expect("a file");
    for source in [EVIL.to_owned(), format!("no-{EVIL}"), format!("http://127.0.0.1:1/{EVIL}")] {
        let source = source.as_str();
        check(folder, &["explain", source], r"\u{1b}");
        check(folder, &["generate", source, "--out", "new"], r"\u{1b}");
        check(folder, &["check", source, "."], r"\u{1b}");
        check(folder, &["diff", source, "good.json"], r"\u{1b}");
    }
}

#[test]
fn files_of_others_are_judged_without_escapes() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    save(folder, "catalog.json", HIDDEN);
    assert!(run(folder, &["generate", "catalog.json", "--out", "monitoring"]).status.success());
    let quoted = EVIL.chars().map(|it| format!("\\U{:08x}", u32::from(it))).collect::<Vec<_>>().concat();
    let rules = format!(
        "groups:\n  - name: \"{quoted}\"\n    rules:\n      - alert: \"{quoted}\"\n        expr: nowhere_total > 1\n        \
         labels: {{severity: \"{quoted}\"}}\n"
    );
    let name = "rules-\u{1b}[2J\u{202e}\u{200b}.yml";
    fs::write(folder.join("monitoring").join(name), rules).expect("a file");
    for format in ["text", "json"] {
        let arguments = ["check", "catalog.json", "monitoring", "--format", format];
        check(folder, &arguments, "nowhere_total");
        check(folder, &["lint", "monitoring", "--format", format], "nowhere_total");
    }
    fs::write(folder.join("monitoring").join(name), format!("groups: [{EVIL}")).expect("a file");
    check(folder, &["check", "catalog.json", "monitoring"], "rules-");
    fs::write(folder.join("monitoring/monitoring.toml"), format!("job = \"{EVIL}")).expect("a file");
    check(folder, &["explain", "catalog.json"], "error");
}

/// A program may answer with arbitrary names.
#[test]
fn a_program_is_watched_without_escapes() {
    let quoted = serde_json::to_string(EVIL).expect("JSON");
    let numbers = r#"{"calls":1,"rate":1,"errors":0,"error_rate":null,"p50":null,"p95":null,"p99":null,"in_flight":null,"budget_left":null}"#;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a client");
            let mut bytes = [0; 1000];
            let length = stream.read(&mut bytes).expect("a request");
            let request = String::from_utf8_lossy(&bytes[..length]).into_owned();
            let body = match request.split(' ').nth(1).expect("a path") {
                "/live/model.json" => format!(
                    r#"{{"program":{{"name":{quoted},"version":{quoted}}},"functions":[{{"id":"1","function":{quoted},"module":{quoted},"file":{quoted},"line":1}}]}}"#
                ),
                "/live/functions" => {
                    format!(r#"{{"epoch":1,"windows":{{"recent":60,"budget":3600}},"functions":{{"1":{numbers}}}}}"#)
                }
                "/live/alerts" => format!(r#"{{"alerts":[{{"name":{quoted},"state":"firing"}}]}}"#),
                _ => format!("{{\"{EVIL}\":"),
            };
            let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all((head + &body).as_bytes()).expect("an answer");
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    check(folder.path(), &["top", &url, "--once"], r"x\u{1b}[2J\u{9b}2J \u{202e}y\u{2066}");
    check(folder.path(), &["top", &url, "--format", "json"], r"x\u001b[2J\u009b2J\r\u202ey\u2066");
    check(folder.path(), &["explain", &url], "error");
}
