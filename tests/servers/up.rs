//! `cargo measurand up`, `status` and `down` with real servers: every panel has data within a minute, and `down`
//! removes everything again.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

use measurand::measured;
use measurand_monitoring::query::promql::Histograms;
use measurand_monitoring::{Monitoring, Options, User};
use measurand_tests::{Prometheus, Running, program, wait};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const SERVERS: [&str; 4] = ["alert-webhook", "alertmanager", "node-exporter", "prometheus"];

/// A stack that is stopped after the test, also if the test fails.
struct Stack {
    command: PathBuf,
    folder: tempfile::TempDir,
}

impl Stack {
    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(&self.command).args(arguments).current_dir(self.folder.path()).output().unwrap()
    }

    fn json(&self, arguments: &[&str]) -> (Value, Option<i32>) {
        let output = self.run(&[arguments, &["--format", "json"]].concat());
        let text = String::from_utf8_lossy(&output.stdout);
        let error = String::from_utf8_lossy(&output.stderr);
        (serde_json::from_str(&text).unwrap_or_else(|it| panic!("{it}: {text}{error}")), output.status.code())
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.run(&["down"]);
    }
}

#[test]
fn up_gives_data_on_every_panel_and_down_stops_all() {
    let quickstart = program("quickstart", "quickstart", "dev");
    let webhook = program("measurand-webhook", "measurand-webhook", "dev");
    assert!(webhook.exists(), "the command finds the alert receiver in its own folder");
    let command = program("cargo-measurand", "cargo-measurand", "dev");
    let stack = Stack { command, folder: tempfile::tempdir().unwrap() };
    let mut application = Command::new(&quickstart);
    let (application, url) = Running::serving(application.env("MEASURAND_LISTEN", "127.0.0.1:0"));

    let start = Instant::now();
    let (report, code) = stack.json(&["measurand", "up", &url]);
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report["job"], "quickstart");
    assert_eq!(names(&report["servers"], "name"), SERVERS);
    assert!(report["servers"].as_array().unwrap().iter().all(|it| it["state"] == "ready"), "{report:#}");
    assert_eq!(names(&report["targets"], "job"), ["alert-webhook", "alertmanager", "node", "prometheus", "quickstart"]);
    assert!(report["targets"].as_array().unwrap().iter().all(|it| it["up"] == true), "{report:#}");

    let prometheus = Prometheus::at(server(&report, "prometheus")["url"].as_str().unwrap());
    let catalog = measurand_catalog::read_file(&quickstart).unwrap();
    every_panel_has_data(&prometheus, &Monitoring::new(&catalog, &Options::default()), &["ALERTS"], 40, start);

    // The links of alerts lead to the servers of this stack.
    let rules = std::fs::read_to_string(stack.folder.path().join(".measurand/config/alerts.yml")).unwrap();
    let receiver = server(&report, "alert-webhook")["url"].as_str().unwrap();
    assert!(rules.contains(&format!("runbook_url: {receiver}/runbook#servicedown\n")), "{rules}");
    // Without Grafana, panels are those of the live page.
    assert!(rules.contains("/live#panel=") && !rules.contains("localhost:3001"), "{rules}");

    // The alert receiver stores the Watchdog.
    let webhook = server(&report, "alert-webhook")["url"].as_str().unwrap().to_owned();
    let token = std::fs::read_to_string(stack.folder.path().join(".measurand/secrets/webhook_token")).unwrap();
    wait("the Watchdog at the alert receiver", || {
        let answer =
            ureq::get(format!("{webhook}/api/alerts")).header("authorization", format!("Bearer {token}")).call();
        answer.ok()?.body_mut().read_to_string().ok().filter(|it| it.contains("Watchdog"))
    });
    assert!(ureq::get(format!("{webhook}/api/alerts")).call().is_err(), "reading alerts needs the token");
    assert!(ureq::get(format!("{webhook}/watchdog")).call().is_ok(), "the Watchdog needs none");
    let runbook = ureq::get(format!("{webhook}/runbook")).header("authorization", format!("Bearer {token}")).call();
    let runbook = runbook.unwrap().body_mut().read_to_string().unwrap();
    assert!(runbook.contains("<h2 id=\"servicedown\">"), "{runbook}");

    // `up` starts a dead server again, on its port and with its samples.
    let pid = server(&report, "prometheus")["pid"].to_string();
    assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    let said = wait("status to notice it", || {
        let said = String::from_utf8_lossy(&stack.run(&["status"]).stdout).into_owned();
        said.contains("prometheus has exited").then_some(said)
    });
    let address = url.trim_start_matches("http://");
    assert!(
        said.contains(&format!("start it again on its port with `cargo measurand up --target {address}`")),
        "{said}"
    );
    let (restarted, code) = stack.json(&["up", "--target", address]);
    assert_eq!(code, Some(0), "{restarted:#}");
    for name in SERVERS {
        let (old, new) = (server(&report, name), server(&restarted, name));
        assert_eq!(old["url"], new["url"], "{name}");
        assert_eq!(old["pid"] == new["pid"], name != "prometheus", "{name}");
    }
    assert!(prometheus.number("max_over_time(count(up)[5m:1s])").is_some(), "the samples are kept");

    // With other targets it refuses.
    let again = stack.run(&["up", "--target", "http://127.0.0.1:1"]);
    let error = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(again.status.code(), Some(2));
    assert!(error.contains("already runs alert-webhook, alertmanager, node-exporter, prometheus for "), "{error}");
    assert!(error.contains("cargo measurand down") && error.lines().count() == 1, "{error}");

    // `status` reports that the application is down.
    application.stop();
    let down = wait("the target to be down", || {
        let (status, code) = stack.json(&["status"]);
        let target = status["targets"].as_array()?.iter().find(|it| it["job"] == "quickstart")?.clone();
        (target["up"] == false && code == Some(1)).then_some(target)
    });
    assert!(down["error"].as_str().unwrap().contains("connection refused"), "{down}");

    let (ended, code) = stack.json(&["down"]);
    assert_eq!((code, names(&ended["stopped"], ""), names(&ended["killed"], "")), (Some(0), SERVERS.to_vec(), vec![]));
    for it in report["servers"].as_array().unwrap() {
        let address = it["url"].as_str().unwrap().trim_start_matches("http://");
        assert!(std::net::TcpStream::connect(address).is_err(), "{it} still listens");
        let log = std::fs::read_to_string(it["log"].as_str().unwrap()).unwrap();
        assert!(!log.is_empty(), "the logs are kept: {it}");
    }
    let (ended, code) = stack.json(&["down", "--purge"]);
    assert_eq!((code, names(&ended["stopped"], ""), ended["purged"].as_bool()), (Some(0), vec![], Some(true)));
    assert!(!stack.folder.path().join(".measurand").exists());
}

#[measured(slo(success = 99.9, latency = "10ms" @ 99))]
fn checkout(number: u64) -> Result<(), std::fmt::Error> {
    if number.is_multiple_of(10) { Err(std::fmt::Error) } else { Ok(()) }
}

#[test]
fn native_histograms_need_no_other_setting() {
    let stack = || {
        let command = program("cargo-measurand", "cargo-measurand", "dev");
        Stack { command, folder: tempfile::tempdir().unwrap() }
    };
    // This program exports native histograms.
    let exporter = measurand::exporter::builder().listen("127.0.0.1:0").native_histograms().install().unwrap();
    std::thread::spawn(|| {
        for number in 0.. {
            let _ = checkout(number);
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let (native, start) = (stack(), Instant::now());
    let url = format!("http://{}", exporter.address());
    let (report, code) = native.json(&["measurand", "up", &url, "--histograms", "native"]);
    assert_eq!(code, Some(0), "{report:#}");
    let prometheus = Prometheus::at(server(&report, "prometheus")["url"].as_str().unwrap());
    let options = Options { histograms: Histograms::Native, ..Options::default() };
    // This program watches no runtime of Tokio, and rules for 30 days are evaluated every few minutes.
    let absent = ["ALERTS", "tokio_", "rate30d"];
    every_panel_has_data(&prometheus, &Monitoring::new(&measurand::catalog(), &options), &absent, 20, start);
    let count = r#"histogram_count(function_duration_seconds{function="checkout"})"#;
    assert!(prometheus.number(count).is_some_and(|it| it > 0.0), "the histogram is native");

    // The quickstart exports classic ones, so the rules would have no data.
    let mut classic = Command::new(program("quickstart", "quickstart", "dev"));
    let (_classic, url) = Running::serving(classic.env("MEASURAND_LISTEN", "127.0.0.1:0"));
    let blind = stack();
    let output = blind.run(&["measurand", "up", &url, "--histograms", "native"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("but Prometheus has only its classic series; help: "), "{error}");
    assert!(String::from_utf8_lossy(&blind.run(&["down"]).stdout).contains("nothing runs"), "all servers are stopped");
}

/// Prometheus 3.8 needs a setting instead of the flag. Debian has no such version, so a script stands for it.
#[test]
fn a_newer_prometheus_gets_the_setting_for_native_histograms() {
    let command = program("cargo-measurand", "cargo-measurand", "dev");
    let stack = Stack { command, folder: tempfile::tempdir().unwrap() };
    let (programs, seen) = (tempfile::tempdir().unwrap(), stack.folder.path().join("seen"));
    let script = format!(
        "#!/bin/sh\ncase $1 in --version) echo 'prometheus, version 3.9.1'; exit;; esac\n\
         {{ echo \"$@\"; cat \"${{1#--config.file=}}\"; }} >'{}'\nexit 1\n",
        seen.display()
    );
    let prometheus = programs.path().join("prometheus");
    std::fs::write(&prometheus, script).unwrap();
    std::fs::set_permissions(&prometheus, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut quickstart = Command::new(program("quickstart", "quickstart", "dev"));
    let (_running, url) = Running::serving(quickstart.env("MEASURAND_LISTEN", "127.0.0.1:0"));
    let path = format!("{}:{}", programs.path().display(), std::env::var("PATH").unwrap());
    let mut up = Command::new(&stack.command);
    up.args(["measurand", "up", &url, "--histograms", "native"]).env("PATH", path).current_dir(stack.folder.path());
    let output = up.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{error}");
    let seen = std::fs::read_to_string(seen).unwrap_or_else(|it| panic!("{it}: {error}"));
    assert!(seen.contains("\n  scrape_native_histograms: true\n") && !seen.contains("native-histograms"), "{seen}");
}

/// The sorted strings of a list, or with a key the strings at this key of its items.
fn names<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    let mut names: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|it| if key.is_empty() { it } else { &it[key] }.as_str().unwrap())
        .collect();
    names.sort_unstable();
    names
}

fn server<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["servers"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap()
}

/// Waits until every panel has data, at most one minute after `start`. Leaves out queries with the `absent` names:
/// alerts have no data while none fires.
fn every_panel_has_data(
    prometheus: &Prometheus,
    monitoring: &Monitoring,
    absent: &[&str],
    least: usize,
    start: Instant,
) {
    let panels = monitoring.queries().filter(|it| it.user == User::Panel);
    let mut waiting: Vec<String> =
        panels.map(|it| it.instant("1m")).filter(|it| !absent.iter().any(|name| it.contains(name))).collect();
    assert!(waiting.len() > least, "{} queries", waiting.len());
    while !waiting.is_empty() {
        waiting.retain(|it| prometheus.query(it).is_empty());
        assert!(start.elapsed() < Duration::from_secs(60), "no data after a minute for {waiting:#?}");
        std::thread::sleep(Duration::from_millis(200));
    }
    eprintln!("data on every panel after {:.1} s", start.elapsed().as_secs_f64());
}
