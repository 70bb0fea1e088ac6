//! Checks all files strictly with the tools that users would use.

use crate::support::{all_files, amtool, every_family, everything, monitoring, promtool};
use measurand_tests::target_directory;
use std::path::Path;
use std::process::Command;

/// Returns folders with the files of the repository, and with those of other programs.
fn folders() -> Vec<tempfile::TempDir> {
    let shipped = tempfile::tempdir().expect("a temporary folder");
    let programs = [monitoring(&everything()), monitoring(&every_family())];
    for file in all_files(&programs[0]).into_iter().filter(|it| !it.name.ends_with(".test.yml")) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file.name);
        let copy = shipped.path().join(file.name);
        std::fs::create_dir_all(copy.parent().expect("a folder")).expect("a folder in the temporary folder");
        std::fs::copy(&path, copy).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    std::iter::once(shipped).chain(programs.iter().map(crate::support::folder)).collect()
}

/// Returns a command of `tests/requirements.txt`, which `tests/run` installs below the target directory. Panics if it
/// is missing.
#[track_caller]
pub(crate) fn python_command(program: &str) -> Command {
    let folder = target_directory().join("python");
    let path = folder.join("bin").join(program);
    assert!(
        path.exists(),
        "{} is missing; install it: python3 -m venv {folder} && {folder}/bin/pip install -r monitoring/core/tests/requirements.txt",
        path.display(),
        folder = folder.display()
    );
    Command::new(path)
}

/// Runs a command of `tests/requirements.txt` and returns its output. Panics with the output if it fails.
#[track_caller]
fn python(program: &str, folder: &Path, arguments: &[&str]) -> String {
    let output = python_command(program).args(arguments).current_dir(folder).output().expect("the program runs");
    let text = [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat();
    assert!(output.status.success(), "{program} {arguments:?}:\n{text}");
    text
}

#[test]
fn prometheus_and_alertmanager_accept_each_file() {
    for folder in folders() {
        let rules = ["alerts.yml", "recording-rules.yml", "stack-alerts.yml"];
        promtool(folder.path(), &[&["check", "rules", "--lint=all", "--lint-fatal"], &rules[..]].concat());
        // The configuration names files in the containers. The rules were checked above.
        promtool(folder.path(), &["check", "config", "--syntax-only", "prometheus.yml"]);
        amtool(folder.path(), &["check-config", "alertmanager.yml"]);
    }
}

#[test]
fn amlint_finds_nothing_in_the_routes() {
    // One Alertmanager serves all programs, so it also has routes for alerts of other programs.
    let others = concat!(env!("CARGO_MANIFEST_DIR"), "/../alerts.yml");
    for folder in folders() {
        let rules = ["alerts.yml", "stack-alerts.yml", others].map(|it| ["--rules", it]);
        python(
            "amlint",
            folder.path(),
            &[&["check", "--strict"], rules.as_flattened(), &["alertmanager.yml"]].concat(),
        );
    }
}

/// Returns what `grafana_types.py` finds in a file: unknown and missing keys, and invalid values.
pub(crate) fn grafana_types(name: &str, contents: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join(name), contents).expect("a file in it");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/grafana_types.py");
    let output = python_command("python").args([script, name]).current_dir(folder.path()).output();
    let output = output.expect("the program runs");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.success(), stdout.is_empty() && stderr.is_empty(), "{stdout}{stderr}");
    stdout.into_owned() + &stderr
}

#[test]
fn grafana_knows_each_key_and_value_of_the_dashboard() {
    for folder in folders() {
        let text = std::fs::read_to_string(folder.path().join("grafana-dashboard.json")).unwrap();
        assert_eq!(grafana_types("d.json", &text), "");
    }
    let broken = r#"{"title": "a", "refersh": "30s", "graphTooltip": 7, "panels": []}"#;
    let expected = "d.json: .refersh is unknown\nd.json: .graphTooltip is 7\n";
    assert_eq!(grafana_types("d.json", broken), expected);
}
