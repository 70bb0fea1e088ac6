//! A part of the series of a query, separated by labels that every aggregation keeps.

use super::samples::Labels;
use crate::query::Query;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The labels that separate the parts of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Keys<'a> {
    /// All labels that the series have.
    All,
    These(BTreeSet<&'a str>),
}

/// A part of the series of a query.
#[derive(Debug, Clone)]
pub(super) struct Part<'a> {
    pub(super) keys: Keys<'a>,
    pub(super) number: u64,
    pub(super) of: u64,
}

impl<'a> Keys<'a> {
    pub(super) fn of(query: &'a Query) -> Self {
        let kept = |by: &'a [String]| Self::These(by.iter().map(String::as_str).chain(["job"]).collect());
        match query {
            Query::Aggregate(_, by, of) => Self::of(of).and(kept(by)),
            Query::Buckets(by, ..) => kept(by),
            // These have a single result, independent of the number of series.
            Query::Heatmap(..) | Query::Absent(_) | Query::Constant(_) => Self::These(BTreeSet::new()),
            Query::Recorded { labels, of, .. } => match Self::of(of) {
                Self::All if labels.is_empty() => Self::All,
                Self::All => Self::These(BTreeSet::new()),
                // A label that the rule sets says nothing about the series.
                Self::These(mut keys) => {
                    keys.retain(|it| labels.iter().all(|(name, _)| name != it));
                    Self::These(keys)
                }
            },
            _ => query.children().into_iter().map(Self::of).fold(Self::All, Self::and),
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, it) | (it, Self::All) => it,
            (Self::These(one), Self::These(other)) => Self::These(one.intersection(&other).copied().collect()),
        }
    }

    pub(super) fn can_tell_apart(&self) -> bool {
        match self {
            Self::All => true,
            // All series of a program have the same job.
            Self::These(keys) => keys.iter().any(|it| *it != "job"),
        }
    }
}

impl Part<'_> {
    /// Whether a series belongs to this part. All buckets of a histogram belong to the same part.
    pub(super) fn has(&self, labels: &Labels) -> bool {
        let mut hasher = DefaultHasher::new();
        let is_key = |name: &str| match &self.keys {
            Keys::All => name != "le",
            Keys::These(keys) => keys.contains(name),
        };
        labels.iter().filter(|it| is_key(it.0)).for_each(|it| it.hash(&mut hasher));
        hasher.finish() % self.of == self.number
    }
}
