//! What leaves the command: text and JSON on the screen, files in a folder.

mod files;

pub(crate) use files::write;

use crate::cli::Format;
use crate::outcome::Outcome;
use measurand_catalog::{is_visible, visible};
use measurand_check::Finding;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write};

/// Prints text; colours are left out where no terminal wants them.
pub(crate) fn print(text: &str) -> Result<(), String> {
    let mut stdout = anstream::AutoStream::auto(io::stdout().lock());
    match stdout.write_all(seen(text).as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever read it has seen enough, as in `… | head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|it| format!("cannot print: {it}; free some space or print elsewhere")),
    }
}

/// Prints lines on standard error, which may be closed: that is no reason to stop.
pub(crate) fn complain(word: &str, lines: impl Iterator<Item = String>) {
    beside(&painted(word, "1;31"), lines);
}

/// Says something beside the answer, on standard error.
pub(crate) fn note(text: &str) {
    beside(&painted("note", "1"), std::iter::once(visible(text)));
}

fn beside(word: &str, lines: impl Iterator<Item = String>) {
    let mut stderr = anstream::AutoStream::auto(io::stderr().lock());
    for line in lines {
        let _ = writeln!(stderr, "{word}: {}", seen(&line));
    }
}

/// Lines about functions whose numbers a reader may confuse.
pub(crate) fn sharing(all: &[String]) -> String {
    const MOST: usize = 5;
    let line = |text: &str| format!("{}: {}\n", painted("note", "1"), visible(text));
    let more = all.len().saturating_sub(MOST);
    let more = (more > 0).then(|| line(&format!("{more} more groups of functions; `cargo measurand check` lists all")));
    all.iter().take(MOST).map(|it| line(it)).chain(more).collect()
}

/// Prints what was found, and says whether it was anything.
pub(crate) fn findings(findings: &[Finding], format: Format) -> Result<Outcome, String> {
    #[derive(Serialize)]
    struct FindingsReport<'a> {
        findings: &'a [Finding],
    }
    print(&match format {
        Format::Json => json(&FindingsReport { findings }),
        Format::Text => findings.iter().map(finding).chain([sum(findings.len())]).collect(),
    })?;
    Ok(if findings.iter().all(|it| it.is_warning) { Outcome::Fine } else { Outcome::Findings })
}

/// The place first and alone, so that editors and terminals make a link of it.
fn finding(it: &Finding) -> String {
    let place = if it.line == 0 { it.file.clone() } else { format!("{}:{}", it.file, it.line) };
    let (place, rule) = (painted(&visible(&place), "1"), painted(it.rule, "1;33"));
    let warning = if it.is_warning { "warning: " } else { "" };
    format!("{place}: {warning}{rule}: {}\n    help: {}\n", visible(&it.message), visible(&it.help))
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
    ascii_controls(&serde_json::to_string_pretty(value).unwrap_or_default()) + "\n"
}

/// JSON that says the same and can be looked at: what is not visible stands in strings alone, and is escaped there.
pub(crate) fn ascii_controls(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || is_visible(character) {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing into a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// A text in a colour; what prints it decides whether colours are wanted.
pub(crate) fn painted(text: &str, style: &str) -> String {
    format!("\u{1b}[{style}m{text}\u{1b}[0m")
}

/// The last look at a text: whatever came into it, a terminal obeys line feeds, tabs and colours, and nothing else in it.
/// What comes from a catalog or a file went through [`visible`] before, which leaves it no colours either.
pub(crate) fn seen(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let mut length = colour(rest).unwrap_or(0);
        if length == 0 {
            length = character.len_utf8();
        }
        let (now, later) = rest.split_at(length);
        if length > character.len_utf8() || matches!(character, '\n' | '\t') || is_visible(character) {
            out.push_str(now);
        } else {
            out.extend(character.escape_unicode());
        }
        rest = later;
    }
    out
}

/// How long the sequence is that gives a colour, if the text begins with one.
fn colour(text: &str) -> Option<usize> {
    let style = text.strip_prefix("\u{1b}[")?;
    let end = style.find(|it: char| !it.is_ascii_digit() && it != ';')?;
    style[end..].starts_with('m').then_some("\u{1b}[".len() + end + 1)
}

/// Characters of a cell: each row is as long as the longest name, which may come from anywhere.
pub(crate) const CELL_MAX: usize = 200;

/// The text, cut where it is longer than a cell.
fn cell(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(CELL_MAX) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// The text with blanks behind it. A width in a format would panic beyond 65 535.
pub(crate) fn padded(text: &str, wide: usize) -> String {
    let blanks = wide.saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(blanks))
}

/// Rows under a head, each column as wide as its widest cell.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<Cow<'_, str>>> = rows.iter().map(|row| row.iter().map(|it| cell(it)).collect()).collect();
    let widths: Vec<usize> = head
        .iter()
        .enumerate()
        .map(|(column, it)| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|it| it.chars().count()).chain([it.len()]).max().unwrap_or_default()
        })
        .collect();
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(it, wide)| padded(it, *wide)).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut text = painted(&line(head.to_vec()), "1");
    for row in &rows {
        text.push('\n');
        text.push_str(&line(row.iter().map(|it| &**it).collect()));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::{ascii_controls, painted, seen};

    #[test]
    fn nothing_but_colours_reaches_a_terminal() {
        let text = format!("{}\tb\n", painted("a", "1;31"));
        assert_eq!(seen(&text), text);
        assert_eq!(seen("\u{1b}[2J\u{1b}]0;x\u{7}\u{1b}[\r"), r"\u{1b}[2J\u{1b}]0;x\u{7}\u{1b}[\u{d}");
        assert_eq!(seen("a\u{202e}b\u{9b}31m"), r"a\u{202e}b\u{9b}31m");
    }

    #[test]
    fn json_stays_what_it_is() {
        let text = "a\u{202e}\u{9b}\u{e0041}\u{7f}\u{1b}\n";
        let json = ascii_controls(&serde_json::to_string_pretty(&[text]).unwrap());
        assert!(json.is_ascii(), "{json}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [text]);
    }
}
