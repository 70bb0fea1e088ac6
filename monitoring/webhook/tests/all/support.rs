//! Runs the server as a process and sends requests to it.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use ureq::Agent;

/// A running server and the folder of its database.
pub(crate) struct Webhook {
    pub(crate) directory: TempDir,
    pub(crate) url: String,
    child: Child,
}

impl Webhook {
    /// Starts a server on a free port.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    pub(crate) fn start_in(directory: TempDir, arguments: &[&str]) -> Self {
        let mut command = command();
        if !arguments.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command.args(arguments);
        Self::run(directory, &mut command)
    }

    /// Runs a command that starts the server.
    pub(crate) fn run(directory: TempDir, command: &mut Command) -> Self {
        let errors = std::fs::OpenOptions::new().create(true).append(true).open(directory.path().join("stderr"));
        let child = command.current_dir(&directory).stdout(Stdio::piped()).stderr(errors.unwrap()).spawn();
        let mut child = child.unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("serving alerts at ").map(str::to_owned);
        let url = url.unwrap_or_else(|| panic!("no address: {}", log(directory.path())));
        Self { directory, url, child }
    }

    /// The server's stderr.
    pub(crate) fn log(&self) -> String {
        log(self.directory.path())
    }

    /// Kills the server with SIGKILL, and returns its folder.
    pub(crate) fn kill(mut self) -> TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.directory, tempfile::tempdir().unwrap())
    }

    /// Runs a command with the server's PID as its last argument.
    pub(crate) fn run_on(&self, command: &[&str]) {
        let status = Command::new(command[0]).args(&command[1..]).arg(self.child.id().to_string()).status();
        assert!(status.unwrap().success(), "{command:?}");
    }

    /// Sends a signal by its name, and does not wait.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> (ExitStatus, TempDir) {
        let status = measurand_tests::wait("the server to end", || self.child.try_wait().unwrap());
        (status, std::mem::replace(&mut self.directory, tempfile::tempdir().unwrap()))
    }

    pub(crate) fn post(&self, body: &Value) -> Answer {
        post(&self.url, body.to_string().as_bytes())
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        Answer::of(agent().get(format!("{}{path}", self.url)).call())
    }

    /// The alerts that the API returns for a query such as `status=firing`.
    pub(crate) fn alerts(&self, query: &str) -> Vec<Value> {
        self.get(&format!("/api/alerts?{query}")).json()["alerts"].as_array().unwrap().clone()
    }

    pub(crate) fn total(&self) -> u64 {
        self.get("/api/alerts").json()["total"].as_u64().unwrap()
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_measurand-webhook"));
    // Variables of the developer's environment must not affect the tests.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MEASURAND_")) {
        command.env_remove(name);
    }
    command
}

fn log(directory: &Path) -> String {
    std::fs::read_to_string(directory.join("stderr")).unwrap_or_default()
}

pub(crate) fn database(directory: &TempDir) -> rusqlite::Connection {
    rusqlite::Connection::open(directory.path().join("alerts.db")).unwrap()
}

/// An HTTP answer with any status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn of(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Self {
        let answer = answer.unwrap_or_else(|error| panic!("no answer: {error}"));
        let (parts, body) = answer.into_parts();
        let mut text = String::new();
        body.into_reader().read_to_string(&mut text).unwrap();
        Self { status: parts.status.as_u16(), headers: parts.headers, body: text }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The error message in the answer.
    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_else(|| panic!("no error: {self:?}")).to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().unwrap())
    }
}

pub(crate) fn agent() -> Agent {
    configured().build().into()
}

pub(crate) fn configured() -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
    Agent::config_builder().timeout_global(Some(Duration::from_secs(30))).http_status_as_error(false).max_redirects(0)
}

pub(crate) fn post(url: &str, body: &[u8]) -> Answer {
    let request = agent().post(format!("{url}/webhook")).header("content-type", "application/json");
    Answer::of(request.send(body))
}

/// A payload in Alertmanager's format.
pub(crate) fn payload(alerts: &[Value]) -> Value {
    json!({
        "version": "4",
        "groupKey": "{}:{alertname=\"Slow\"}",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "webhook",
        "groupLabels": {"alertname": "Slow"},
        "commonLabels": {"alertname": "Slow"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "alerts": alerts,
    })
}

/// A firing alert whose fingerprint is this number.
pub(crate) fn firing(number: u32) -> Value {
    json!({
        "status": "firing",
        "labels": {"alertname": "Slow", "severity": "P1", "instance": format!("host-{number}")},
        "annotations": {"summary": format!("host {number} is slow")},
        "startsAt": "2026-01-01T12:00:00.000000001Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph?g0.expr=x",
        "fingerprint": format!("{number:016x}"),
    })
}

pub(crate) fn resolved(number: u32) -> Value {
    let mut alert = firing(number);
    alert["status"] = "resolved".into();
    alert["endsAt"] = "2026-01-01T12:30:00Z".into();
    alert
}

/// Writes a file in the folder.
pub(crate) fn file(directory: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}
