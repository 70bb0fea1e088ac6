//! Blocks of generated samples, and a real Prometheus that reads them.

use crate::native::snappy;
use crate::oracle::Answer;
use crate::world::Labels;
use measurand_tests::{Running, free_port, wait};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A file for `promtool tsdb create-blocks-from openmetrics`.
pub(crate) struct Samples {
    file: BufWriter<std::fs::File>,
    name: std::path::PathBuf,
}

impl Samples {
    pub(crate) fn new(directory: &Path) -> Self {
        let name = directory.join("samples.om");
        Self { file: BufWriter::new(std::fs::File::create(&name).expect("a file")), name }
    }

    pub(crate) fn series(&mut self, name: &str, labels: &Labels, samples: impl Iterator<Item = (f64, f64)>) {
        let mut series = format!("{name}{{");
        for (label, value) in labels {
            write!(series, "{label}=\"{value}\",").expect("a string");
        }
        series.pop();
        series.push('}');
        for (time, value) in samples {
            writeln!(self.file, "{series} {value} {time:.3}").expect("a file");
        }
    }

    /// Converts the samples to blocks. There are as few blocks as possible, since `promtool` reads the file once per
    /// block.
    pub(crate) fn into_blocks(mut self, storage: &Path) {
        writeln!(self.file, "# EOF").expect("a file");
        self.file.flush().expect("a file");
        let arguments = ["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=1488h", "--quiet"];
        let output = Command::new("promtool").args(arguments).args([&self.name, storage]).output();
        let output = output.expect("promtool runs; install it: apt-get install prometheus");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::remove_file(&self.name).expect("our file");
    }
}

pub(crate) struct Prometheus {
    _running: Running,
    url: String,
    agent: ureq::Agent,
}

impl Prometheus {
    /// Starts a server with the blocks in `storage` below `directory` and the rule files that match.
    pub(crate) fn start(directory: &Path, rules: &[String]) -> Self {
        Self::start_with(directory, rules, &[])
    }

    pub(crate) fn start_with(directory: &Path, rules: &[String], flags: &[&str]) -> Self {
        let config = directory.join("prometheus.yml");
        let text = format!("global: {{evaluation_interval: 15s}}\nrule_files: {}\n", serde_json::json!(rules));
        std::fs::write(&config, text).expect("the temporary directory is writable");
        let listen = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", directory.join("storage").display()))
            .arg("--storage.tsdb.retention.time=90d")
            .args(flags)
            .arg(format!("--web.listen-address={listen}"))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(directory.join("prometheus.log")).expect("a log file"));
        let running = Running::start(&mut command, "prometheus");
        let timeout = Some(Duration::from_secs(60));
        let agent = ureq::Agent::config_builder().timeout_global(timeout).build().new_agent();
        let this = Self { _running: running, url: format!("http://{listen}"), agent };
        wait("Prometheus to be ready", || ureq::get(format!("{}/-/ready", this.url)).call().ok());
        this
    }

    /// Sends an instant query. The labels of the result do not contain the metric's name.
    pub(crate) fn ask(&self, promql: &str, at: f64) -> Answer {
        let answer = self.get("query", promql, &[("time", format!("{at:.3}"))]);
        let series = |it: &Value| {
            let mut labels = labels(&it["metric"]);
            labels.remove("__name__");
            // The value of a histogram is its count.
            let histogram = &it["histogram"][1]["count"];
            let value = it["value"][1].as_str().or(histogram.as_str()).expect("a number or a histogram");
            let value = value.parse().unwrap_or_else(|_| panic!("not a number: {value}"));
            (labels, value)
        };
        answer["data"]["result"].as_array().expect("a vector").iter().map(series).collect()
    }

    /// Sends a range query and returns the number of points.
    pub(crate) fn ask_range(&self, promql: &str, from: f64, to: f64, step: u32) -> usize {
        let range = [("start", format!("{from:.3}")), ("end", format!("{to:.3}")), ("step", step.to_string())];
        let answer = self.get("query_range", promql, &range);
        let series = answer["data"]["result"].as_array().expect("a matrix").iter();
        series.map(|it| it["values"].as_array().map_or(0, Vec::len)).sum()
    }

    /// Sends series by remote write.
    pub(crate) fn remote_write(&self, request: &[u8]) {
        let sent = self
            .agent
            .post(format!("{}/api/v1/write", self.url))
            .header("Content-Encoding", "snappy")
            .header("Content-Type", "application/x-protobuf")
            .header("X-Prometheus-Remote-Write-Version", "0.1.0")
            .send(&snappy(request)[..]);
        sent.unwrap_or_else(|error| panic!("remote write: {error}"));
    }

    /// Returns the labels of pending and firing alerts. The series `ALERTS` exists only after a second evaluation.
    pub(crate) fn alerts(&self) -> Vec<Labels> {
        let answer = self.get("alerts", "", &[]);
        answer["data"]["alerts"].as_array().expect("alerts").iter().map(|it| labels(&it["labels"])).collect()
    }

    fn get(&self, what: &str, promql: &str, parameters: &[(&str, String)]) -> Value {
        let mut request = self.agent.get(format!("{}/api/v1/{what}", self.url)).query("query", promql);
        for (name, value) in parameters {
            request = request.query(*name, value);
        }
        let mut response = request.call().unwrap_or_else(|error| panic!("{promql}: {error}"));
        let body = response.body_mut().with_config().limit(1 << 30).read_to_string().expect("text");
        let answer: Value = serde_json::from_str(&body).expect("JSON");
        assert!(answer["warnings"].is_null() && answer["status"] == "success", "{promql}: {answer}");
        answer
    }
}

fn labels(it: &Value) -> Labels {
    let labels = it.as_object().expect("labels").iter();
    labels.map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned())).collect()
}
