//! What a check found: data, for people and for tools.

mod rules;

pub(crate) use rules::LEFT_OUT;
pub use rules::{NamedRule, Origin, RULES, rule_named, rules_page};

use serde::Serialize;

/// Longer than any message that says what to do.
const CHARACTERS_MAX: usize = 2000;

/// Something that should be mended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1; 0 where the whole file is meant.
    pub line: u32,
    /// The name of the rule that found it.
    pub rule: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Whether a `.lint` file says that this is no reason to fail.
    pub is_warning: bool,
}

/// Collects what is found in one file.
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
        debug_assert!(RULES.iter().any(|it| it.name == rule), "`{rule}` is in no list");
        self.all.push(Finding { file: self.file.to_owned(), line, rule, message, help, is_warning: false });
    }

    pub(crate) fn into_all(self) -> Vec<Finding> {
        self.all
    }
}

/// A message for people, however long what it quotes is.
fn bounded(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(CHARACTERS_MAX) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// In the order of files and lines, each once.
pub(crate) fn sorted(mut all: Vec<Finding>) -> Vec<Finding> {
    all.sort();
    all.dedup();
    all
}
