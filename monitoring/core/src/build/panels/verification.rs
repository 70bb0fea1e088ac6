//! The row about the truth scores of agents.

use super::lines::{quantiles, quantiles_by_label};
use super::spec::{PLAIN, Spec, by_labels, find, named, names, of};
use crate::build::used_family::{Form, UsedFamily};
use crate::model::{PanelKind, Unit};
use crate::query::{Aggregation, Window};
use measurand_catalog::{Role, families};

pub(super) const KEY: &str = "verification";

pub(super) const PANELS: &[Spec] = &[
    Spec {
        key: "percentiles",
        title: "Truth Score Percentiles",
        description: "P50, P95 and P99 of all scores, and P05: 5 % of the scores are lower. Low scores are bad.",
        unit: Unit::Share,
        no_value: "no scores",
        lines: |it| quantiles(&used(it), Role::Score, &[0.05, 0.5, 0.95, 0.99], Form::Plain),
        ..PLAIN
    },
    Spec {
        key: "by_agent",
        title: "Truth score by agent",
        description: "The quantiles that the alerts compare, for each agent. The alerts fire below the lines.",
        unit: Unit::Share,
        no_value: "no scores",
        lines: |it| quantiles_by_label(&used(it), Role::Score, &[0.05]),
        alerts: |_| names(&["TruthScoreCriticallyLow", "TruthScoreBelowTarget"]),
        ..PLAIN
    },
    Spec {
        key: "heatmap",
        title: "Truth score heatmap",
        description: "The distribution of scores. A second band far below the first means that one kind of work fails.",
        kind: PanelKind::Heatmap,
        unit: Unit::Share,
        lines: |it| of(it, &families::VERIFICATION, |it| Some(named("", it.heatmap(Role::Score)?))),
        ..PLAIN
    },
    Spec {
        key: "success",
        title: "Verification Success Rate",
        description: "The share of verifications whose score reached the threshold.",
        kind: PanelKind::Dial,
        unit: Unit::Share,
        no_value: "no verifications",
        lines: |it| of(it, &families::VERIFICATION, |it| Some(named("success", it.success_ratio(&[])?))),
        ..PLAIN
    },
    Spec {
        key: "reliability",
        title: "Agent Reliability",
        description: "The newest score of each agent. With several instances, the lowest. The alert fires below the \
                      line.",
        kind: PanelKind::Bars,
        unit: Unit::Share,
        no_value: "no scores",
        lines: |used| {
            let query = |it: &UsedFamily<'_>| it.gauge(Role::LastScore, Aggregation::Minimum, &it.labels());
            of(used, &families::VERIFICATION, |it| Some(by_labels("", &it.labels(), query(it)?)))
        },
        alerts: |_| names(&["AgentUnreliable"]),
        ..PLAIN
    },
    Spec {
        key: "rollbacks",
        title: "Auto Rollbacks",
        description: "The number of rollbacks within the time range of the dashboard.",
        kind: PanelKind::Number,
        no_value: "none",
        lines: |used| {
            let query = |it: &UsedFamily<'_>| it.increase(Role::Rollbacks, &[], Window::Shown);
            of(used, &families::VERIFICATION, |it| Some(named("rollbacks", query(it)?)))
        },
        ..PLAIN
    },
    Spec {
        key: "rollbacks_over_time",
        title: "Rollbacks over time",
        description: "Rollbacks of each agent within five minutes. The alert fires above the line: stop the agent.",
        lines: |used| {
            // The alert's own window, so that its threshold is comparable at every zoom.
            let query = |it: &UsedFamily<'_>| it.increase(Role::Rollbacks, &it.labels(), Window::Seconds(300));
            of(used, &families::VERIFICATION, |it| Some(by_labels("", &it.labels(), query(it)?)))
        },
        alerts: |_| names(&["AutoRollbackStorm"]),
        ..PLAIN
    },
    Spec {
        key: "failures",
        title: "Failures by agent",
        description: "Verifications per second that scored below the threshold or ended without a score.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |used| {
            let query = |it: &UsedFamily<'_>| it.rate(Role::Failures, &it.labels(), Form::Plain);
            of(used, &families::VERIFICATION, |it| Some(by_labels("", &it.labels(), query(it)?)))
        },
        ..PLAIN
    },
    Spec {
        key: "failure_ratio",
        title: "Failure ratio by agent",
        description: "The share of verifications of each agent that failed. The alert fires above the line.",
        unit: Unit::Share,
        no_value: "no verifications",
        lines: |used| {
            let query = |it: &UsedFamily<'_>| it.failure_ratio(&it.labels(), Form::Plain);
            of(used, &families::VERIFICATION, |it| Some(by_labels("", &it.labels(), query(it)?)))
        },
        alerts: |_| names(&["VerificationFailureRate"]),
        ..PLAIN
    },
];

fn used<'a>(all: &[UsedFamily<'a>]) -> Vec<UsedFamily<'a>> {
    find(all, &families::VERIFICATION).into_iter().copied().collect()
}
