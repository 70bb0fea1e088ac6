//! What leaves the command: text and JSON on the screen, files in a folder.

mod files;

pub(crate) use files::write;

use crate::cli::Format;
use crate::commands::Outcome;
use measurand_monitoring::Finding;
use serde::Serialize;
use std::io::{self, ErrorKind, Write};

/// Prints text; colours are left out where no terminal wants them.
pub(crate) fn print(text: &str) -> Result<(), String> {
    let mut stdout = anstream::AutoStream::auto(io::stdout().lock());
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever read it has seen enough, as in `… | head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|it| format!("cannot print: {it}; free some space or print elsewhere")),
    }
}

/// Prints what was found, and says whether it was anything.
pub(crate) fn findings(findings: &[Finding], format: Format) -> Result<Outcome, String> {
    #[derive(Serialize)]
    struct Report<'a> {
        findings: &'a [Finding],
    }
    print(&match format {
        Format::Json => json(&Report { findings }),
        Format::Text => findings.iter().map(finding).chain([sum(findings.len())]).collect(),
    })?;
    Ok(if findings.iter().all(|it| it.is_warning) { Outcome::Fine } else { Outcome::Findings })
}

/// The place first and alone, so that editors and terminals make a link of it.
fn finding(it: &Finding) -> String {
    let place = if it.line == 0 { it.file.clone() } else { format!("{}:{}", it.file, it.line) };
    let (place, rule) = (painted(&clean(&place), "1"), painted(it.rule, "1;33"));
    let warning = if it.is_warning { "warning: " } else { "" };
    format!("{place}: {warning}{rule}: {}\n    mend: {}\n", clean(&it.message), clean(&it.mend))
}

fn sum(count: usize) -> String {
    match count {
        0 => format!("{}: nothing found\n", painted("fine", "1;32")),
        1 => "1 finding\n".to_owned(),
        _ => format!("{count} findings\n"),
    }
}

/// A value as JSON with a final line feed.
pub(crate) fn json(value: &impl Serialize) -> String {
    // Plain structs of strings and finite numbers cannot fail to be written.
    let mut json = serde_json::to_string_pretty(value).unwrap_or_default();
    json.push('\n');
    json
}

/// A text in a colour; what prints it decides whether colours are wanted.
pub(crate) fn painted(text: &str, style: &str) -> String {
    format!("\u{1b}[{style}m{text}\u{1b}[0m")
}

/// Text from a catalog or a file: nothing in it reaches a terminal as a command.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect()
}

/// Rows under a head, each column as wide as its widest cell.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = head
        .iter()
        .enumerate()
        .map(|(column, it)| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|it| it.chars().count()).chain([it.len()]).max().unwrap_or_default()
        })
        .collect();
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(it, wide)| format!("{it:wide$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut text = painted(&line(head.to_vec()), "1");
    for row in rows {
        text.push('\n');
        text.push_str(&line(row.iter().map(String::as_str).collect()));
    }
    text.push('\n');
    text
}
