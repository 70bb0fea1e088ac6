//! Output of the commands: text and JSON on the terminal, files in a folder.

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

/// Prints text to stdout, without colours if stdout is not a terminal.
pub(crate) fn print(text: &str) -> Result<(), String> {
    let mut stdout = anstream::AutoStream::auto(io::stdout().lock());
    match stdout.write_all(seen(text).as_bytes()).and_then(|()| stdout.flush()) {
        // The reader closed the pipe, as in `… | head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|it| format!("cannot print: {it}; help: free disk space, or redirect the output")),
    }
}

/// Prints lines to stderr behind a word in red. Write errors are ignored.
pub(crate) fn complain(word: &str, lines: impl Iterator<Item = String>) {
    print_to_stderr(&painted(word, "1;31"), lines);
}

/// Prints a note to stderr.
pub(crate) fn note(text: &str) {
    print_to_stderr(&painted("note", "1"), std::iter::once(visible(text)));
}

fn print_to_stderr(word: &str, lines: impl Iterator<Item = String>) {
    let mut stderr = anstream::AutoStream::auto(io::stderr().lock());
    for line in lines {
        let _ = writeln!(stderr, "{word}: {}", seen(&line));
    }
}

/// Notes about functions that share series, a line for each group.
pub(crate) fn sharing(all: &[String]) -> String {
    const MOST: usize = 5;
    let line = |text: &str| format!("{}: {}\n", painted("note", "1"), visible(text));
    let more = all.len().saturating_sub(MOST);
    let more = (more > 0).then(|| line(&format!("{more} more such groups; `cargo measurand check` lists all of them")));
    all.iter().take(MOST).map(|it| line(it)).chain(more).collect()
}

/// Prints findings. Returns [`Outcome::Findings`] if one of them is more than a warning.
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

/// A finding as text. It starts with file and line, which editors and terminals turn into a link.
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
    // Serializing plain structs of strings and finite numbers cannot fail.
    ascii_controls(&serde_json::to_string_pretty(value).unwrap_or_default()) + "\n"
}

/// The same JSON with invisible characters escaped. They occur only inside strings.
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

/// The text in a colour. The printing functions remove the colour if the output is not a terminal.
pub(crate) fn painted(text: &str, style: &str) -> String {
    format!("\u{1b}[{style}m{text}\u{1b}[0m")
}

/// Escapes all control and invisible characters except line feeds, tabs and colours: the last step before printing.
/// Texts from a catalog or a file also pass through [`visible`] before, which escapes colours too.
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

/// The length in bytes of the colour sequence at the start of the text.
fn colour(text: &str) -> Option<usize> {
    let style = text.strip_prefix("\u{1b}[")?;
    let end = style.find(|it: char| !it.is_ascii_digit() && it != ';')?;
    style[end..].starts_with('m').then_some("\u{1b}[".len() + end + 1)
}

/// Maximum number of characters in a cell of a table: names may come from an untrusted source and have any length.
pub(crate) const CELL_MAX: usize = 200;

/// The text, cut to the size of a cell.
fn cell(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(CELL_MAX) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// The text, filled with blanks to a width. A width in a format string would panic above 65 535.
pub(crate) fn padded(text: &str, wide: usize) -> String {
    let blanks = wide.saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(blanks))
}

/// A table: rows under a head, each column as wide as its widest cell.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<Cow<'_, str>>> = rows.iter().map(|row| row.iter().map(|it| cell(it)).collect()).collect();
    let widths: Vec<usize> = head
        .iter()
        .enumerate()
        .map(|(column, title)| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|it| it.chars().count()).chain([title.len()]).max().unwrap_or_default()
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
