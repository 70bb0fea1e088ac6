//! The message of a program that never installs its recorder. Each case is a process of its own.

#![allow(clippy::unwrap_used, reason = "test helpers may unwrap, like tests")]

use measurand::measured;
use std::process::Command;

const CASE: &str = "MEASURAND_TEST_CASE";

#[measured]
fn work() {}

#[test]
fn child() {
    let Ok(case) = std::env::var(CASE) else { return };
    match case.as_str() {
        "installed" => drop(measurand::exporter::builder().listen("127.0.0.1:0").install().unwrap()),
        "router" => drop(measurand::exporter::router()),
        "local" => {
            let recorder = metrics_util::debugging::DebuggingRecorder::new();
            return metrics::with_local_recorder(&recorder, || (0..10).for_each(|_| work()));
        }
        _ => {}
    }
    (0..10).for_each(|_| work());
    // A separate thread writes the message.
    std::thread::sleep(std::time::Duration::from_secs(1));
}

/// The lines about a missing recorder that the case writes to standard error.
fn said(case: &str, wait: Option<&str>) -> Vec<String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "--exact", "--nocapture"]).env(CASE, case).env_remove("MEASURAND_MISSING_RECORDER");
    if let Some(wait) = wait {
        command.env("MEASURAND_MISSING_RECORDER", wait);
    }
    let output = command.output().unwrap();
    assert!(output.status.success());
    let stderr = String::from_utf8(output.stderr).unwrap();
    stderr.lines().filter(|it| it.contains("no recorder is installed")).map(str::to_owned).collect()
}

#[test]
fn the_message_appears_once() {
    let lines = said("forgotten", Some("0"));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("`measurand::exporter::install()`") && lines[0].contains("MEASURAND_MISSING_RECORDER=off")
    );
}

#[test]
fn without_lost_calls_there_is_no_message() {
    for (case, wait) in [
        ("forgotten", Some("off")),
        // The test ends before the delay.
        ("forgotten", None),
        ("installed", Some("0")),
        ("router", Some("0")),
        ("local", Some("0")),
    ] {
        assert_eq!(said(case, wait), [""; 0], "{case} {wait:?}");
    }
}
