//! A client of Prometheus and of servers with the same query API.

use crate::{Running, free_port, wait};
use serde_json::Value;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

/// A server with the query API of Prometheus.
#[derive(Debug, Clone)]
pub struct Prometheus {
    url: String,
}

impl Prometheus {
    /// Starts a Prometheus on a free port with the `prometheus.yml` in this folder, and waits until it is ready. Its data is
    /// in the subfolder `tsdb`, its log in `prometheus.log`.
    ///
    /// # Panics
    /// If it is not installed, or not ready within a minute.
    #[must_use]
    pub fn start(folder: &Path, flags: &[&str]) -> (Running, Self) {
        let listen = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()))
            .arg(format!("--web.listen-address={listen}"))
            .args(flags)
            .stdout(Stdio::null())
            .stderr(File::create(folder.join("prometheus.log")).expect("a log file"));
        let running = Running::start(&mut command, "prometheus");
        let this = Self::at(&format!("http://{listen}"));
        wait("Prometheus to be ready", || ureq::get(format!("{}/-/ready", this.url)).call().ok());
        (running, this)
    }

    /// The server at this URL.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned() }
    }

    /// The URL of the server.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the samples of an instant query.
    ///
    /// # Panics
    /// If the request fails.
    #[must_use]
    pub fn query(&self, promql: &str) -> Vec<Value> {
        self.ask(promql, None)
    }

    /// Returns the samples of an instant query at a time in seconds since 1970.
    ///
    /// # Panics
    /// If the request fails.
    #[must_use]
    pub fn query_at(&self, promql: &str, time: f64) -> Vec<Value> {
        self.ask(promql, Some(time))
    }

    fn ask(&self, promql: &str, time: Option<f64>) -> Vec<Value> {
        let time: Vec<_> = time.map(|it| ("time", it.to_string())).into_iter().collect();
        self.get("query", promql, &time)
    }

    fn get(&self, what: &str, promql: &str, parameters: &[(&str, String)]) -> Vec<Value> {
        let mut request = ureq::get(format!("{}/api/v1/{what}", self.url)).query("query", promql);
        for (name, value) in parameters {
            request = request.query(*name, value);
        }
        let mut response = request.call().unwrap_or_else(|error| panic!("{promql}: {error}"));
        let answer = response.body_mut().with_config().limit(1 << 30).read_to_string().expect("text");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        answer["data"]["result"].as_array().cloned().unwrap_or_default()
    }

    /// Returns the series of a range query, with times in seconds.
    ///
    /// # Panics
    /// If the request fails.
    #[must_use]
    pub fn query_range(&self, promql: &str, start: i64, end: i64, step: i64) -> Vec<Value> {
        let parameters = [("start", start), ("end", end), ("step", step)].map(|(name, it)| (name, it.to_string()));
        self.get("query_range", promql, &parameters)
    }

    /// Returns the value of the first sample of an instant query.
    #[must_use]
    pub fn number(&self, promql: &str) -> Option<f64> {
        self.query(promql).first()?["value"][1].as_str()?.parse().ok()
    }

    /// Returns the names of all firing alerts.
    #[must_use]
    pub fn firing(&self) -> Vec<String> {
        let samples = self.query(r#"ALERTS{alertstate="firing"}"#);
        samples.iter().filter_map(|it| it["metric"]["alertname"].as_str().map(str::to_owned)).collect()
    }
}
