//! The agents that verify work before it is committed. Each agent gives a score of its own; a low score rolls back.

use crate::embedding::Embedding;
use crate::error::Result;
use crate::learning;
use crate::store::trajectories::{self, Trajectory};
use crate::store::{embeddings, patterns};
use crate::world::{ACTIONS, Goal, State, names};
use measurand::{Label, verified};
use rusqlite::Connection;
use std::cell::Cell;

/// An agent that verifies work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Label)]
pub(crate) enum Agent {
    Coder,
    Reviewer,
    Tester,
}

/// A piece of work: the goal, the state at the start and the actions that were done.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) goal: Goal,
    pub(crate) start: State,
    pub(crate) plan: Vec<usize>,
}

/// Lowest score of a successful verification.
pub(crate) const GOOD: f64 = 0.95;

/// Stores the pattern learned from a piece of work if all agents accept it. Returns their lowest score.
pub(crate) fn submit(db: &Connection, task: &str, work: &Work) -> Result<f64> {
    let change = Change::begin(db)?;
    learning::keep(db, &work.plan, work.goal.facts, work.start, GOOD)?;
    let mut lowest = 1.0_f64;
    for agent in [Agent::Coder, Agent::Reviewer, Agent::Tester] {
        lowest = lowest.min(verify(agent, work, &change)?);
    }
    let actions = names(&work.plan);
    change.keep()?;
    let trajectory = Trajectory { start: work.start, goal: work.goal.facts, actions, reward: lowest };
    trajectories::insert(db, task, &trajectory)?;
    Ok(lowest)
}

/// Returns an agent's score for a piece of work, from 0 to 1.
///
/// # Runbook
/// Check which agent gives low scores. Coder: the plan has impossible steps. Reviewer: steps have no effect, or the
/// stored rows differ from the submitted work. Tester: the work misses its goal.
#[verified(agent_id = agent, rollback = change.undo(), owner = "verification")]
fn verify(agent: Agent, work: &Work, change: &Change<'_>) -> Result<f64> {
    match agent {
        Agent::Coder => Ok(steps(work, |_, after| after.is_some())),
        Agent::Reviewer => Ok(f64::midpoint(steps(work, |before, after| after != Some(before)), stored(work, change)?)),
        Agent::Tester => {
            let missed = work.goal.facts.without(final_state(work)).count();
            Ok(1.0 - f64::from(missed) / f64::from(work.goal.facts.count().max(1)))
        }
    }
}

/// The share of steps for which `holds` is true. `holds` receives the states before and after a step; the latter is
/// `None` if the step is impossible.
fn steps(work: &Work, holds: impl Fn(State, Option<State>) -> bool) -> f64 {
    let (mut state, mut good, mut all) = (work.start, 0.0, 0.0);
    for action in work.plan.iter().filter_map(|it| ACTIONS.get(*it)) {
        let after = action.apply(state);
        good += f64::from(u8::from(holds(state, after)));
        all += 1.0;
        state = after.unwrap_or(state);
    }
    if all > 0.0 { good / all } else { 0.0 }
}

/// The state after all possible steps.
fn final_state(work: &Work) -> State {
    let actions = work.plan.iter().filter_map(|it| ACTIONS.get(*it));
    actions.fold(work.start, |state, it| it.apply(state).unwrap_or(state))
}

/// Returns 1 if the database has the submitted pattern and its embeddings, otherwise 0.
fn stored(work: &Work, change: &Change<'_>) -> Result<f64> {
    let Some(pattern) = patterns::of_actions(change.db, &names(&work.plan))? else { return Ok(0.0) };
    let vectors = embeddings::of_pattern(change.db, pattern)?;
    let sound = |it: &Vec<u8>| Embedding::from_bytes(it).is_some_and(|it| (it.cosine(&it) - 1.0).abs() < 1e-3);
    Ok(f64::from(u8::from(!vectors.is_empty() && vectors.iter().all(sound))))
}

/// A transaction that is rolled back on drop unless it was committed by `keep`.
#[derive(Debug)]
struct Change<'a> {
    db: &'a Connection,
    open: Cell<bool>,
}

impl<'a> Change<'a> {
    fn begin(db: &'a Connection) -> Result<Self> {
        db.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Self { db, open: Cell::new(true) })
    }

    /// Rolls back; a second call has no effect.
    fn undo(&self) {
        if self.open.replace(false) {
            // Fails if SQLite has rolled back by itself, for example because the disk is full.
            let _ = self.db.execute_batch("ROLLBACK");
        }
    }

    /// Commits the change unless it was rolled back.
    fn keep(self) -> Result<()> {
        if self.open.get() {
            self.db.execute_batch("COMMIT")?;
            self.open.set(false);
        }
        Ok(())
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        self.undo();
    }
}

#[cfg(test)]
mod tests {
    use super::{GOOD, Work, submit};
    use crate::planner::plan;
    use crate::store::{Store, patterns};
    use crate::tasks::{botched, repeated};
    use crate::world::{ACTIONS, State, goal_of};
    use measurand::TaskType;

    /// Submits work on a bug; returns the lowest score and the number of stored patterns afterwards.
    fn submitted(change: impl Fn(Vec<usize>) -> Vec<usize>) -> (f64, usize) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let goal = goal_of(TaskType::Bugfix);
        let plan = change(plan(State::NOTHING, goal.facts, ACTIONS).unwrap());
        let lowest = store.write(|db| submit(db, "bugfix", &Work { goal, start: State::NOTHING, plan })).unwrap();
        (lowest, store.read(|db| Ok(patterns::all(db)?)).unwrap().len())
    }

    #[test]
    fn good_work_is_kept() {
        let (score, patterns) = submitted(|it| it);
        assert!(score >= GOOD, "{score}");
        assert_eq!(patterns, 1);
    }

    #[test]
    fn bad_work_is_rolled_back() {
        let (score, patterns) = submitted(botched);
        assert!(score < 0.7, "{score}");
        assert_eq!(patterns, 0);
    }

    /// Only one agent gives a low score, so the score is not critical.
    #[test]
    fn needless_work_is_rolled_back() {
        let (score, patterns) = submitted(repeated);
        assert!((0.7..0.8).contains(&score), "{score}");
        assert_eq!(patterns, 0);
    }

    #[test]
    fn work_is_rolled_back_after_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.write(|db| Ok(db.execute_batch("DROP TABLE trajectories; DROP TABLE embeddings")?)).unwrap();
        let goal = goal_of(TaskType::Bugfix);
        let plan = plan(State::NOTHING, goal.facts, ACTIONS).unwrap();
        store.write(|db| submit(db, "bugfix", &Work { goal, start: State::NOTHING, plan })).unwrap_err();
        assert_eq!(store.read(|db| Ok(patterns::all(db)?)).unwrap(), []);
    }
}
