//! The table of trajectories: the actions done for a task, and the reward.

use super::disturb;
use crate::world::State;
use measurand::timed_query;
use rusqlite::{Connection, Result, params};

/// The actions done for one task.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trajectory {
    pub(crate) start: State,
    pub(crate) goal: State,
    /// Names of actions, separated by spaces.
    pub(crate) actions: String,
    /// From 0 to 1.
    pub(crate) reward: f64,
}

/// Stores a trajectory.
#[timed_query("insert", table = "trajectories", owner = "storage")]
pub(crate) fn insert(db: &Connection, task: &str, it: &Trajectory) -> Result<usize> {
    disturb(db)?;
    let text = "INSERT INTO trajectories (task, start, goal, actions, reward) VALUES (?1, ?2, ?3, ?4, ?5)";
    db.prepare_cached(text)?.execute(params![task, it.start.0, it.goal.0, it.actions, it.reward])
}

/// Returns the newest trajectories.
#[timed_query("select", table = "trajectories", owner = "storage")]
pub(crate) fn newest(db: &Connection, count: u32) -> Result<Vec<Trajectory>> {
    disturb(db)?;
    let text = "SELECT start, goal, actions, reward FROM trajectories ORDER BY id DESC LIMIT ?1";
    let mut statement = db.prepare_cached(text)?;
    let trajectory = |row: &rusqlite::Row<'_>| {
        let (start, goal) = (State(row.get(0)?), State(row.get(1)?));
        Ok(Trajectory { start, goal, actions: row.get(2)?, reward: row.get(3)? })
    };
    statement.query_map([count], trajectory)?.collect()
}

/// Deletes all trajectories except the newest ones.
#[timed_query("delete", table = "trajectories", owner = "storage")]
pub(crate) fn forget(db: &Connection, keep: u32) -> Result<usize> {
    disturb(db)?;
    let text = "DELETE FROM trajectories WHERE id <= (SELECT max(id) FROM trajectories) - ?1";
    db.prepare_cached(text)?.execute([keep])
}
