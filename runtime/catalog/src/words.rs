//! The words of declarations: how a family is written, by us in the table of [`crate::families`] and by users under
//! `measurand::family!`. Both read the same words here.

use crate::family::{Condition, Label, Role, Severity};
use crate::names::same;

impl Role {
    /// The role that a declaration names by this word.
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
    /// The severity that a declaration names by this word.
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
    /// The word in front of a label whose value comes from the result.
    pub const FROM_RESULT: &'static str = "from_result";

    /// A label from the words of its declaration: its name, or [`Self::FROM_RESULT`] and its name.
    ///
    /// # Panics
    /// When the words are others.
    #[must_use]
    pub const fn declared(words: &[&'static str], values: &'static [&'static str]) -> Label {
        match words {
            [name] => Label::of(name, values),
            [word, name] if same(word, Label::FROM_RESULT) => Label::of(name, values).from_result(),
            _ => panic!("a label is its name, behind `from_result` if its value comes from the result"),
        }
    }
}

/// How conditions are written: the words in front of all numbers, and the whole condition.
pub const CONDITIONS: [(&str, &str); 14] = [
    ("error_ratio", "error_ratio > .."),
    ("failure_ratio", "failure_ratio > .."),
    ("duration quantile", "duration quantile .. > .."),
    ("score quantile", "score quantile .. < .."),
    ("last_score", "last_score < .."),
    ("rollbacks", "rollbacks > .."),
    ("failures", "failures > .."),
    ("completion_failures", "completion_failures > .."),
    ("hit_ratio", "hit_ratio < .."),
    ("level", "level > .."),
    ("level", "level < .."),
    ("level growth", "level growth > .."),
    ("calls", "calls < .."),
    ("stalled", "stalled .. s"),
];

impl Condition {
    /// A condition from the parts of its declaration: its words, the number behind them, and what stands behind `>` or
    /// `<`. Nothing where no condition is written like this; see [`CONDITIONS`].
    #[must_use]
    pub const fn declared(words: &str, number: Option<f64>, above: Option<f64>, below: Option<f64>) -> Option<Self> {
        Some(match (words.as_bytes(), number, above, below) {
            (b"error_ratio", None, Some(share), None) => Condition::ErrorRatioAbove(share),
            (b"failure_ratio", None, Some(share), None) => Condition::FailureRatioAbove(share),
            (b"duration quantile", Some(quantile), Some(seconds), None) => {
                Condition::DurationAbove { quantile, seconds }
            }
            (b"score quantile", Some(quantile), None, Some(score)) => Condition::ScoreBelow { quantile, score },
            (b"last_score", None, None, Some(score)) => Condition::LastScoreBelow(score),
            (b"rollbacks", None, Some(count), None) => Condition::RollbacksAbove(count),
            (b"failures", None, Some(count), None) => Condition::FailuresAbove(count),
            (b"completion_failures", None, Some(share), None) => Condition::CompletionFailuresAbove(share),
            (b"hit_ratio", None, None, Some(share)) => Condition::HitRatioBelow(share),
            (b"level", None, Some(level), None) => Condition::LevelAbove(level),
            (b"level", None, None, Some(level)) => Condition::LevelBelow(level),
            (b"level growth", None, Some(level), None) => Condition::LevelGrowthAbove(level),
            (b"calls", None, None, Some(rate)) => Condition::CallsBelow(rate),
            (b"stalled", Some(seconds), None, None) => Condition::Stalled(seconds),
            _ => return None,
        })
    }
}
