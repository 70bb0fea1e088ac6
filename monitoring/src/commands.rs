//! What each command does.

use crate::cli::{Command, Format, Generate};
use crate::output;
use measurand_catalog::{Catalog, FileErrorReason, read_file, read_url};
use measurand_monitoring::{Monitoring, Options};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;

/// Runs a command; the error is one line that says what to do.
pub(crate) fn run(command: Command) -> Result<(), String> {
    match command {
        Command::Generate(arguments) => generate(&arguments),
        Command::Catalog(arguments) => print(&read(&arguments.source.source)?.to_json()),
    }
}

#[derive(Serialize)]
struct Summary<'a> {
    job: &'a str,
    functions: usize,
    files: Vec<Written>,
}

#[derive(Serialize)]
struct Written {
    path: String,
    kind: &'static str,
    count: usize,
}

fn generate(arguments: &Generate) -> Result<(), String> {
    let source = &arguments.source.source;
    let catalog = read(source)?;
    let options = Options {
        job: arguments.job.clone(),
        program: program(source),
        grafana_url: arguments.grafana_url.clone(),
        runbook_url: arguments.runbook_url.clone(),
        ..Options::default()
    };
    let monitoring = Monitoring::new(&catalog, &options).map_err(|it| format!("`{}`: {it}", shown(source)))?;
    let files = monitoring.files();
    output::write(&arguments.out, &files)?;
    if arguments.quiet {
        return Ok(());
    }
    let written = files.iter().map(|it| Written {
        path: arguments.out.join(it.name).display().to_string(),
        kind: it.kind,
        count: it.count,
    });
    let summary = Summary { job: &monitoring.job, functions: catalog.sites.len(), files: written.collect() };
    print(&match arguments.format {
        Format::Text => text(&summary, &arguments.out),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&summary).unwrap_or_default()),
    })
}

fn text(summary: &Summary<'_>, out: &Path) -> String {
    let colour = std::io::stdout().is_terminal();
    let wide = summary.files.iter().map(|it| it.path.len()).max().unwrap_or_default();
    let mut text = String::new();
    for file in &summary.files {
        let wrote = output::painted("wrote", "1;32", colour);
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{wrote} {:wide$}  {} {}", file.path, file.count, file.kind);
    }
    let next = output::painted("next", "1", colour);
    let dir = out.display();
    let _ = writeln!(
        text,
        "{next}: name `{dir}/alerts.yml` and `{dir}/recording-rules.yml` under `rule_files:` in prometheus.yml, \
         scrape the program as `job_name: {}`, and import `{dir}/grafana-dashboard.json` into Grafana",
        summary.job
    );
    text
}

fn read(source: &str) -> Result<Catalog, String> {
    if source.contains("://") {
        return read_url(source).map_err(|it| it.to_string());
    }
    match read_file(Path::new(source)) {
        Ok(catalog) => Ok(catalog),
        Err(error) if matches!(error.reason, FileErrorReason::NotProgram) => saved(source, error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// A catalog that `cargo measurand catalog` printed into a file.
fn saved(path: &str, otherwise: String) -> Result<Catalog, String> {
    let bytes = std::fs::read(path).unwrap_or_default();
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(otherwise);
    }
    let path = shown(path);
    let catalog = Catalog::from_json(&bytes).map_err(|it| format!("`{path}` is {it}"))?;
    if catalog.sites.is_empty() {
        return Err(format!("`{path}` has no annotated functions: annotate one with `#[measured]` and save it again"));
    }
    Ok(catalog)
}

/// The name of the program's file without folder and `.exe`; nothing for an address or a saved catalog.
fn program(source: &str) -> Option<String> {
    let path = Path::new(source);
    let is_program = !source.contains("://") && path.extension().is_none_or(|it| it == "exe");
    path.file_stem().filter(|_| is_program).map(|it| it.to_string_lossy().into_owned())
}

/// An argument in a message of one line.
fn shown(text: &str) -> String {
    text.escape_debug().to_string()
}

fn print(text: &str) -> Result<(), String> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever read it has seen enough, as in `… | head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|it| format!("cannot print: {it}; free some space or print elsewhere")),
    }
}
