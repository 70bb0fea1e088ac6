//! The row about planning, tasks and the coordination of agents.

use super::lines::quantiles;
use super::spec::{PLAIN, Spec, by_labels, find, named, names, of};
use crate::build::used_family::{Form, UsedFamily};
use crate::model::{PanelKind, Unit};
use crate::query::Query;
use measurand_catalog::family::STATUS_LABEL;
use measurand_catalog::{Role, families};

pub(super) const KEY: &str = "planning";

pub(super) const PANELS: &[Spec] = &[
    Spec {
        key: "duration",
        title: "Planning Duration",
        description: "Half, 95 % and 99 % of all plans are made in less time than this.",
        unit: Unit::Seconds,
        no_value: "no plans",
        lines: |it| quantiles(&planning(it), Role::Duration, &[0.5, 0.95, 0.99], Form::Plain),
        ..PLAIN
    },
    Spec {
        key: "duration_by_goal",
        title: "Planning duration by goal",
        description: "95 % of the plans for each goal are made in less time than this. The alert fires above the line.",
        unit: Unit::Seconds,
        no_value: "no plans",
        lines: |used| {
            of(used, &families::PLANNING, |family| {
                let query = family.quantile(Role::Duration, 0.95, &family.labels(), Form::Plain)?;
                Some(by_labels("P95", &family.labels(), query))
            })
        },
        alerts: |_| names(&["GOAPPlanningSlowdown"]),
        ..PLAIN
    },
    Spec {
        key: "coordination",
        title: "Coordination Efficiency",
        description: "The share of time that agents do not wait for each other. The alert fires below the line.",
        kind: PanelKind::Dial,
        unit: Unit::Share,
        no_value: "not measured yet",
        lines: |it| of(it, &families::COORDINATION, |it| Some(named("efficiency", it.level(Query::Instant)?))),
        alerts: |_| names(&["AgentCoordinationEfficiency"]),
        ..PLAIN
    },
    Spec {
        key: "reuse",
        title: "Pattern Reuse Rate",
        description: "The share of retrievals that reused a stored pattern.",
        kind: PanelKind::Dial,
        unit: Unit::Share,
        no_value: "not measured yet",
        lines: |it| of(it, &families::PATTERN_REUSE, |it| Some(named("reused", it.level(Query::Instant)?))),
        ..PLAIN
    },
    Spec {
        key: "completions",
        title: "Task Completion Rate",
        description: "Completed tasks per second by type and result.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |it| of(it, &families::TASK, |it| Some(by_labels("", &it.labels_and(STATUS_LABEL), it.completions()?))),
        ..PLAIN
    },
    Spec {
        key: "failures",
        title: "Task failures by type",
        description: "The share of the tasks of each type that failed within an hour. The alert fires above the line.",
        unit: Unit::Share,
        no_value: "no tasks",
        lines: |it| of(it, &families::TASK, |it| Some(by_labels("", &it.labels(), it.failed_completions()?.0))),
        alerts: |_| names(&["TaskFailureRate"]),
        ..PLAIN
    },
    Spec {
        key: "queue",
        title: "Queue length",
        description: "Tasks that wait in the background queue. The alert fires above the line.",
        lines: |it| of(it, &families::TASK_QUEUE, |it| Some(named("waiting", it.level(Query::Instant)?))),
        alerts: |_| names(&["BackgroundTaskQueueLength"]),
        ..PLAIN
    },
    Spec {
        key: "active",
        title: "Active Patterns Count",
        description: "Patterns that were used recently.",
        kind: PanelKind::Number,
        lines: |it| of(it, &families::PATTERNS_ACTIVE, |it| Some(named("active", it.level(Query::Instant)?))),
        ..PLAIN
    },
    Spec {
        key: "unused",
        title: "Unused patterns",
        description: "Patterns that were not used recently. The alert fires above the line.",
        lines: |it| of(it, &families::PATTERNS_UNUSED, |it| Some(named("unused", it.level(Query::Instant)?))),
        alerts: |_| names(&["UnusedPatternsAccumulating"]),
        ..PLAIN
    },
];

fn planning<'a>(all: &[UsedFamily<'a>]) -> Vec<UsedFamily<'a>> {
    find(all, &families::PLANNING).into_iter().copied().collect()
}
