//! A real Alertmanager delivers a firing and a resolved alert, with credentials, although the server is killed between.

use crate::authentication::TOKEN;
use crate::support::{Webhook, agent, file};
use measurand_tests::{Running, free_port, wait};
use std::fs::File;
use std::process::{Command, Stdio};

struct Alertmanager {
    _running: Running,
    url: String,
}

impl Alertmanager {
    fn start(directory: &tempfile::TempDir, webhook: &str) -> Self {
        let token = file(directory, "token", TOKEN);
        let config = format!(
            "route: {{receiver: webhook, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}\n\
             receivers:\n\
             - name: webhook\n  webhook_configs:\n  - url: '{webhook}/webhook'\n    send_resolved: true\n    \
             http_config: {{authorization: {{credentials_file: '{}'}}}}\n",
            token.display()
        );
        let config = file(directory, "alertmanager.yml", &config);
        let listen = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new("prometheus-alertmanager");
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", directory.path().join("data").display()))
            .arg(format!("--web.listen-address={listen}"))
            .arg("--cluster.listen-address=")
            .stdout(Stdio::null())
            .stderr(File::create(directory.path().join("alertmanager.log")).unwrap());
        let running = Running::start(&mut command, "prometheus-alertmanager");
        let this = Self { _running: running, url: format!("http://{listen}") };
        wait("Alertmanager to be ready", || agent().get(format!("{}/-/ready", this.url)).call().ok());
        this
    }

    fn alert(&self, arguments: &[&str]) {
        let mut command = Command::new("amtool");
        command.arg(format!("--alertmanager.url={}", self.url)).args(["alert", "add"]).args(arguments);
        let output = command.output().expect("amtool runs; install it: apt-get install prometheus-alertmanager");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn alertmanager_delivers_a_firing_and_a_resolved_alert() {
    let directory = tempfile::tempdir().unwrap();
    let listen = format!("127.0.0.1:{}", free_port());
    let alertmanager = Alertmanager::start(&directory, &format!("http://{listen}"));
    let tokens = file(&directory, "tokens", TOKEN);
    let arguments = ["--listen", &listen, "--token-file", tokens.to_str().unwrap()];

    let labels = ["alertname=DiskFull", "severity=P0", "instance=a", "path=<img onerror=alert(1)>"];
    let annotations = ["--annotation=summary=the disk is full", "--annotation=runbook_url=https://example.com/disk"];
    let start = "--start=2026-01-01T12:00:00Z";
    // The server does not run yet, so Alertmanager has to repeat the notification.
    alertmanager.alert(&[&labels[..], &annotations, &[start, "--end=2100-01-01T00:00:00Z"]].concat());
    let webhook = Webhook::start(&arguments);
    let alert = wait("the firing alert", || first(&webhook));
    assert_eq!(alert["status"], "firing");
    assert_eq!(alert["name"], "DiskFull");
    assert_eq!(alert["severity"], "P0");
    assert_eq!(alert["labels"]["path"], "<img onerror=alert(1)>");
    assert_eq!(alert["annotations"]["summary"], "the disk is full");
    assert_eq!(alert["starts_at"], "2026-01-01T12:00:00Z");
    assert!(alert["ends_at"].is_null(), "{alert}");
    assert_eq!(alert["receiver"], "webhook");
    assert_eq!(alert["group_key"], "{}:{alertname=\"DiskFull\"}");
    assert_eq!(alert["fingerprint"].as_str().unwrap().len(), 16);

    // The server does not run when the alert is resolved.
    let kept = webhook.kill();
    alertmanager.alert(&[&labels[..], &annotations, &[start, "--end=2026-01-01T13:00:00Z"]].concat());
    let webhook = Webhook::start_in(kept, &arguments);
    let alert = wait("the resolved alert", || first(&webhook).filter(|it| it["status"] == "resolved"));
    assert_eq!(alert["ends_at"], "2026-01-01T13:00:00Z");
    assert_eq!(alert["id"], 1, "the same alert, not a second one");
}

fn first(webhook: &Webhook) -> Option<serde_json::Value> {
    let request = agent().get(format!("{}/api/alerts", webhook.url)).header("authorization", format!("Bearer {TOKEN}"));
    let answer = crate::support::Answer::of(request.call()).json();
    answer["alerts"].as_array()?.first().cloned()
}
