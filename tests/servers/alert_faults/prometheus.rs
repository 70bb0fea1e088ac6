//! A real Prometheus on a free port that scrapes often and evaluates rules by a fast clock.

use crate::rules::{Clock, Rule, RuleFile};
use measurand_tests::{Running, free_port, wait};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

/// What one is started with.
pub(crate) struct Setup<'a> {
    /// A folder of its own.
    pub(crate) folder: &'a Path,
    pub(crate) address: String,
    pub(crate) clock: Clock,
    pub(crate) rules: &'a [RuleFile],
    /// Names and targets.
    pub(crate) jobs: &'a [(&'a str, Vec<String>)],
    pub(crate) alertmanagers: Vec<String>,
}

/// An address on this machine that nobody has.
pub(crate) fn free_address() -> String {
    format!("127.0.0.1:{}", free_port())
}

pub(crate) struct Prometheus {
    _running: Running,
    url: String,
}

/// One alert as Prometheus tells it.
#[derive(Debug, Clone)]
pub(crate) struct Alert(Value);

impl Alert {
    pub(crate) fn name(&self) -> &str {
        self.label("alertname")
    }

    pub(crate) fn label(&self, name: &str) -> &str {
        self.0["labels"][name].as_str().unwrap_or_default()
    }

    pub(crate) fn is_firing(&self) -> bool {
        self.0["state"] == "firing"
    }

    /// On one line.
    pub(crate) fn short(&self) -> String {
        format!("{} {}: {}", self.0["state"], self.name(), self.0["annotations"]["description"])
    }

    /// What the shipped rule says is what somebody gets to read: severity, service, team, and whole sentences.
    #[track_caller]
    pub(crate) fn check(&self, shipped: &RuleFile) {
        // The service may be another one that the same rule is about.
        let alike = |(name, value): (&String, &String)| name == "service" || self.label(name) == value;
        let labels_of = |rule: &Rule| rule.labels.iter().all(alike);
        let rule = shipped.alerts(self.name()).find(|it| labels_of(it));
        assert!(rule.is_some(), "no shipped rule has the labels of {self:?}");
        assert!(["P0", "P1", "P2", "P3", "none"].contains(&self.label("severity")), "{self:?}");
        assert!(!self.label("team").is_empty() && !self.label("service").is_empty(), "{self:?}");
        // `<no value>` and `<error expanding template: ..>` are what Prometheus writes for what it does not know.
        for name in ["summary", "description", "impact", "runbook_url", "dashboard_url"] {
            let text = self.0["annotations"][name].as_str().unwrap_or_default();
            assert!(!text.is_empty() && !text.contains('<'), "{name}: {self:?}");
        }
    }
}

impl Prometheus {
    /// Starts it.
    pub(crate) fn start(setup: &Setup<'_>) -> Self {
        let folder = setup.folder;
        std::fs::create_dir_all(folder).unwrap();
        for (index, file) in setup.rules.iter().enumerate() {
            std::fs::write(folder.join(format!("rules-{index}.yml")), file.clone().by(setup.clock)).unwrap();
        }
        let job = |(name, targets): &(&str, Vec<String>)| serde_json::json!({ "job_name": name, "static_configs": [{ "targets": targets }] });
        let scrape = format!("{}ms", setup.clock.scrape.as_millis());
        let config = serde_json::json!({
            "global": { "scrape_interval": scrape, "scrape_timeout": scrape, "evaluation_interval": "1s" },
            "rule_files": [folder.join("rules-*.yml")],
            "scrape_configs": setup.jobs.iter().map(job).collect::<Vec<_>>(),
            "alerting": { "alertmanagers": [{ "static_configs": [{ "targets": setup.alertmanagers }] }] },
        });
        std::fs::write(folder.join("prometheus.yml"), config.to_string()).unwrap();
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()))
            .arg(format!("--web.listen-address={}", setup.address))
            // It finds Alertmanager seconds after the first alert fires; the next time that it sends it is a minute away.
            .args(["--web.enable-lifecycle", "--query.lookback-delta=30s", "--rules.alert.resend-delay=1s"])
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join("prometheus.log")).unwrap());
        let running = Running::start(&mut command, "prometheus");
        let this = Self { _running: running, url: format!("http://{}", setup.address) };
        wait("Prometheus to be ready", 60, || ureq::get(format!("{}/-/ready", this.url)).call().ok());
        this
    }

    /// Lets it read its files again.
    pub(crate) fn reload(&self) {
        ureq::post(format!("{}/-/reload", self.url)).send_empty().unwrap();
    }

    /// The alerts that are pending or fire.
    pub(crate) fn alerts(&self) -> Vec<Alert> {
        let answer: Value =
            serde_json::from_str(&measurand_tests::get(&format!("{}/api/v1/alerts", self.url))).unwrap();
        answer["data"]["alerts"].as_array().unwrap().iter().cloned().map(Alert).collect()
    }

    /// Those of this name that fire.
    pub(crate) fn firing(&self, name: &str) -> Vec<Alert> {
        self.alerts().into_iter().filter(|it| it.is_firing() && it.name() == name).collect()
    }
}
