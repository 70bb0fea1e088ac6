//! The situation of a task, and the pattern found for it.

use crate::world::{STARTS, State};
use measurand::TaskType;
use serde::Serialize;

/// The kind of a task and the state at its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Situation {
    pub(crate) kind: TaskType,
    pub(crate) start: State,
}

impl Situation {
    /// All situations.
    pub(crate) fn all() -> impl Iterator<Item = Situation> {
        let kinds = [TaskType::Feature, TaskType::Bugfix, TaskType::Refactor];
        kinds.into_iter().flat_map(|kind| STARTS.map(|start| Situation { kind, start }))
    }

    /// The situation with this number; numbers beyond the last situation start over.
    pub(crate) fn nth(number: u64) -> Situation {
        let all: Vec<Situation> = Self::all().collect();
        #[expect(clippy::cast_possible_truncation, reason = "only the remainder counts")]
        all[number as usize % all.len()]
    }
}

/// A retrieved pattern.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Found {
    pub(crate) pattern: i64,
    /// Similarity of the situations, from -1 to 1.
    pub(crate) likeness: f32,
}
