//! Findings of `check` and `lint`, as data.

mod rules;

pub(crate) use rules::{LEFT_OUT, LIST_RULES};
pub use rules::{NamedRule, Origin, RULES, rule_named, rules_page};

use serde::Serialize;

/// Maximum number of characters of a message. Longer ones can only quote input.
const CHARACTERS_MAX: usize = 2000;

/// A problem in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The path of the file.
    pub file: String,
    /// The line, from 1; 0 for the whole file.
    pub line: u32,
    /// The name of the rule that found it; see [`RULES`].
    pub rule: &'static str,
    /// The problem.
    pub message: String,
    /// The way to fix it.
    pub help: String,
    /// Whether this is only a warning, which does not make the command fail.
    pub is_warning: bool,
}

/// Collects the findings in one file.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    file: &'a str,
    all: Vec<Finding>,
}

impl<'a> Findings<'a> {
    pub(crate) fn of(file: &'a str) -> Self {
        Self { file, all: Vec::new() }
    }

    pub(crate) fn add(&mut self, line: u32, rule: &'static str, message: impl Into<String>, help: impl Into<String>) {
        let (message, help) = (bounded(message.into()), bounded(help.into()));
        debug_assert!(RULES.iter().any(|it| it.name == rule), "`{rule}` is missing in `RULES`");
        self.all.push(Finding { file: self.file.to_owned(), line, rule, message, help, is_warning: false });
    }

    pub(crate) fn into_all(self) -> Vec<Finding> {
        self.all
    }
}

/// The text, cut to the maximum length.
fn bounded(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(CHARACTERS_MAX) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// The findings in the order of files and lines, without duplicates.
pub(crate) fn sorted(mut all: Vec<Finding>) -> Vec<Finding> {
    all.sort();
    all.dedup();
    all
}
