//! Extracts patterns from trajectories: sequences of actions that are frequent and successful.

use crate::app::App;
use crate::error::{Error, Result};
use crate::faults::{self, Fault};
use crate::learning::keep;
use crate::store::trajectories::Trajectory;
use crate::store::{patterns, trajectories};
use crate::world::{State, action_named};
use measurand::neural_op;
use std::collections::BTreeMap;

/// Number of trajectories per extraction.
const LOOKED_AT: u32 = 100;
/// Minimum number of occurrences of a sequence.
const SUPPORT: u32 = 3;
/// Minimum average reward of a sequence.
const REWARD: f64 = 0.5;
/// Maximum number of patterns in the database.
const KEPT: u32 = 300;

/// The occurrences of one sequence.
#[derive(Debug, Clone, Copy)]
struct Seen {
    times: u32,
    rewards: f64,
    goal: State,
    start: State,
}

impl App {
    /// Finds patterns in the newest trajectories, stores the new ones and returns their number.
    ///
    /// # Runbook
    /// The error names the unreadable action. Find the part of the service that wrote this trajectory.
    #[neural_op("extraction", owner = "learning")]
    pub(crate) fn extract(&self) -> Result<usize> {
        let mut trajectories = self.store.read(|db| Ok(trajectories::newest(db, LOOKED_AT)?))?;
        if faults::strikes(Fault::ExtractionErrors)
            && let Some(it) = trajectories.first_mut()
        {
            it.actions.push_str(" ???");
        }
        let seen = sequences(&trajectories)?;
        let good = seen.iter().filter(|(_, it)| it.times >= SUPPORT && it.rewards / f64::from(it.times) >= REWARD);
        self.store.write(|db| {
            let mut learned = 0;
            for (actions, it) in good {
                let confidence = it.rewards / f64::from(it.times);
                learned += usize::from(keep(db, actions, it.goal, it.start, confidence)?.is_some());
            }
            patterns::forget(db, KEPT)?;
            trajectories::forget(db, 10 * LOOKED_AT)?;
            Ok(learned)
        })
    }
}

/// Counts all sequences of two and three actions.
fn sequences(trajectories: &[Trajectory]) -> Result<BTreeMap<Vec<usize>, Seen>> {
    let mut all: BTreeMap<Vec<usize>, Seen> = BTreeMap::new();
    for trajectory in trajectories {
        let known = |name: &str| action_named(name).ok_or_else(|| Error::Malformed(name.to_owned()));
        let actions: Vec<usize> = trajectory.actions.split_whitespace().map(known).collect::<Result<_>>()?;
        for window in actions.windows(2).chain(actions.windows(3)) {
            let first = Seen { times: 0, rewards: 0.0, goal: trajectory.goal, start: trajectory.start };
            let seen = all.entry(window.to_vec()).or_insert(first);
            seen.times += 1;
            seen.rewards += trajectory.reward;
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::sequences;
    use crate::learning::kind_of;
    use crate::store::trajectories::Trajectory;
    use crate::world::{State, action_named};
    use measurand::PatternType;

    fn trajectory(actions: &str) -> Trajectory {
        Trajectory { start: State(0), goal: State(1), actions: actions.to_owned(), reward: 0.5 }
    }

    #[test]
    fn sequences_are_counted_with_their_rewards() {
        let action = |name| action_named(name).unwrap();
        let all = [trajectory("design write_code run_tests"), trajectory("design write_code")];
        let seen = sequences(&all).unwrap();
        assert_eq!(seen.len(), 3);
        let pair = &seen[&vec![action("design"), action("write_code")]];
        assert_eq!(pair.times, 2);
        assert!((pair.rewards - 1.0).abs() < 1e-9);
        assert_eq!(kind_of(&[action("design")]), PatternType::Prediction);
        assert_eq!(kind_of(&[action("run_tests"), action("review")]), PatternType::Coordination);
    }

    #[test]
    fn unknown_actions_are_an_error() {
        let error = sequences(&[trajectory("design ???")]).unwrap_err();
        assert!(error.to_string().contains("`???`"), "{error}");
    }
}
