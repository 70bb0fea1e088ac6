//! The panels of a family's row. The roles of its metrics decide which of them exist.

use super::keys::{
    COMPLETION_FAILURES, DURATION_BY_LABEL, ERROR_RATIO, FAILURE_RATIO, FAILURES, HIT_RATIO, LAST_SCORE, LEVEL, RATE,
    ROLLBACKS, SCORE_BY_LABEL,
};
use super::lines::{alerts_of, own_labels, quantiles_by_label};
use super::spec::{PLAIN, Spec, by_labels, each, named, names};
use crate::build::used_family::{Form, UsedFamily};
use crate::model::{Line, PanelKind, Unit};
use crate::query::{Aggregation, Query, Window};
use measurand_catalog::Role;
use measurand_catalog::family::{KIND_LABEL, OUTCOME_LABEL, STATUS_LABEL};

/// Rate, errors and duration first, then calls in flight, then panels for scores and other roles.
pub(super) const PANELS: &[Spec] = &[
    Spec {
        key: RATE,
        title: "Calls per second",
        description: "Calls per second, successful or not. A sudden drop means that callers are gone or stuck.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |it| own_labels(it, |it, by| it.calls(by, Form::Plain)),
        ..PLAIN
    },
    Spec {
        key: "outcomes",
        title: "Errors per second by outcome",
        description: "Calls that failed: `error` was returned, `panic` unwound, `cancelled` was dropped before its \
                      end. The kind of an error follows if its type derives `ErrorKind`.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |it| {
            let by = [OUTCOME_LABEL, KIND_LABEL];
            each(it, |it| Some(by_labels("", &names(&by), it.errors(&by)?)))
        },
        ..PLAIN
    },
    Spec {
        key: ERROR_RATIO,
        title: "Error ratio",
        description: "The share of calls that failed. The alert fires above the line: follow its runbook.",
        unit: Unit::Share,
        no_value: "no calls",
        lines: |it| own_labels(it, |it, by| it.error_ratio(by, Form::Plain)),
        alerts: |it| alerts_of(it, ERROR_RATIO),
        ..PLAIN
    },
    Spec {
        key: DURATION_BY_LABEL,
        title: "Duration: P50, P95, P99",
        description: "Half, 95 % and 99 % of the calls are faster than this, by label. The alert fires above the line: \
                      the heatmap shows how many calls are slow.",
        unit: Unit::Seconds,
        no_value: "no calls",
        lines: |it| quantiles_by_label(it, Role::Duration, &[0.5, 0.95, 0.99]),
        alerts: |it| alerts_of(it, DURATION_BY_LABEL),
        ..PLAIN
    },
    Spec {
        key: "duration_heatmap",
        title: "Duration heatmap",
        description: "The distribution of durations. Two bands mean two kinds of calls, such as hits and misses of a \
                      cache.",
        kind: PanelKind::Heatmap,
        unit: Unit::Seconds,
        lines: |it| each(it, |it| Some(named("", it.heatmap(Role::Duration)?))),
        ..PLAIN
    },
    Spec {
        key: "in_flight",
        title: "Calls in flight",
        description: "Calls that have started and not ended. If the number only grows, calls hang.",
        lines: |used| {
            each(used, |family| {
                let by = family.labels_of(Role::InFlight);
                Some(by_labels("", &by, family.gauge(Role::InFlight, Aggregation::Sum, &by)?))
            })
        },
        ..PLAIN
    },
    Spec {
        key: SCORE_BY_LABEL,
        title: "Score: P05, P50, P95",
        description: "5 %, 50 % and 95 % of the scores are lower than this, by label. The alerts fire below the lines.",
        unit: Unit::Share,
        no_value: "no scores",
        lines: |it| quantiles_by_label(it, Role::Score, &[0.05, 0.5, 0.95]),
        alerts: |it| alerts_of(it, SCORE_BY_LABEL),
        ..PLAIN
    },
    Spec {
        key: "score_heatmap",
        title: "Score heatmap",
        description: "The distribution of scores. A second band far below the first means that one kind of work fails.",
        kind: PanelKind::Heatmap,
        unit: Unit::Share,
        lines: |it| each(it, |it| Some(named("", it.heatmap(Role::Score)?))),
        ..PLAIN
    },
    Spec {
        key: LAST_SCORE,
        title: "Newest score",
        description: "The newest score, by label. With several instances, the lowest. The alert fires below the line.",
        kind: PanelKind::Bars,
        unit: Unit::Share,
        no_value: "no scores",
        lines: |it| own_labels(it, |it, by| it.gauge(Role::LastScore, Aggregation::Minimum, by)),
        alerts: |it| alerts_of(it, LAST_SCORE),
        ..PLAIN
    },
    Spec {
        key: "success_ratio",
        title: "Success rate",
        description: "The share of calls that succeeded. If calls have a score, it must reach the threshold.",
        kind: PanelKind::Dial,
        unit: Unit::Share,
        no_value: "no scores",
        lines: |it| own_labels(it, UsedFamily::success_ratio),
        ..PLAIN
    },
    Spec {
        key: FAILURE_RATIO,
        title: "Failure ratio",
        description: "The share of calls that failed. A score below the threshold is a failure. The alert fires above \
                      the line.",
        unit: Unit::Share,
        no_value: "no scores",
        lines: |it| own_labels(it, |it, by| it.failure_ratio(by, Form::Plain)),
        alerts: |it| alerts_of(it, FAILURE_RATIO),
        ..PLAIN
    },
    Spec {
        key: "successes",
        title: "Successes per second by label",
        description: "Calls that succeeded. If calls have a score, it must reach the threshold.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |it| own_labels(it, |it, by| it.rate(Role::Successes, by, Form::Plain)),
        ..PLAIN
    },
    Spec {
        key: FAILURES,
        title: "Failures per second by label",
        description: "Calls that failed or scored below the threshold.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |it| own_labels(it, |it, by| it.rate(Role::Failures, by, Form::Plain)),
        ..PLAIN
    },
    Spec {
        key: ROLLBACKS,
        title: "Rollbacks in five minutes",
        description: "Rollbacks within five minutes. The alert fires above the line: stop the work that fails \
                      repeatedly.",
        // The alert's window, so that its threshold fits at every zoom.
        lines: |it| own_labels(it, |it, by| it.increase(Role::Rollbacks, by, Window::Seconds(300))),
        alerts: |it| alerts_of(it, ROLLBACKS),
        ..PLAIN
    },
    Spec {
        key: "rollbacks_shown",
        title: "Rollbacks in the time shown",
        description: "The number of rollbacks within the time range of the dashboard.",
        kind: PanelKind::Number,
        lines: |it| own_labels(it, |it, by| it.increase(Role::Rollbacks, by, Window::Shown)),
        ..PLAIN
    },
    Spec {
        key: "completions",
        title: "Ended by status",
        description: "Completions per second, with the status `success` or `failure`.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |it| each(it, |it| Some(by_labels("", &it.labels_and(STATUS_LABEL), it.completions()?))),
        ..PLAIN
    },
    Spec {
        key: COMPLETION_FAILURES,
        title: "Failure ratio within an hour",
        description: "The share of completions within an hour that failed. The alert fires above the line.",
        unit: Unit::Share,
        no_value: "nothing ended",
        lines: |it| own_labels(it, |it, _| Some(it.failed_completions()?.0)),
        alerts: |it| alerts_of(it, COMPLETION_FAILURES),
        ..PLAIN
    },
    Spec {
        key: LEVEL,
        title: "Level",
        description: "The newest number that a call returned. Several instances are added up; shares and times are \
                      averaged.",
        lines: |used| {
            each(used, |family| {
                let (unit, query) = (family.unit(Role::Level)?, family.level(Query::Instant)?);
                Some(Line { unit: Some(unit), ..by_labels("", &family.labels(), query) })
            })
        },
        alerts: |it| alerts_of(it, LEVEL),
        ..PLAIN
    },
    Spec {
        key: "lookups",
        title: "Look-ups per second: hits, misses",
        description: "Look-ups per second that found an entry (hits) and that did not (misses).",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |used| {
            let line = |it: &UsedFamily<'_>, name: &str, role| {
                Some(by_labels(name, &it.labels(), it.rate(role, &it.labels(), Form::Plain)?))
            };
            let mut lines = each(used, |it| line(it, "hits", Role::Hits));
            lines.extend(each(used, |it| line(it, "misses", Role::Misses)));
            lines
        },
        ..PLAIN
    },
    Spec {
        key: HIT_RATIO,
        title: "Hit rate now",
        description: "The share of recent look-ups that were hits. Every miss is work for the source behind the cache.",
        unit: Unit::Share,
        no_value: "no look-ups",
        lines: |it| own_labels(it, |it, by| it.hit_ratio(by, Form::Plain)),
        alerts: |it| alerts_of(it, HIT_RATIO),
        ..PLAIN
    },
    Spec {
        key: "hit_rate",
        title: "Hit rate since the start",
        description: "The share of hits among all look-ups since the program started. With several instances, the \
                      lowest.",
        kind: PanelKind::Dial,
        unit: Unit::Share,
        no_value: "no look-ups",
        lines: |it| own_labels(it, |it, by| it.gauge(Role::HitRate, Aggregation::Minimum, by)),
        ..PLAIN
    },
];
