//! A real Prometheus with one target, and `promtool`.

use measurand_tests::{Prometheus, Running};
use std::io::Write;
use std::process::{Command, Stdio};

/// Starts a Prometheus that scrapes the target every second as job `texts`.
pub(crate) fn scraping(target: &str) -> (Running, Prometheus, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs: [{{job_name: texts, static_configs: [{{targets: ['{target}']}}]}}]\n"
    );
    std::fs::write(folder.path().join("prometheus.yml"), config).expect("the folder is writable");
    let (running, prometheus) = Prometheus::start(folder.path(), &[]);
    (running, prometheus, folder)
}

/// Checks that Prometheus' linter finds only violations of naming conventions.
pub(crate) fn promtool(text: &str) {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("promtool: {error}\nhelp: install it by `apt-get install prometheus`"));
    let mut input = promtool.stdin.take().expect("its input is piped");
    input.write_all(text.as_bytes()).expect("promtool reads its input");
    drop(input);
    let output = promtool.wait_with_output().expect("promtool exits");
    let findings = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    let conventions = ["should have \"_total\" suffix", "should not have", "should not contain", "no help text"];
    for line in findings.lines() {
        assert!(conventions.iter().any(|it| line.contains(it)), "{line}");
    }
}
