//! `cargo measurand down`: stops the servers that `up` started.

use crate::cli::{Down, Format};
use crate::local::folder::Folder;
use crate::local::start::stop;
use crate::local::state::State;
use crate::outcome::Outcome;
use crate::output;
use serde::Serialize;

#[derive(Serialize)]
struct DownReport {
    /// The servers that stopped when asked.
    stopped: Vec<String>,
    /// The servers that were not running any more.
    gone: Vec<String>,
    /// The servers that had to be killed.
    killed: Vec<String>,
    purged: bool,
}

pub(super) fn down(arguments: &Down) -> Result<Outcome, String> {
    let mut report = DownReport { stopped: Vec::new(), gone: Vec::new(), killed: Vec::new(), purged: false };
    if let Some(folder) = Folder::open(&arguments.state.folder)? {
        if let Some(state) = State::read(&folder)? {
            let name = |it: &crate::local::state::Running| it.name.clone();
            let (running, gone): (Vec<_>, Vec<_>) = state.servers.iter().partition(|it| it.process.runs());
            report.gone = gone.into_iter().map(name).collect();
            report.killed = stop(&folder, &state);
            report.stopped = running.into_iter().map(name).filter(|it| !report.killed.contains(it)).collect();
        }
        if arguments.purge {
            folder.purge()?;
            report.purged = true;
        }
    }
    output::print(&match arguments.state.format {
        Format::Text => text(&report, &arguments.state.folder.display().to_string()),
        Format::Json => output::json(&report),
    })?;
    Ok(Outcome::Fine)
}

fn text(report: &DownReport, folder: &str) -> String {
    let line = |word: &str, names: &[String]| {
        if names.is_empty() { String::new() } else { format!("{word} {}\n", names.join(", ")) }
    };
    let mut text = [
        line("stopped", &report.stopped),
        line("not running any more:", &report.gone),
        line("killed, because they did not stop within 10 s:", &report.killed),
    ]
    .concat();
    if text.is_empty() {
        text = format!("nothing runs in `{folder}`\n");
    }
    if report.purged {
        text = format!("{text}removed configuration, data, logs and secrets from `{folder}`\n");
    }
    text
}
