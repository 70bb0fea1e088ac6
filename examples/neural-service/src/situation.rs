//! What a task is about, and the pattern that was found for it.

use crate::world::{STARTS, State};
use measurand::TaskType;
use serde::Serialize;

/// What a task is about: its kind, and what is true when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Situation {
    pub(crate) kind: TaskType,
    pub(crate) start: State,
}

impl Situation {
    /// All that there are.
    pub(crate) fn all() -> impl Iterator<Item = Situation> {
        let kinds = [TaskType::Feature, TaskType::Bugfix, TaskType::Refactor];
        kinds.into_iter().flat_map(|kind| STARTS.map(|start| Situation { kind, start }))
    }

    /// One after the other, again and again.
    pub(crate) fn nth(number: u64) -> Situation {
        let all: Vec<Situation> = Self::all().collect();
        #[expect(clippy::cast_possible_truncation, reason = "only the remainder counts")]
        all[number as usize % all.len()]
    }
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Found {
    pub(crate) pattern: i64,
    /// How alike the situations are, from -1 to 1.
    pub(crate) likeness: f32,
}
