//! A real Prometheus on a free port, with one target and the generated rules.

use measurand_tests::Running;
use std::path::Path;

pub(crate) struct Prometheus {
    _running: Running,
    url: String,
}

impl Prometheus {
    /// Starts a Prometheus with additional flags.
    pub(crate) fn start(directory: &Path, rules: &Path, job: &str, target: &str, flags: &[&str]) -> Self {
        let text = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n\
             rule_files: ['{rules}/*.yml']\n\
             scrape_configs: [{{job_name: '{job}', static_configs: [{{targets: ['{target}']}}]}}]\n",
            rules = rules.display()
        );
        std::fs::write(directory.join("prometheus.yml"), text).expect("the temporary directory is writable");
        let (running, server) = measurand_tests::Prometheus::start(directory, flags);
        Self { _running: running, url: server.url().to_owned() }
    }

    /// Returns the samples of an instant query.
    pub(crate) fn query(&self, promql: &str) -> Vec<serde_json::Value> {
        self.ask("query", promql)["result"].as_array().cloned().unwrap_or_default()
    }

    /// Returns the `data` of the API's response to a query at this path.
    pub(crate) fn ask(&self, address: &str, promql: &str) -> serde_json::Value {
        let response = ureq::get(format!("{}/api/v1/{address}", self.url)).query("query", promql).call();
        let mut response = response.unwrap_or_else(|error| panic!("{promql}: {error}"));
        let answer = response.body_mut().read_to_string().expect("text");
        let mut answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
        answer["data"].take()
    }

    /// Returns the value of the first sample.
    pub(crate) fn number(&self, promql: &str) -> Option<f64> {
        self.query(promql).first()?["value"][1].as_str()?.parse().ok()
    }

    /// Returns the names of all firing alerts.
    pub(crate) fn firing(&self) -> Vec<String> {
        let samples = self.query(r#"ALERTS{alertstate="firing"}"#);
        samples.iter().filter_map(|it| it["metric"]["alertname"].as_str().map(str::to_owned)).collect()
    }
}
