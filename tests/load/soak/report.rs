//! A report of figures, each with its expected value. It is independent of the tests.

use serde_json::json;
use std::fmt::Write as _;
use std::time::Instant;

/// All figures of one run.
#[derive(Debug)]
pub(crate) struct Report {
    rows: Vec<Row>,
    start: Instant,
    quiet: bool,
}

#[derive(Debug)]
struct Row {
    test: &'static str,
    what: String,
    found: String,
    wanted: String,
    good: bool,
}

impl Report {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { rows: Vec::new(), start: Instant::now(), quiet }
    }

    /// Adds a figure that must equal `wanted`.
    pub(crate) fn equal(&mut self, test: &'static str, what: impl Into<String>, found: u64, wanted: u64) {
        self.push(test, what, grouped(found), grouped(wanted), found == wanted);
    }

    /// Adds a figure with a bound; `wanted` describes the bound.
    pub(crate) fn bound(
        &mut self,
        test: &'static str,
        what: impl Into<String>,
        found: impl Into<String>,
        wanted: impl Into<String>,
        good: bool,
    ) {
        self.push(test, what, found.into(), wanted.into(), good);
    }

    /// Adds a list of problems that must be empty; the report shows the first one.
    pub(crate) fn none(&mut self, test: &'static str, what: impl Into<String>, found: &[String]) {
        let shown = found.first().map_or_else(|| "0".to_owned(), |it| format!("{}: {it}", found.len()));
        self.push(test, what, shown, "0".to_owned(), found.is_empty());
    }

    fn push(&mut self, test: &'static str, what: impl Into<String>, found: String, wanted: String, good: bool) {
        self.rows.push(Row { test, what: what.into(), found, wanted, good });
    }

    /// Prints the progress of a test.
    pub(crate) fn progress(&self, part: &str, what: &str) {
        if !self.quiet {
            eprintln!("{part:>11} {:>5} s  {what}", self.start.elapsed().as_secs());
        }
    }

    pub(crate) fn is_good(&self) -> bool {
        self.rows.iter().all(|it| it.good)
    }

    /// The report as a text table.
    pub(crate) fn table(&self) -> String {
        let cells = |it: &Row| {
            let good = if it.good { "ok" } else { "FAILED" };
            [it.test.to_owned(), it.what.clone(), it.found.clone(), it.wanted.clone(), good.to_owned()]
        };
        let mut lines = vec![["test", "figure", "found", "expected", ""].map(str::to_owned)];
        lines.extend(self.rows.iter().map(cells));
        let width = |column: usize| lines.iter().map(|it| it[column].chars().count()).max().unwrap_or_default();
        let widths = [0, 1, 2, 3].map(width);
        let mut out = String::new();
        for [test, what, found, wanted, good] in &lines {
            let [a, b, c, d] = widths;
            let _ = writeln!(out, "{test:a$}  {what:b$}  {found:>c$}  {wanted:>d$}  {good}");
        }
        let failed = self.rows.iter().filter(|it| !it.good).count();
        let _ = writeln!(out, "{} figures, {failed} failed, {} s", self.rows.len(), self.start.elapsed().as_secs());
        out
    }

    /// The report as JSON.
    pub(crate) fn json(&self) -> String {
        let row = |it: &Row| json!({"test": it.test, "what": it.what, "found": it.found, "wanted": it.wanted, "good": it.good});
        let rows: Vec<_> = self.rows.iter().map(row).collect();
        let seconds = self.start.elapsed().as_secs();
        format!("{:#}\n", json!({"good": self.is_good(), "seconds": seconds, "figures": rows}))
    }
}

/// Formats a number with spaces between groups of three digits: `1 000 000`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}
