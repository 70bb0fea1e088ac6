//! Real servers with the generated configuration and shorter times.

use measurand_tests::{Prometheus, Running, free_port, wait};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A server that can be killed and restarted with the same data.
pub(crate) struct Server {
    pub(crate) url: String,
    command: Box<dyn Fn() -> Command + Send>,
    package: &'static str,
    ready: String,
    log: PathBuf,
    running: Option<Running>,
}

impl Server {
    pub(crate) fn start(
        command: impl Fn() -> Command + Send + 'static,
        package: &'static str,
        url: String,
        ready: &str,
        log: PathBuf,
    ) -> Self {
        let ready = format!("{url}{ready}");
        let mut server = Self { url, command: Box::new(command), package, ready, log, running: None };
        server.again();
        server
    }

    /// Sends SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.running = None;
    }

    pub(crate) fn again(&mut self) {
        let running = self.running.insert(Running::start(&mut (self.command)(), self.package));
        wait(&self.ready, || {
            let ended = running.exited();
            assert!(
                ended.is_none(),
                "{}: the server ended: {ended:?}; its log:\n{}",
                self.ready,
                last_lines(&self.log)
            );
            ureq::get(&self.ready).call().ok()
        });
    }
}

fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

fn quiet(mut command: Command, log: &Path) -> Command {
    let log = File::options().create(true).append(true).open(log).expect("a log file");
    command.stdout(Stdio::null()).stderr(log);
    command
}

/// Starts an Alertmanager with the `alertmanager.yml` in this folder.
pub(crate) fn alertmanager(folder: &Path, trusted: Option<PathBuf>) -> Server {
    let (folder, listen) = (folder.to_owned(), format!("127.0.0.1:{}", free_port()));
    let (url, log) = (format!("http://{listen}"), folder.join("alertmanager.log"));
    let command = move || {
        let mut command = Command::new("prometheus-alertmanager");
        command
            .arg(format!("--config.file={}", folder.join("alertmanager.yml").display()))
            .arg(format!("--storage.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={listen}"))
            .arg("--cluster.listen-address=");
        if let Some(it) = &trusted {
            command.env("SSL_CERT_FILE", it);
        }
        quiet(command, &folder.join("alertmanager.log"))
    };
    Server::start(command, "prometheus-alertmanager", url, "/-/ready", log)
}

/// Starts a Prometheus with the `prometheus.yml` in this folder; `resend` is its `--rules.alert.resend-delay`.
pub(crate) fn prometheus(folder: &Path, resend: &'static str) -> (Server, Prometheus) {
    let (folder, listen) = (folder.to_owned(), format!("127.0.0.1:{}", free_port()));
    let (url, log) = (format!("http://{listen}"), folder.join("prometheus.log"));
    let command = move || {
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()))
            .arg(format!("--web.listen-address={listen}"))
            .arg("--web.enable-lifecycle")
            .arg(format!("--rules.alert.resend-delay={resend}"));
        quiet(command, &folder.join("prometheus.log"))
    };
    let prometheus = Prometheus::at(&url);
    (Server::start(command, "prometheus", url, "/-/ready", log), prometheus)
}

/// Starts the alert receiver with its database in this folder.
pub(crate) fn webhook(program: PathBuf, folder: &Path, token: &Path) -> Server {
    let (folder, token, listen) = (folder.to_owned(), token.to_owned(), format!("127.0.0.1:{}", free_port()));
    let (url, log) = (format!("http://{listen}"), folder.join("webhook.log"));
    let command = move || {
        let mut command = Command::new(&program);
        command.args(["--listen", &listen, "--token-file"]).arg(&token).arg("--database").arg(folder.join("alerts.db"));
        // A long run stores more alerts than the default limit.
        command.args(["--keep-alerts", "10000000"]);
        quiet(command, &folder.join("webhook.log"))
    };
    Server::start(command, "cargo", url, "/readyz", log)
}

/// Shortens windows and intervals of rules from minutes to seconds.
pub(crate) fn faster_rules(text: &str) -> String {
    let lines = text.lines().map(|line| match line.trim_start_matches([' ', '-']).split_once(": ") {
        Some(("for", _)) => line.replace(line.split_once(": ").expect("a value").1, "0s"),
        Some(("interval", _)) => line.replace(line.split_once(": ").expect("a value").1, "1s"),
        Some(("expr", _)) => line.replace("[5m]", "[4s]"),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// Shortens the group times of routes, and makes the current time inside or outside of working hours.
pub(crate) fn faster_routes(text: &str, muted: bool) -> String {
    let (routes, _hours) = text.split_once("\ntime_intervals:\n").expect("the time intervals");
    let lines = routes.lines().map(|line| match line.trim().split_once(": ") {
        Some(("group_wait" | "group_interval", value)) => line.replace(value, "1s"),
        _ => line.to_owned(),
    });
    let hours = if muted { "{years: ['1999']}" } else { "{times: [{start_time: '00:00', end_time: '24:00'}]}" };
    format!(
        "{}\ntime_intervals: [{{name: working-hours, time_intervals: [{hours}]}}]\n",
        lines.collect::<Vec<_>>().join("\n")
    )
}
