//! `secrets`: files with the right contents and permissions; existing files stay as they are.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Runs the command with a umask that would close all files.
fn run(folder: &Path) -> serde_json::Value {
    let script = format!("umask 077; exec '{}' secrets --format json", env!("CARGO_BIN_EXE_cargo-measurand"));
    let output = Command::new("sh").args(["-c", &script]).current_dir(folder).output().expect("the command starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn contents(folder: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    files.map(|it| (it.file_name().unwrap().display().to_string(), fs::read_to_string(&it).unwrap())).collect()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn secrets_are_random_closed_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder.path().join("monitoring/secrets");
    let report = run(folder.path());
    assert_eq!(report["folder"], "monitoring/secrets");
    assert_eq!(report["missing"], serde_json::json!(["tls_certificate", "tls_key", "tls_ca"]));
    assert_eq!(mode(&secrets), 0o700);
    let first = contents(&secrets);
    let named: Vec<&str> = report["files"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    for name in &named {
        let expected = if ["webhook_password", "proxy_password"].contains(name) { 0o600 } else { 0o644 };
        assert_eq!(mode(&secrets.join(name)), expected, "{name}");
    }
    assert_eq!(first.len(), named.len() + 1, "one file more: .gitignore");
    assert_eq!(first[".gitignore"], "*\n");
    for name in ["webhook_token", "grafana_admin_password", "webhook_password", "web_password", "proxy_password"] {
        assert_eq!(first[name].len(), 48, "{name}");
        assert_eq!(first.values().filter(|it| **it == first[name]).count(), 1, "{name} is random");
    }
    for (users, password) in [("webhook_users", "webhook_password"), ("proxy_users", "proxy_password")] {
        let hash = first[users].trim().strip_prefix("measurand:").unwrap();
        assert!(bcrypt::verify(&first[password], hash).unwrap(), "{users}");
    }
    assert!(first["web_config"].contains("monitoring: $2y$"), "{}", first["web_config"]);
    assert_eq!(first["web_users"], format!("monitoring:{{PLAIN}}{}\n", first["web_password"]));
    let of_slack = ["slack_alerts", "slack_alerts-critical", "slack_alerts-low"];
    for name in of_slack.into_iter().chain(["pagerduty_routing_key", "smtp_password"]) {
        assert_eq!(first[name], "", "{name}");
    }

    fs::remove_file(secrets.join("slack_alerts")).unwrap();
    fs::write(secrets.join("slack_alerts"), "https://hooks.example.org/a").unwrap();
    fs::remove_file(secrets.join("webhook_users")).unwrap();
    let report = run(folder.path());
    let state =
        |name: &str| report["files"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap()["state"].clone();
    assert_eq!(
        (state("slack_alerts"), state("webhook_users"), state("smtp_password")),
        ("kept".into(), "wrote".into(), "empty".into())
    );
    let mut second = contents(&secrets);
    assert_eq!(second["slack_alerts"], "https://hooks.example.org/a");
    let hash = second["webhook_users"].trim().strip_prefix("measurand:").unwrap();
    assert!(bcrypt::verify(&first["webhook_password"], hash).unwrap(), "the hash is that of the existing password");
    for name in ["slack_alerts", "webhook_users"] {
        second.insert(name.to_owned(), first[name].clone());
    }
    assert_eq!(first, second);

    fs::write(folder.path().join("monitoring/monitoring.toml"), "[receivers]\nswitch_url = \"https://a.example\"\n")
        .unwrap();
    let report = run(folder.path());
    assert!(report["files"].as_array().unwrap().iter().any(|it| it["name"] == "switch_token"), "{report}");
    // A team and a bot need other files; those that are not needed any more stay.
    let teams = "[slack]\nteams = { storage = \"#team-storage\" }\n";
    fs::write(folder.path().join("monitoring/monitoring.toml"), teams).unwrap();
    assert_eq!(run(folder.path())["files"].as_array().unwrap().len(), named.len() + 1);
    assert_eq!(contents(&secrets)["slack_team-storage"], "");
    fs::write(folder.path().join("monitoring/monitoring.toml"), "[slack]\nbot = true\n").unwrap();
    run(folder.path());
    let last = contents(&secrets);
    assert_eq!(
        (last["slack_token"].as_str(), last["slack_api_url"].as_str()),
        ("", "https://slack.com/api/chat.postMessage")
    );
}
