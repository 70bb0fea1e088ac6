//! The domain of the plans: facts about a piece of work, and actions that change them.
//!
//! It depends on no planner and no database.

use measurand::TaskType;

/// The facts that are true about a piece of work, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct State(pub(crate) u32);

impl State {
    pub(crate) const NOTHING: State = State(0);

    /// The facts of both states.
    pub(crate) const fn and(self, other: State) -> State {
        State(self.0 | other.0)
    }

    /// The facts of this state that `other` does not have.
    pub(crate) const fn without(self, other: State) -> State {
        State(self.0 & !other.0)
    }

    /// Whether this state has all these facts.
    pub(crate) const fn has(self, facts: State) -> bool {
        facts.without(self).0 == 0
    }

    /// Number of facts.
    pub(crate) const fn count(self) -> u32 {
        self.0.count_ones()
    }
}

/// An action with its preconditions and effects.
#[derive(Debug, Clone)]
pub(crate) struct Action {
    pub(crate) name: &'static str,
    /// Facts required before the action.
    pub(crate) needs: State,
    /// Facts that the action makes true.
    pub(crate) adds: State,
    /// Facts that the action makes false.
    pub(crate) removes: State,
    pub(crate) cost: u32,
}

impl Action {
    /// Returns the state after the action; `None` if a precondition is missing.
    pub(crate) fn apply(&self, state: State) -> Option<State> {
        state.has(self.needs).then(|| state.without(self.removes).and(self.adds))
    }
}

/// The facts to reach.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Goal {
    pub(crate) name: &'static str,
    pub(crate) facts: State,
}

const REQUIREMENTS: State = State(1);
const DESIGN: State = State(1 << 1);
const CODE: State = State(1 << 2);
const TESTS: State = State(1 << 3);
const TESTED: State = State(1 << 4);
const REVIEWED: State = State(1 << 5);
const DOCUMENTED: State = State(1 << 6);
const MERGED: State = State(1 << 7);
const REPRODUCED: State = State(1 << 8);
const CAUSE: State = State(1 << 9);
const BASELINE: State = State(1 << 10);

/// Facts that new code removes: it has to be tested and reviewed again.
const CHECKED: State = TESTED.and(REVIEWED);

const fn action(name: &'static str, needs: State, adds: State, removes: State, cost: u32) -> Action {
    Action { name, needs, adds, removes, cost }
}

/// All actions of agents.
pub(crate) const ACTIONS: &[Action] = &[
    action("read_requirements", State::NOTHING, REQUIREMENTS, State::NOTHING, 1),
    action("design", REQUIREMENTS, DESIGN, State::NOTHING, 3),
    action("write_code", DESIGN, CODE, CHECKED, 5),
    action("reproduce", State::NOTHING, REPRODUCED.and(TESTS), State::NOTHING, 2),
    action("find_cause", REPRODUCED, CAUSE, State::NOTHING, 4),
    action("patch", CAUSE, CODE, CHECKED, 2),
    action("measure_baseline", State::NOTHING, BASELINE, State::NOTHING, 2),
    action("restructure", BASELINE, CODE, CHECKED, 4),
    action("write_tests", REQUIREMENTS, TESTS, State::NOTHING, 3),
    action("run_tests", CODE.and(TESTS), TESTED, State::NOTHING, 1),
    action("review", TESTED, REVIEWED, State::NOTHING, 2),
    action("write_docs", CODE, DOCUMENTED, State::NOTHING, 2),
    action("merge", CHECKED, MERGED, State::NOTHING, 1),
];

/// The goal of a kind of task.
pub(crate) const fn goal_of(kind: TaskType) -> Goal {
    match kind {
        TaskType::Feature => Goal { name: "feature-implementation", facts: MERGED.and(DOCUMENTED) },
        TaskType::Bugfix => Goal { name: "bug-fix", facts: MERGED.and(CAUSE) },
        TaskType::Refactor => Goal { name: "refactoring", facts: MERGED.and(BASELINE) },
    }
}

/// The states in which tasks start.
pub(crate) const STARTS: [State; 4] = [State::NOTHING, REQUIREMENTS, REPRODUCED.and(TESTS), REQUIREMENTS.and(TESTS)];

/// The index of the action with this name.
pub(crate) fn action_named(name: &str) -> Option<usize> {
    ACTIONS.iter().position(|it| it.name == name)
}

/// The names of actions, separated by spaces.
pub(crate) fn names(actions: &[usize]) -> String {
    let names: Vec<&str> = actions.iter().filter_map(|it| ACTIONS.get(*it)).map(|it| it.name).collect();
    names.join(" ")
}
