//! Tests of the command line: files written, output, exit codes, and files that must not change.

use crate::support::{catalog, everything, promtool};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const FILES: [&str; 4] = ["RUNBOOK.md", "alerts.yml", "grafana-dashboard.json", "recording-rules.yml"];

/// A temporary folder with a saved catalog.
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

/// Checks that the command fails with one line that contains these texts, and that the folder is unchanged.
#[track_caller]
fn check_fails(folder: &Path, arguments: &[&str], expected: &[&str]) {
    let before = listed(folder);
    let output = run(folder, arguments);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
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
fn generate_writes_the_files_and_lists_them() {
    let (folder, _) = workplace();
    let output = run(folder.path(), &["generate", "catalog.json", "--out", "deep/monitoring"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(listed(&folder.path().join("deep/monitoring")), FILES);
    assert_eq!(listed(&folder.path().join("deep")), ["monitoring"]);
    let stdout = text(&output.stdout);
    assert!(stdout.starts_with("wrote deep/monitoring/grafana-dashboard.json  "), "{stdout}");
    assert!(stdout.contains("24 alerts\n") && stdout.contains("\nnext: "), "{stdout}");
    assert!(!stdout.contains('\u{1b}'), "colours in a pipe");
}

/// An invalid family is reported, and all others are still written.
#[test]
fn a_family_that_is_left_out_is_reported() {
    let (folder, path) = workplace();
    let json = fs::read_to_string(&path).unwrap().replace("\"operation_type\"", "\"instance\"");
    fs::write(&path, json).unwrap();
    let message = "the family `neural` has no panels and no alerts: Prometheus sets the label `instance` itself";
    let output = run(folder.path(), &["generate", "catalog.json", "--out", "out"]);
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{stdout}{}", text(&output.stderr));
    assert!(stdout.lines().any(|it| it.starts_with("left out src/work.rs:") && it.contains(message)), "{stdout}");
    assert_eq!(listed(&folder.path().join("out")), FILES);
    let quiet = run(folder.path(), &["generate", "catalog.json", "--out", "out", "--quiet"]);
    assert_eq!((quiet.status.code(), text(&quiet.stdout).as_str()), (Some(1), ""));
    assert!(text(&quiet.stderr).starts_with("left out: src/work.rs:"), "{}", text(&quiet.stderr));
    let json = run(folder.path(), &["generate", "catalog.json", "--out", "out", "--format", "json"]);
    let summary: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(summary["problems"].as_array().unwrap().len(), 1, "{summary:#}");
    let check = run(folder.path(), &["check", "catalog.json", "out"]);
    let findings = text(&check.stdout);
    assert_eq!(check.status.code(), Some(1), "{findings}");
    assert!(
        findings.contains("left-out") && findings.contains(message) && findings.ends_with("1 finding\n"),
        "{findings}"
    );
    // The suggested fix works.
    let renamed = fs::read_to_string(&path).unwrap().replace("\"instance\"", "\"operation_type\"");
    fs::write(&path, renamed).unwrap();
    assert!(run(folder.path(), &["generate", "catalog.json", "--out", "out"]).status.success());
    assert!(run(folder.path(), &["check", "catalog.json", "out"]).status.success());
}

/// Two programs of one package have the same file names.
#[test]
fn the_files_of_another_program_are_not_overwritten() {
    let (folder, _) = workplace();
    let generate = |more: &[&str]| {
        let output = run(folder.path(), &[&["generate", "catalog.json", "--out", "out"], more].concat());
        (output.status.code(), text(&output.stderr))
    };
    assert_eq!(generate(&["--job", "first"]).0, Some(0));
    let before = fs::read(folder.path().join("out/alerts.yml")).unwrap();
    let (code, error) = generate(&[]);
    assert_eq!(code, Some(2), "{error}");
    assert!(error.contains("is the dashboard `measurand-first` of another program"), "{error}");
    assert_eq!(fs::read(folder.path().join("out/alerts.yml")).unwrap(), before);
    // Both suggested fixes work.
    let job = error.trim_end().rsplit('`').nth(1).unwrap().strip_prefix("--job ").unwrap();
    assert_eq!(generate(&["--job", job]).0, Some(0));
    assert_eq!(generate(&[]).0, Some(0), "it is the same program now");
    assert_eq!(run(folder.path(), &["generate", "catalog.json", "--out", "other"]).status.code(), Some(0));
}

#[test]
fn alert_tests_are_optional_and_pass() {
    let (folder, _) = workplace();
    let generate = |more: &[&str]| {
        let output = run(folder.path(), &[&["generate", "catalog.json", "--out", "out", "--tests"], more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        listed(&folder.path().join("out")).into_iter().filter(|it| it.ends_with(".test.yml")).collect::<Vec<_>>()
    };
    let own = ["alerts-slow.test.yml", "alerts-slowest.test.yml", "alerts.test.yml"];
    assert_eq!(generate(&[]), own);
    let stack = own.map(|it| format!("stack-{it}"));
    assert_eq!(generate(&["--stack"]), [own.map(str::to_owned), stack].concat());
    promtool(&folder.path().join("out"), &["test", "rules", "stack-alerts.test.yml"]);
    let check = run(folder.path(), &["check", "catalog.json", "out"]);
    assert!(check.status.success(), "{}", text(&check.stdout));
}

/// The model of the dashboard is an argument or a setting, the same for `generate` and `check`.
#[test]
fn the_dashboard_has_the_chosen_model() {
    let (folder, _) = workplace();
    let generate = ["generate", "catalog.json", "--out", "out", "--grafana-alerts"];
    let v2 = ["--grafana", "v2"];
    let output = run(folder.path(), &[&generate[..], &v2].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let dashboard = fs::read_to_string(folder.path().join("out/grafana-dashboard.json")).unwrap();
    assert!(dashboard.contains("\"dashboard.grafana.app/v2\""), "{dashboard}");
    let check = |more: &[&str]| run(folder.path(), &[&["check", "catalog.json", "out"], more].concat());
    assert_eq!(check(&v2).status.code(), Some(0), "{}", text(&check(&v2).stdout));
    let stale = check(&[]);
    assert!(text(&stale.stdout).contains("grafana-dashboard.json") && stale.status.code() == Some(1));
    fs::write(folder.path().join("out/monitoring.toml"), "grafana = \"v2\"\n").unwrap();
    assert_eq!(check(&[]).status.code(), Some(0));
    let compose = ["generate", "catalog.json", "--out", "out", "--compose"];
    check_fails(folder.path(), &compose, &["provisions only classic dashboards", "add `--grafana classic`"]);
    assert!(run(folder.path(), &[&compose[..], &["--grafana", "classic"]].concat()).status.success());
    assert!(run(folder.path(), &[&generate[..], &["--job", "other"]].concat()).status.success());
    check_fails(folder.path(), &generate, &["is the dashboard `measurand-other` of another program"]);
}

/// The affected panels and alerts depend on the settings that the old version was generated with.
#[test]
fn diff_takes_the_settings_of_the_old_version() {
    let (folder, _) = workplace();
    let fewer: Vec<_> = everything().into_iter().filter(|it| it.family != "database").collect();
    fs::write(folder.path().join("new.json"), catalog(&fewer).to_json()).unwrap();
    fs::write(folder.path().join("m.toml"), "leave_out = { alerts = [\"DatabaseSlowQueries\"] }\n").unwrap();
    let plain = run(folder.path(), &["diff", "catalog.json", "new.json"]);
    assert!(text(&plain.stdout).contains("DatabaseSlowQueries"), "{}", text(&plain.stdout));
    let settled = run(folder.path(), &["diff", "catalog.json", "new.json", "--config", "m.toml"]);
    let stdout = text(&settled.stdout);
    assert!(stdout.contains("DatabaseQueryErrors") && !stdout.contains("DatabaseSlowQueries"), "{stdout}");
    fs::write(folder.path().join("m.toml"), "jobb = \"a\"\n").unwrap();
    check_fails(folder.path(), &["diff", "catalog.json", "new.json", "--config", "m.toml"], &["m.toml:1: ", "`jobb`"]);
}

#[test]
fn optional_files_are_written_and_checked() {
    let (folder, _) = workplace();
    let output = run(folder.path(), &["generate", "catalog.json", "--out", "out", "--stack", "--kubernetes"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let listed = listed(&folder.path().join("out"));
    for expected in ["prometheus.yml", "alertmanager.yml", "stack-alerts.yml", "kubernetes.yml"] {
        assert!(listed.iter().any(|it| it == expected), "{listed:?}");
    }
    let check = || run(folder.path(), &["check", "catalog.json", "out"]);
    assert_eq!((check().status.code(), text(&check().stdout)), (Some(0), "fine: nothing found\n".to_owned()));
    let lint = run(folder.path(), &["lint", "out"]);
    assert_eq!((lint.status.code(), text(&lint.stdout)), (Some(0), "fine: nothing found\n".to_owned()));
    fs::write(folder.path().join("out/kubernetes.yml"), "a: b\n").unwrap();
    assert!(text(&check().stdout).starts_with("out/kubernetes.yml:1: file-stale: "), "{}", text(&check().stdout));
}

#[test]
fn the_name_that_cargo_adds_is_ignored() {
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
fn json_has_the_same_summary() {
    let (folder, _) = workplace();
    let output =
        run(folder.path(), &["generate", "catalog.json", "--out", "out", "--job", "other", "--format", "json"]);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["job"], "other");
    assert_eq!(summary["functions"], everything().len());
    assert_eq!(summary["files"][1]["kind"], "alerts");
    assert_eq!(summary["files"][1]["count"], 24);
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
    check_fails(path, &["generate", "no-program", "--out", "out"], &["`no-program` is not a program"]);
    check_fails(path, &["generate", "broken.json", "--out", "out"], &["`broken.json` is not a catalog"]);
    check_fails(path, &["generate", "later.json", "--out", "out"], &["`later.json`", "update"]);
    check_fails(path, &["generate", "empty.json", "--out", "out"], &["no annotated functions", "annotate one"]);
    check_fails(path, &["generate", "catalog.json", "--out", "no-program"], &["`no-program` is not a folder", "--out"]);
    check_fails(path, &["generate", "catalog.json", "--out", "no-program/out"], &["cannot write", "--out"]);
    check_fails(path, &["generate", "catalog.json", "--out", "taken"], &["alerts.yml` is a folder"]);
    assert_eq!(listed(&path.join("taken")), ["alerts.yml"]);
    check_fails(path, &["catalog", "http://127.0.0.1:1"], &["http://127.0.0.1:1"]);
    // This test is itself a program without annotations.
    let this = std::env::current_exe().unwrap();
    check_fails(path, &["generate", &this.to_string_lossy(), "--out", "out"], &["no annotated functions"]);
}

#[test]
fn usage_errors_have_exit_code_2() {
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
        (["explain", "--help"], "cargo measurand explain target/release/app checkout"),
        (["check", "--help"], "cargo measurand check target/release/app monitoring"),
        (["diff", "--help"], "cargo measurand diff catalog.json target/release/app"),
        (["lint", "--help"], "cargo measurand lint own-alerts.yml own-dashboard.json"),
        (["catalog", "--help"], "cargo measurand catalog http://localhost:3000 > catalog.json"),
    ] {
        let output = run(folder.path(), &arguments);
        assert!(output.status.success());
        assert!(text(&output.stdout).contains(expected), "{}", text(&output.stdout));
    }
}

#[test]
fn explain_has_the_same_content_as_text_and_json() {
    let (folder, path) = workplace();
    let mut hostile = catalog(&everything());
    hostile.sites[0].facts.insert("summary".to_owned(), "two\nlines".to_owned());
    fs::write(path, hostile.to_json()).unwrap();
    let output = run(folder.path(), &["explain", "catalog.json"]);
    let stdout = text(&output.stdout);
    assert!(output.status.success() && !stdout.contains('\u{1b}'), "{stdout}");
    assert!(stdout.contains("shop::work::checkout") && stdout.contains("src/work.rs:18"), "{stdout}");
    let json = run(folder.path(), &["explain", "catalog.json", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let total = json["total"]["series"].to_string();
    assert!(stdout.lines().last().unwrap().ends_with(&total), "{stdout}");
    let function = text(&run(folder.path(), &["explain", "catalog.json", "checkout"]).stdout);
    for expected in
        ["PROMQL\n", "ALERTS\n", "PANELS\n", "P1 FunctionErrorRatioHigh", "function=checkout, module=shop::work"]
    {
        assert!(function.contains(expected), "`{expected}` is not in: {function}");
    }
    check_fails(folder.path(), &["explain", "catalog.json", "chekout"], &["did you mean `checkout`?"]);
}

#[test]
fn check_finds_nothing_in_what_was_just_generated() {
    let (folder, _) = workplace();
    let path = folder.path();
    assert!(run(path, &["generate", "catalog.json", "--out", "out", "--job", "other", "-q"]).status.success());
    let check = |more: &[&str]| run(path, &[&["check", "catalog.json", "out"], more].concat());
    assert_eq!(check(&[]).status.code(), Some(1), "another job");
    let output = check(&["--job", "other"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), "fine: nothing found\n".to_owned()));
    // The settings in the folder apply to both commands, and arguments override them.
    fs::write(path.join("out/monitoring.toml"), "job = \"other\"\n").unwrap();
    assert_eq!(check(&[]).status.code(), Some(0));
    assert_eq!(check(&["--job", "shop"]).status.code(), Some(1));
    assert!(run(path, &["generate", "catalog.json", "--out", "out", "-q"]).status.success());
    assert_eq!(check(&[]).status.code(), Some(0));
    fs::write(path.join("out/monitoring.toml"), "job = \"other\"\nno = 1\n").unwrap();
    check_fails(path, &["check", "catalog.json", "out"], &["out/monitoring.toml:2: unknown field `no`"]);
    check_fails(path, &["check", "catalog.json", "nowhere"], &["`nowhere`", "name a folder"]);
}

#[test]
fn findings_are_printed_as_text_and_as_json() {
    let (folder, _) = workplace();
    let path = folder.path();
    assert!(run(path, &["generate", "catalog.json", "--out", "out", "-q"]).status.success());
    let own = "groups:\n- name: own\n  rules:\n  - alert: \"Own\\e[31m\"\n    expr: function_cals_total > 1\n";
    fs::write(path.join("out/own.yml"), own).unwrap();
    let output = run(path, &["check", "catalog.json", "out"]);
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout.starts_with("out/own.yml:5: metric-unknown: the alert `Own"), "{stdout}");
    assert!(stdout.ends_with("    help: did you mean `function_calls_total`?\n1 finding\n"), "{stdout}");
    assert!(!stdout.contains('\u{1b}'), "{stdout}");
    let output = run(path, &["check", "catalog.json", "out", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["findings"][0]["line"], 5);
    assert_eq!(json["findings"][0]["rule"], "metric-unknown");
}

#[test]
fn diff_fails_only_on_breaking_changes() {
    let (folder, _) = workplace();
    let path = folder.path();
    let mut more = everything();
    more.push(crate::support::measured("refund", &[]));
    fs::write(path.join("more.json"), catalog(&more).to_json()).unwrap();
    let diff = |old: &str, new: &str| run(path, &["diff", old, new]);
    let same = diff("catalog.json", "catalog.json");
    assert_eq!((same.status.code(), text(&same.stdout).lines().count()), (Some(0), 1));
    let additive = diff("catalog.json", "more.json");
    assert_eq!(additive.status.code(), Some(0));
    assert!(text(&additive.stdout).starts_with("additive shop::work::refund: records the new series"));
    let breaking = diff("more.json", "catalog.json");
    assert_eq!(breaking.status.code(), Some(1));
    assert!(text(&breaking.stdout).contains("    alerts: FunctionPanics, FunctionErrorRatioHigh\n"));
    let json = run(path, &["diff", "more.json", "catalog.json", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&json["level"], &json["changes"][0]["level"]), (&"breaking".into(), &"breaking".into()));
    check_fails(path, &["diff", "catalog.json", "nothing.json"], &["`nothing.json`"]);
}

#[test]
fn lint_needs_no_program() {
    let (folder, _) = workplace();
    let path = folder.path();
    assert!(run(path, &["generate", "catalog.json", "--out", "out", "-q"]).status.success());
    let output = run(path, &["lint", "out"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), "fine: nothing found\n".to_owned()));
    fs::write(path.join("own.yml"), "groups:\n- name: a\n  rules:\n  - record: x\n    expr: sum(y)\n").unwrap();
    let output = run(path, &["lint", "out", "own.yml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).starts_with("own.yml:4: rule/name: "), "{}", text(&output.stdout));
    assert_eq!(run(path, &["lint", "own.yml", "--allow", "rule/name"]).status.code(), Some(0));
    check_fails(path, &["lint", "gone.yml"], &["gone.yml"]);
}

#[test]
fn completion_scripts_contain_every_command() {
    let (folder, _) = workplace();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(folder.path(), &["completions", shell]);
        let script = text(&output.stdout);
        for expected in ["cargo-measurand", "explain", "check", "grafana-url"] {
            assert!(output.status.success() && script.contains(expected), "`{expected}` for {shell}: {script}");
        }
    }
    let script = run(folder.path(), &["completions", "bash"]).stdout;
    fs::write(folder.path().join("script"), script).unwrap();
    let complete = "source ./script; COMP_WORDS=(cargo-measurand ex); COMP_CWORD=1; \
                    _cargo__measurand cargo-measurand ex cargo-measurand; echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash").args(["-c", complete]).current_dir(folder.path()).output().expect("bash runs");
    assert_eq!(text(&output.stdout), "explain\n", "{}", text(&output.stderr));
}

#[test]
fn a_printed_catalog_can_be_read_again() {
    let (folder, path) = workplace();
    let output = run(folder.path(), &["catalog", "catalog.json"]);
    assert_eq!(text(&output.stdout), fs::read_to_string(path).unwrap());
}

#[test]
fn the_catalog_of_a_running_program_is_read() {
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
