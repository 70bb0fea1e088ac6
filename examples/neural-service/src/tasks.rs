//! The steps of a task: retrieve a pattern, plan, work, let agents verify the work, and give feedback.

use crate::agents::{self, Work};
use crate::app::App;
use crate::error::{Error, Result};
use crate::faults::{self, Fault};
use crate::planner::plan_for;
use crate::situation::Situation;
use crate::store::trajectories::{self, Trajectory};
use crate::world::{ACTIONS, goal_of, names};
use measurand::{TaskType, measured, task};
use std::time::{Duration, Instant};

/// The name of a kind of task in the database and in requests.
pub(crate) const fn kind_name(kind: TaskType) -> &'static str {
    match kind {
        TaskType::Feature => "feature",
        TaskType::Bugfix => "bugfix",
        TaskType::Refactor => "refactor",
    }
}

/// Performs a task on this worker.
///
/// # Runbook
/// Check the kind of error: `rejected` comes from the agents, `step_failed` from the work, `database` from the storage.
#[task(task_type = situation.kind, owner = "agents")]
#[measured(owner = "agents", slo(success = 99, latency = "1s" @ 99))]
pub(crate) fn perform(app: &App, situation: Situation, worker: usize) -> Result<()> {
    let start = Instant::now();
    let found = app.pattern_for(situation)?;
    let (result, waited) = work(app, situation, worker)?;
    app.coordination.note(start.elapsed(), waited);
    if let Some(found) = found {
        app.give_feedback(found.pattern, if result.is_ok() { 1.0 } else { 0.0 });
    }
    result
}

/// Plans and does the work; also returns how long its agents waited for each other.
fn work(app: &App, situation: Situation, worker: usize) -> Result<(Result<()>, Duration)> {
    let goal = goal_of(situation.kind);
    let plan = plan_for(goal.name, goal, situation.start).ok_or(Error::NoPlan(goal.name))?;
    assert!(!faults::strikes(Fault::Panics), "the fault `panics` is on");
    let task = kind_name(situation.kind);
    if faults::strikes(Fault::FailingTasks) {
        let done = &plan[..plan.len() / 2];
        let failed = plan.get(done.len()).and_then(|it| ACTIONS.get(*it)).map_or("none", |it| it.name);
        let actions = names(done);
        let trajectory = Trajectory { start: situation.start, goal: goal.facts, actions, reward: 0.0 };
        app.store.write(|db| Ok(trajectories::insert(db, task, &trajectory)?))?;
        return Ok((Err(Error::StepFailed(failed)), Duration::ZERO));
    }
    let plan = if faults::strikes(Fault::LowTruth) { botched(plan) } else { plan };
    let plan = if faults::strikes(Fault::NeedlessSteps) { repeated(plan) } else { plan };
    let work = Work { goal, start: situation.start, plan };
    let submit = || app.store.write(|db| agents::submit(db, task, &work));
    let (score, waited) = app.coordination.in_workspace(worker, submit);
    let result = if score? < agents::GOOD { Err(Error::Rejected) } else { Ok(()) };
    Ok((result, waited))
}

/// Bad work: every second step is missing and the others are done three times.
pub(crate) fn botched(plan: Vec<usize>) -> Vec<usize> {
    plan.into_iter().step_by(2).flat_map(|it| [it; 3]).collect()
}

/// Needless work: every step is done twice. All steps are possible, but half of them have no effect.
pub(crate) fn repeated(plan: Vec<usize>) -> Vec<usize> {
    plan.into_iter().flat_map(|it| [it; 2]).collect()
}
