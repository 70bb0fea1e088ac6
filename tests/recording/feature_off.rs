//! With the feature `off` an annotated crate compiles to the machine code that it has without annotations, even where
//! another crate asks for `record`; and with `record` it does not, so that the comparison says something.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

use measurand_tests::{target_directory, workspace};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The instructions of each function, with everything left out that names the build.
fn build(name: &str, cargo: &[&str], rustc: &[&str]) -> BTreeMap<String, Vec<String>> {
    let (directory, assembly) = (target_directory().join("off"), tempfile::tempdir().unwrap());
    let file = assembly.path().join("out.s");
    let status = Command::new(env!("CARGO"))
        .args(["rustc", "--quiet", "--release", "--lib", "--manifest-path"])
        .arg(workspace().join("tests/programs/off/Cargo.toml"))
        .arg("--target-dir")
        .arg(directory)
        .args(cargo)
        .args(["--", "-Ccodegen-units=1", "--emit"])
        .arg(format!("asm={}", file.display()))
        .args(rustc)
        .status();
    assert!(status.unwrap().success(), "{name}: cargo rustc failed");
    functions(&file)
}

fn functions(file: &Path) -> BTreeMap<String, Vec<String>> {
    let mut functions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut name = String::new();
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let label = line.strip_suffix(':').filter(|it| !it.starts_with(['.', ' ', '\t']));
        if let Some(label) = label {
            label.clone_into(&mut name);
            functions.entry(name.clone()).or_default();
        } else if line.starts_with('\t') && !line.trim_start().starts_with('.') {
            functions.entry(name.clone()).or_default().push(without_hash(line.trim()));
        }
    }
    functions
}

/// Mangled names end in a hash of the crate's build.
fn without_hash(line: &str) -> String {
    let mut parts = line.split("17h");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, it| line + "17h" + it.trim_start_matches(|it: char| it.is_ascii_hexdigit()))
}

#[test]
fn the_machine_code_is_the_same() {
    let names = ["plain", "fallible", "score", "first", "wait"];
    let code = |all: &BTreeMap<String, Vec<String>>| -> Vec<(String, Vec<String>)> {
        names.iter().map(|it| ((*it).to_owned(), all.get(*it).cloned().unwrap_or_default())).collect()
    };
    let bare = code(&build("without annotations", &["--features", "off"], &[]));
    assert!(bare.iter().all(|(_, it)| it.len() > 1), "{bare:#?}");
    let off = code(&build("off", &["--features", "off"], &["--cfg", "annotated"]));
    assert_eq!(off, bare);
    let on = code(&build("record", &[], &["--cfg", "annotated"]));
    for (on, bare) in on.iter().zip(&bare) {
        assert_ne!(on, bare, "`{}` records nothing", bare.0);
    }
}

/// What a stream's items leave is in a feature of its own; the attribute says so instead of measuring how the stream is made.
#[test]
fn a_stream_needs_its_feature() {
    let check = |features: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.args(["rustc", "--quiet", "--release", "--lib", "--manifest-path"]);
        command.arg(workspace().join("tests/programs/off/Cargo.toml")).arg("--target-dir").arg(target_directory().join("off"));
        let output = command.args(features).args(["--", "--cfg", "streams"]).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (built, message) = check(&[]);
    assert!(!built && message.contains("needs the feature `stream` of `measurand`"), "{message}");
    assert!(message.contains("example: measurand = { version = \"0.1\", features = [\"stream\"] }"), "{message}");
    assert_eq!(message.matches("error: ").count() + message.matches("error[").count(), 2, "{message}");
    let (built, message) = check(&["--features", "off"]);
    assert!(built, "{message}");
}
