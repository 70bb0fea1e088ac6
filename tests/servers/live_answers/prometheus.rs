//! A real Prometheus with the given samples.

use measurand_monitoring::query::evaluate::{Memory, Scope};
use measurand_tests::Running;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

pub(crate) struct Prometheus {
    _running: Running,
    url: String,
    /// The version that the server returns.
    pub(crate) version: String,
}

impl Prometheus {
    pub(crate) fn with(directory: &Path, memory: &Memory) -> Self {
        let file = directory.join("samples.txt");
        std::fs::write(&file, openmetrics(memory)).unwrap();
        let data = directory.join("tsdb");
        let output = Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics", "--quiet"])
            .args([&file, &data])
            .output()
            .expect("promtool runs\nhelp: install it by `apt-get install prometheus`");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

        std::fs::write(directory.join("prometheus.yml"), "global: {scrape_interval: 15s}\n").unwrap();
        // The samples are of 2023.
        let (running, server) = measurand_tests::Prometheus::start(directory, &["--storage.tsdb.retention.time=100y"]);
        let url = server.url().to_owned();
        let answer = measurand_tests::get(&format!("{url}/api/v1/status/buildinfo"));
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        Self { _running: running, url, version: answer["data"]["version"].as_str().unwrap().to_owned() }
    }

    /// Whether the server is a Prometheus 2.
    pub(crate) fn is_2(&self) -> bool {
        self.version.starts_with("2.")
    }

    /// Returns a scope that evaluates like this server.
    pub(crate) fn scope<'a>(&self, scope: Scope<'a>) -> Scope<'a> {
        if self.is_2() { scope.prometheus_2() } else { scope }
    }

    /// Returns the results at each of these instants. They have a fixed step, but some are left out.
    pub(crate) fn ask(&self, promql: &str, times: &[i64]) -> Vec<super::Answers> {
        let mut all = vec![BTreeMap::new(); times.len()];
        let answer = ureq::post(format!("{}/api/v1/query_range", self.url)).send_form([
            ("query", promql),
            ("start", &seconds(times[0])),
            ("end", &seconds(times[times.len() - 1])),
            ("step", "131"),
        ]);
        let mut answer = answer.unwrap_or_else(|error| panic!("{promql}: {error}"));
        let answer: serde_json::Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        for row in answer["data"]["result"].as_array().unwrap() {
            let labels = row["metric"].as_object().unwrap();
            let labels: Vec<(String, String)> =
                labels.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
            for sample in row["values"].as_array().unwrap() {
                // The instants are whole seconds.
                let time = sample[0].as_i64().unwrap() * 1000;
                if let Ok(place) = times.binary_search(&time) {
                    all[place].insert(labels.clone(), sample[1].as_str().unwrap().parse().unwrap());
                }
            }
        }
        all
    }
}

fn seconds(milliseconds: i64) -> String {
    (milliseconds / 1000).to_string()
}

fn openmetrics(memory: &Memory) -> String {
    let mut text = String::new();
    for (metric, series) in memory.iter() {
        let labels: Vec<String> = series.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        let labels = labels.join(",");
        for (time, value) in &series.samples {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{metric}{{{labels}}} {value} {}.{:03}", time / 1000, time % 1000);
        }
    }
    text.push_str("# EOF\n");
    text
}
