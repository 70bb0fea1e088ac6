//! Stores a learned sequence of actions as a pattern, with an embedding of its situation.

use crate::embedding::Embedding;
use crate::error::Result;
use crate::store::{embeddings, patterns};
use crate::world::{State, action_named};
use measurand::{PatternType, pattern_learned};
use rusqlite::Connection;

/// Stores a pattern and its situation. Returns the pattern's number, or `None` if the pattern exists already.
#[pattern_learned(ok_if = |it| matches!(it, Ok(Some(_))), owner = "learning")]
pub(crate) fn keep(
    db: &Connection,
    actions: &[usize],
    goal: State,
    start: State,
    confidence: f64,
) -> Result<Option<i64>> {
    let (pattern, new) = patterns::insert(db, kind_of(actions), actions, confidence)?;
    if new {
        embeddings::insert(db, pattern, &Embedding::of_situation(goal, start))?;
    }
    Ok(new.then_some(pattern))
}

/// The type of a pattern with these actions.
pub(crate) fn kind_of(actions: &[usize]) -> PatternType {
    let has = |names: &[&str]| names.iter().filter_map(|it| action_named(it)).any(|it| actions.contains(&it));
    if has(&["review", "merge"]) {
        PatternType::Coordination
    } else if has(&["run_tests", "patch", "restructure"]) {
        PatternType::Optimization
    } else {
        PatternType::Prediction
    }
}
