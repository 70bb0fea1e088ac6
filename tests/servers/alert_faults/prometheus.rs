//! A real Prometheus on a free port, with short scrape intervals and accelerated rules.

use crate::rules::{Clock, Rule, RuleFile};
use measurand_tests::{Running, free_port, wait};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

/// The settings of a Prometheus.
pub(crate) struct Setup<'a> {
    /// An empty folder for its files.
    pub(crate) folder: &'a Path,
    pub(crate) address: String,
    pub(crate) clock: Clock,
    pub(crate) rules: &'a [RuleFile],
    /// Names and targets of the jobs.
    pub(crate) jobs: &'a [(&'a str, Vec<String>)],
    pub(crate) alertmanagers: Vec<String>,
    /// The `sample_limit` of all jobs; zero for none.
    pub(crate) sample_limit: u32,
}

/// A free address on this machine.
pub(crate) fn free_address() -> String {
    format!("127.0.0.1:{}", free_port())
}

pub(crate) struct Prometheus {
    _running: Running,
    url: String,
}

/// One alert in Prometheus' answer.
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

    /// A description on one line.
    pub(crate) fn short(&self) -> String {
        format!("{} {}: {}", self.0["state"], self.name(), self.0["annotations"]["description"])
    }

    /// Checks that the alert has the labels of the shipped rule, a severity, a service, a team and complete texts.
    #[track_caller]
    pub(crate) fn check(&self, shipped: &RuleFile) {
        // The test changes the label `service` of some rules.
        let alike = |(name, value): (&String, &String)| name == "service" || self.label(name) == value;
        let labels_of = |rule: &Rule| rule.labels.iter().all(alike);
        let rule = shipped.alerts(self.name()).find(|it| labels_of(it));
        assert!(rule.is_some(), "no shipped rule has the labels of {self:?}");
        assert!(["P0", "P1", "P2", "P3", "none"].contains(&self.label("severity")), "{self:?}");
        assert!(!self.label("team").is_empty() && !self.label("service").is_empty(), "{self:?}");
        // Prometheus writes `<no value>` and `<error expanding template: ..>` for errors in a template.
        for name in ["summary", "description", "impact", "runbook_url", "dashboard_url"] {
            let text = self.0["annotations"][name].as_str().unwrap_or_default();
            assert!(!text.is_empty() && !text.contains('<'), "{name}: {self:?}");
        }
    }
}

impl Prometheus {
    /// Starts a Prometheus and waits until it is ready.
    pub(crate) fn start(setup: &Setup<'_>) -> Self {
        let folder = setup.folder;
        std::fs::create_dir_all(folder).unwrap();
        for (index, file) in setup.rules.iter().enumerate() {
            std::fs::write(folder.join(format!("rules-{index}.yml")), file.clone().by(setup.clock)).unwrap();
        }
        let limit = setup.sample_limit;
        let job = |(name, targets): &(&str, Vec<String>)| serde_json::json!({ "job_name": name, "sample_limit": limit, "static_configs": [{ "targets": targets }] });
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
            // Prometheus discovers Alertmanager only after the first alert fires and would resend after a minute.
            .args(["--web.enable-lifecycle", "--query.lookback-delta=30s", "--rules.alert.resend-delay=1s"])
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join("prometheus.log")).unwrap());
        let running = Running::start(&mut command, "prometheus");
        let this = Self { _running: running, url: format!("http://{}", setup.address) };
        wait("Prometheus to be ready", || ureq::get(format!("{}/-/ready", this.url)).call().ok());
        this
    }

    /// Makes Prometheus reload its files.
    pub(crate) fn reload(&self) {
        ureq::post(format!("{}/-/reload", self.url)).send_empty().unwrap();
    }

    /// All pending and firing alerts.
    pub(crate) fn alerts(&self) -> Vec<Alert> {
        let answer: Value =
            serde_json::from_str(&measurand_tests::get(&format!("{}/api/v1/alerts", self.url))).unwrap();
        answer["data"]["alerts"].as_array().unwrap().iter().cloned().map(Alert).collect()
    }

    /// The firing alerts of this name.
    pub(crate) fn firing(&self, name: &str) -> Vec<Alert> {
        self.alerts().into_iter().filter(|it| it.is_firing() && it.name() == name).collect()
    }
}
