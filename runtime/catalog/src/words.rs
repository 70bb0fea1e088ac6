//! The words of declarations, in the table of [`crate::families`] and in `measurand::family!`.

use crate::family::{Label, Role, Severity};
use crate::names::same;

impl Role {
    /// Returns the role with this name.
    #[must_use]
    pub const fn named(word: &str) -> Option<Role> {
        let mut i = 0;
        while i < Role::ALL.len() {
            if same(Role::ALL[i].as_str(), word) {
                return Some(Role::ALL[i]);
            }
            i += 1;
        }
        None
    }
}

impl Severity {
    /// Returns the severity with this name.
    #[must_use]
    pub const fn named(word: &str) -> Option<Severity> {
        let mut i = 0;
        while i < Severity::ALL.len() {
            if same(Severity::ALL[i].as_str(), word) {
                return Some(Severity::ALL[i]);
            }
            i += 1;
        }
        None
    }
}

impl Label {
    /// The word in front of a label with a value from the result.
    pub const FROM_RESULT: &'static str = "from_result";

    /// Returns the label with this declaration: its name, or [`Self::FROM_RESULT`] and its name.
    ///
    /// # Panics
    /// If the declaration has other words.
    #[must_use]
    pub const fn declared(words: &[&'static str], values: &'static [&'static str]) -> Label {
        match words {
            [name] => Label::of(name, values),
            [word, name] if same(word, Label::FROM_RESULT) => Label::of(name, values).from_result(),
            _ => panic!("a label is its name, with `from_result` in front if its value comes from the result"),
        }
    }
}
