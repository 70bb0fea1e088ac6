//! `cargo measurand status`: shows the state of the servers that `up` started.

use crate::cli::{self, Format};
use crate::local::folder::Folder;
use crate::local::health::{self, Target};
use crate::local::state::State;
use crate::outcome::Outcome;
use crate::output::{self, painted};
use measurand_catalog::visible;
use measurand_monitoring::model::stack::{PROMETHEUS, WEBHOOK};
use serde::Serialize;
use std::fmt::Write as _;

#[derive(Serialize)]
struct StatusReport<'a> {
    job: &'a str,
    folder: String,
    servers: Vec<ServerReport<'a>>,
    targets: Vec<Target>,
}

#[derive(Serialize)]
struct ServerReport<'a> {
    name: &'a str,
    url: &'a str,
    pid: u32,
    program: &'a str,
    log: &'a str,
    state: &'static str,
}

pub(super) fn status(arguments: &cli::StateFolder) -> Result<Outcome, String> {
    let Some(folder) = Folder::open(&arguments.folder)? else { return nothing(arguments) };
    match State::read(&folder)? {
        Some(state) => print(&folder, &state, arguments.format),
        None => nothing(arguments),
    }
}

fn nothing(arguments: &cli::StateFolder) -> Result<Outcome, String> {
    output::print(&match arguments.format {
        Format::Text => {
            let folder = visible(&arguments.folder.display().to_string());
            format!("nothing runs in `{folder}`; help: start it with `cargo measurand up http://host:port`\n")
        }
        Format::Json => {
            let folder = arguments.folder.display().to_string();
            output::json(&StatusReport { job: "", folder, servers: Vec::new(), targets: Vec::new() })
        }
    })?;
    Ok(Outcome::Findings)
}

/// Prints the state of all servers and targets. Returns [`Outcome::Fine`] if all are up.
pub(super) fn print(folder: &Folder, state: &State, format: Format) -> Result<Outcome, String> {
    let servers: Vec<ServerReport<'_>> = state
        .servers
        .iter()
        .map(|server| ServerReport {
            name: &server.name,
            url: &server.url,
            pid: server.process.pid,
            program: &server.program,
            log: &server.log,
            state: match (server.process.runs(), health::ready(&server.ready)) {
                (false, _) => "gone",
                (true, false) => "not ready",
                (true, true) => "ready",
            },
        })
        .collect();
    let targets = state.url(PROMETHEUS.name).and_then(health::targets).unwrap_or_default();
    let fine = servers.iter().all(|it| it.state == "ready") && !targets.is_empty() && targets.iter().all(|it| it.up);
    let report = StatusReport { job: &state.job, folder: folder.root().display().to_string(), servers, targets };
    output::print(&match format {
        Format::Text => text(&report, &restart(folder, state)),
        Format::Json => output::json(&report),
    })?;
    Ok(if fine { Outcome::Fine } else { Outcome::Findings })
}

/// The command that starts the servers which have exited.
fn restart(folder: &Folder, state: &State) -> String {
    let default = std::env::current_dir().is_ok_and(|it| it.join(".measurand") == folder.root());
    let place = if default { String::new() } else { format!(" --state {}", folder.root().display()) };
    format!("cargo measurand up {}{place}", state.arguments())
}

fn text(report: &StatusReport<'_>, restart: &str) -> String {
    let servers: Vec<Vec<String>> = report
        .servers
        .iter()
        .map(|it| [it.name, it.state, &it.pid.to_string(), it.url, it.log].map(visible).to_vec())
        .collect();
    let targets: Vec<Vec<String>> = report
        .targets
        .iter()
        .map(|target| {
            let state = if target.up { "up" } else { "down" };
            vec![visible(&target.job), state.to_owned(), visible(&target.address), visible(&target.error)]
        })
        .collect();
    let mut text = format!("\n{}\n", output::table(&["SERVER", "STATE", "PID", "URL", "LOG"], &servers));
    text.push_str(&output::table(&["JOB", "TARGET", "ADDRESS", "WHY"], &targets));
    let gone: Vec<&ServerReport<'_>> = report.servers.iter().filter(|it| it.state == "gone").collect();
    for server in &gone {
        let (note, name, log) = (painted("note", "1"), visible(server.name), visible(server.log));
        // Writing into a string cannot fail.
        let _ = writeln!(text, "\n{note}: {name} has exited; the end of `{log}` tells why");
    }
    if !gone.is_empty() {
        let _ = writeln!(text, "{}: start it again on its port with `{}`", painted("note", "1"), visible(restart));
    }
    if report.servers.iter().any(|it| it.name == WEBHOOK.name) {
        let (note, folder) = (painted("note", "1"), visible(&report.folder));
        let file = format!("{folder}/secrets/webhook_password");
        // Writing into a string cannot fail.
        let _ = writeln!(text, "\n{note}: log in to the alert page as user `measurand`; the password is in `{file}`");
    }
    text
}
