//! `cargo measurand generate`: writes the monitoring files of a program and lists them.

use super::source::{read, settings, shown};
use crate::cli::{DashboardModel, Format, Generate};
use crate::outcome::Outcome;
use crate::output;
use measurand_catalog::{read_text, visible};
use measurand_monitoring::{Monitoring, Problem};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

#[derive(Serialize)]
struct Summary<'a> {
    job: &'a str,
    functions: usize,
    files: Vec<Written>,
    /// The families, panels and alerts that are missing in the files, with the reasons.
    problems: &'a [Problem],
    /// Notes about functions that share series.
    sharing: Vec<String>,
}

#[derive(Serialize)]
struct Written {
    path: String,
    kind: &'static str,
    count: usize,
}

const NO_V2: &str = "the Grafana of the Compose files provisions only classic dashboards; help: add `--grafana classic`, \
                     or write the dashboard of schema V2 to another folder without `--compose`";

pub(super) fn generate(arguments: &Generate) -> Result<Outcome, String> {
    let source = &arguments.source.source;
    let catalog = read(source)?;
    let mut settings = settings(&arguments.decisions, &arguments.out, source)?;
    DashboardModel::set(arguments.grafana, &mut settings.options);
    let monitoring = settings.monitoring(&catalog).map_err(|it| format!("`{}`: {it}", shown(source)))?;
    if arguments.compose && monitoring.grafana == measurand_monitoring::DashboardModel::V2 {
        return Err(NO_V2.to_owned());
    }
    let mut files = monitoring.files();
    if arguments.stack || arguments.compose {
        files.extend(monitoring.stack_files());
    }
    if arguments.compose {
        files.extend(monitoring.compose_files());
    }
    if arguments.kubernetes {
        files.extend(monitoring.kubernetes_files());
    }
    if arguments.grafana_alerts {
        files.extend(monitoring.grafana_rule_files());
    }
    if arguments.tests {
        // The stack's tests need the stack's rules.
        files
            .extend(monitoring.test_files().into_iter().filter(|it| arguments.stack || !it.name.starts_with("stack-")));
    }
    if settings.options.job.is_none() {
        refuse_other_job(&arguments.out, &monitoring)?;
    }
    output::write(&arguments.out, &files)?;
    let outcome = if monitoring.problems.is_empty() { Outcome::Fine } else { Outcome::Findings };
    if arguments.quiet {
        output::complain("left out", monitoring.problems.iter().map(|it| visible(&it.to_string())));
        return Ok(outcome);
    }
    let written = files.iter().map(|file| Written {
        path: arguments.out.join(file.name).display().to_string(),
        kind: file.kind,
        count: file.count,
    });
    let summary = Summary {
        job: &monitoring.job,
        functions: catalog.sites.iter().filter(|it| !it.is_of_items()).count(),
        files: written.collect(),
        problems: &monitoring.problems,
        sharing: catalog.sharing().iter().map(ToString::to_string).collect(),
    };
    output::print(&match arguments.format {
        Format::Text => text(&summary, &arguments.out),
        Format::Json => output::json(&summary),
    })?;
    Ok(outcome)
}

/// Maximum size of an existing dashboard; generated ones are smaller.
const DASHBOARD_BYTES_MAX: u64 = 32 << 20;

/// Refuses to overwrite the files of another program, which have the same names.
fn refuse_other_job(folder: &Path, monitoring: &Monitoring) -> Result<(), String> {
    let dashboard = folder.join("grafana-dashboard.json");
    let Ok(text) = read_text(&dashboard, DASHBOARD_BYTES_MAX) else { return Ok(()) };
    let Ok(there) = serde_json::from_str::<serde_json::Value>(&text) else { return Ok(()) };
    match there["uid"].as_str().or_else(|| there["metadata"]["name"].as_str()) {
        Some(uid) if uid.starts_with("measurand-") && uid != monitoring.uid => Err(format!(
            "`{}` is the dashboard `{}` of another program, this one is `{}`; help: name another folder with `--out`, \
             or, if it is the same program, add `--job {}`",
            shown(&dashboard.display().to_string()),
            shown(uid),
            monitoring.uid,
            shown(&monitoring.job),
        )),
        _ => Ok(()),
    }
}

fn text(summary: &Summary<'_>, out: &Path) -> String {
    let wide = summary.files.iter().map(|it| it.path.len()).max().unwrap_or_default();
    let mut text = String::new();
    for file in &summary.files {
        let wrote = output::painted("wrote", "1;32");
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{wrote} {:wide$}  {} {}", visible(&file.path), file.count, file.kind);
    }
    for problem in summary.problems {
        let left_out = output::painted("left out", "1;33");
        let _ = writeln!(text, "{left_out} {}", visible(&problem.to_string()));
    }
    text.push_str(&output::sharing(&summary.sharing));
    let next = output::painted("next", "1");
    let dir = visible(&out.display().to_string());
    let _ = writeln!(
        text,
        "{next}: name `{dir}/alerts.yml` and `{dir}/recording-rules.yml` under `rule_files:` in prometheus.yml, \
         scrape the program as `job_name: {}`, and import `{dir}/grafana-dashboard.json` into Grafana",
        visible(summary.job)
    );
    text
}
