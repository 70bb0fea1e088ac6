//! Finds the cheapest plan for a goal: A* search over states, by the cost of actions.

use crate::faults::{self, Fault};
use crate::world::{ACTIONS, Action, Goal, State};
use measurand::goap_plan;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// A plan: indices of actions, in order.
pub(crate) type Plan = Vec<usize>;

/// The lowest cost of each reached state, with the previous state and the action. An entry may improve until the search
/// visits the state.
type Reached = HashMap<State, (u32, Option<(State, usize)>)>;

/// Finds a plan for a goal.
///
/// # Runbook
/// Send `POST /faults {"slow-planning": "off"}`. Then check the number of actions: the search time grows with it.
#[goap_plan(goal = label, owner = "planning")]
pub(crate) fn plan_for(label: &str, goal: Goal, start: State) -> Option<Plan> {
    faults::wait(Fault::SlowPlanning);
    plan(start, goal.facts, ACTIONS)
}

/// Returns the cheapest plan, or `None` if the goal cannot be reached.
pub(crate) fn plan(start: State, goal: State, actions: &[Action]) -> Option<Plan> {
    let estimate = Estimate::new(goal, actions);
    let mut reached: Reached = HashMap::from([(start, (0, None))]);
    let mut open = BinaryHeap::from([Reverse((estimate.from(start), 0, start))]);
    while let Some(Reverse((_, cost, state))) = open.pop() {
        if state.has(goal) {
            return Some(path(&reached, state));
        }
        if reached.get(&state).is_some_and(|(best, _)| cost > *best) {
            continue;
        }
        for (index, action) in actions.iter().enumerate() {
            let Some(next) = action.apply(state) else { continue };
            let next_cost = cost + action.cost;
            if reached.get(&next).is_none_or(|(best, _)| next_cost < *best) {
                reached.insert(next, (next_cost, Some((state, index))));
                open.push(Reverse((next_cost + estimate.from(next), next_cost, next)));
            }
        }
    }
    None
}

/// A lower bound of the cost to the goal. It never exceeds the real cost, so the first plan found is the cheapest.
struct Estimate {
    goal: State,
    /// The highest number of facts that one action adds.
    most: u32,
    /// The cost of the cheapest action.
    least: u32,
}

impl Estimate {
    fn new(goal: State, actions: &[Action]) -> Self {
        let most = actions.iter().map(|it| it.adds.count()).max().unwrap_or(1).max(1);
        let least = actions.iter().map(|it| it.cost).min().unwrap_or(0);
        Self { goal, most, least }
    }

    fn from(&self, state: State) -> u32 {
        self.goal.without(state).count().div_ceil(self.most) * self.least
    }
}

fn path(reached: &Reached, mut state: State) -> Plan {
    let mut plan = Vec::new();
    while let Some((_, Some((before, action)))) = reached.get(&state) {
        plan.push(*action);
        state = *before;
    }
    plan.reverse();
    plan
}

#[cfg(test)]
mod tests {
    use super::plan;
    use crate::world::{ACTIONS, Action, STARTS, State, goal_of};
    use measurand::TaskType;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn execute(start: State, plan: &[usize], actions: &[Action]) -> Option<(State, u32)> {
        plan.iter().try_fold((start, 0), |(state, cost), it| {
            let action = &actions[*it];
            Some((action.apply(state)?, cost + action.cost))
        })
    }

    /// The lowest cost of the goal, by exhaustive search.
    fn cheapest(start: State, goal: State, actions: &[Action]) -> Option<u32> {
        let mut costs = BTreeMap::from([(start, 0)]);
        loop {
            let mut better = Vec::new();
            for (state, cost) in &costs {
                for action in actions {
                    let next = action.apply(*state).map(|it| (it, cost + action.cost));
                    better.extend(next.filter(|(it, cost)| costs.get(it).is_none_or(|known| cost < known)));
                }
            }
            if better.is_empty() {
                return costs.into_iter().filter(|(it, _)| it.has(goal)).map(|it| it.1).min();
            }
            for (state, cost) in better {
                let known = costs.entry(state).or_insert(cost);
                *known = cost.min(*known);
            }
        }
    }

    #[test]
    fn every_task_has_a_plan_from_every_start() {
        for kind in [TaskType::Feature, TaskType::Bugfix, TaskType::Refactor] {
            for start in STARTS {
                let plan = plan(start, goal_of(kind).facts, ACTIONS).unwrap();
                let (end, _) = execute(start, &plan, ACTIONS).unwrap();
                assert!(end.has(goal_of(kind).facts), "{kind:?} from {start:?}: {plan:?}");
            }
        }
    }

    fn states() -> impl Strategy<Value = State> {
        (0_u32..64).prop_map(State)
    }

    fn actions() -> impl Strategy<Value = Vec<Action>> {
        let action = (states(), states(), states(), 0_u32..6).prop_map(|(needs, adds, removes, cost)| Action {
            name: "any",
            needs: State(needs.0 & (needs.0 >> 1)),
            adds: State(adds.0 & (adds.0 << 1)),
            removes: State(removes.0 & (removes.0 >> 2)),
            cost,
        });
        prop::collection::vec(action, 0..10)
    }

    proptest! {
        #[test]
        fn plans_reach_the_goal_at_the_least_cost(start in states(), goal in states(), actions in actions()) {
            let found = plan(start, goal, &actions);
            let expected = cheapest(start, goal, &actions);
            match found {
                None => prop_assert_eq!(expected, None),
                Some(plan) => {
                    let (end, cost) = execute(start, &plan, &actions).expect("every step can be done");
                    prop_assert!(end.has(goal));
                    prop_assert_eq!(Some(cost), expected);
                }
            }
        }
    }
}
