//! The table of signals: one row defines the alerts about a signal.

use super::draft::{HOUR_SECONDS, QUARTER};
use super::family_alert::{DAY_SECONDS, FamilyAlert, SMOOTHED};
use super::minimum_sample;
use super::scenario::{self, Labels};
use super::timeline::WINDOW;
use crate::build::panels::keys as panel;
use crate::build::used_family::Form;
use crate::model::{Format, Scenario};
use crate::query::promql::RULE_WINDOW_SECONDS;
use crate::query::{Aggregation, Combination, Query, Selector, Window};
use measurand_catalog::{Role, Signal};

/// The properties of all alerts about one signal.
pub(crate) struct SignalRow {
    /// The panel that shows the signal.
    pub(crate) panel: &'static str,
    /// Whether the panel draws the threshold: only if it shows the quantity that the alert compares.
    pub(crate) draws_threshold: bool,
    /// Whether each combination of the family's labels has an alert. Otherwise the family has one.
    pub(super) by_labels: bool,
    /// Whether the alert exists only with the option `under_load`.
    pub(super) under_load: bool,
    /// The text of the firing alert. `{value}` is the signal, `{limit}` or `{time}` the threshold. `{above}` and
    /// `{below}` are the shares of observations above and below a quantile.
    pub(super) description: &'static str,
    /// The format of the value and the limit. `None`: the unit of the family's level decides.
    pub(super) format: Option<Format>,
    /// The behaviour of the alert without series.
    pub(super) absent: &'static str,
    /// The first steps, in order.
    pub(super) advice: &'static [&'static str],
    /// The query of the signal; `None` if the family lacks a metric.
    pub(super) value: fn(&FamilyAlert<'_>) -> Option<Query>,
    /// The bad observations per second, of which the alert needs a minimum sample. `None` if it needs none.
    pub(super) bad: fn(&FamilyAlert<'_>) -> Option<Query>,
    /// The window of the bad observations.
    pub(super) window_seconds: u32,
    /// Another condition under which the alert fires.
    pub(super) also: fn(&FamilyAlert<'_>) -> Option<Query>,
    /// Queries that must also have an answer.
    pub(super) guards: fn(&FamilyAlert<'_>) -> Option<Vec<Query>>,
    /// Samples that make the alert fire, just miss and resolve.
    pub(super) scenario: fn(&FamilyAlert<'_>, Labels) -> Option<Scenario>,
}

/// The values that most rows share. A row sets all empty ones.
const ROW: SignalRow = SignalRow {
    panel: "",
    draws_threshold: true,
    by_labels: true,
    under_load: false,
    description: "",
    format: Some(Format::Count),
    absent: "Silent without series or traffic. ServiceDown fires when the program is gone.",
    advice: &[],
    value: |_| None,
    bad: |_| None,
    window_seconds: RULE_WINDOW_SECONDS,
    also: |_| None,
    guards: |_| Some(Vec::new()),
    scenario: |_, _| None,
};

/// One call is in flight for most of the window, or several for a part of it.
const HANGING: f64 = 0.5;

const LEVEL: SignalRow = SignalRow {
    panel: panel::LEVEL,
    description: "the level is {value}; the limit is {limit}.",
    format: None,
    advice: &[
        "The panel shows whether the level changed at once or slowly. A sudden change is an event, a slow one a leak \
         or growth.",
        "Compare with calls per second at the same time: the load often explains the level.",
    ],
    ..ROW
};

const FAILED_WORK_ADVICE: &[&str] = &[
    "The labels name the work that fails. If one kind fails, stop it. If all fail, check what they share.",
    "Compare with the scores and durations at the same time.",
];

const SCORE_ADVICE: &[&str] = &[
    "The heatmap shows whether all scores are lower, or a second band appeared. A second band means that one kind of \
     work fails.",
    "The labels name the work with low scores. Check its latest results, and stop it if it does harm.",
];

/// The row of a signal.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(crate) const fn row(signal: Signal) -> SignalRow {
    match signal {
        Signal::ErrorRatio => SignalRow {
            panel: panel::ERROR_RATIO,
            description: "{value} of the calls failed, panicked or were cancelled within five minutes; the limit is \
                          {limit}.",
            format: Some(Format::Share),
            advice: &[
                "The labels name the calls. The panel of errors by outcome shows whether they return errors, panic or \
                 are cancelled.",
                "Find the first error in the log. Later errors often follow from it.",
                "If a release came shortly before, roll it back.",
            ],
            value: |it| it.family.error_ratio(&it.by, Form::Recorded),
            bad: |it| it.rate(Role::Errors),
            scenario: scenario::error_ratio,
            ..ROW
        },
        Signal::FailureRatio => SignalRow {
            panel: panel::FAILURE_RATIO,
            description: "{value} of the calls failed within five minutes; the limit is {limit}.",
            format: Some(Format::Share),
            advice: FAILED_WORK_ADVICE,
            value: |it| it.family.failure_ratio(&it.by, Form::Recorded),
            bad: |it| it.rate(Role::Failures),
            scenario: scenario::failure_ratio,
            ..ROW
        },
        Signal::DurationQuantile => SignalRow {
            panel: panel::DURATION_BY_LABEL,
            description: "{above} of the calls take longer than {value}; the limit is {limit}.",
            format: Some(Format::Seconds),
            advice: &[
                "The heatmap shows whether all calls are slower, or only some. Two bands mean two kinds of calls.",
                "If there are more calls per second than usual, the load is the cause.",
                "Check CPU, memory and Tokio lag. If all of the program is slow, the cause is outside these calls.",
            ],
            value: |it| it.quantile(Role::Duration),
            bad: |it| Some(minimum_sample::above(it.histogram(Role::Duration)?, it.threshold(), &it.by)),
            scenario: scenario::duration,
            ..ROW
        },
        Signal::ScoreQuantile => SignalRow {
            panel: panel::SCORE_BY_LABEL,
            description: "{below} of the scores are below {value}; the limit is {limit}.",
            format: Some(Format::Score),
            advice: SCORE_ADVICE,
            value: |it| it.quantile(Role::Score),
            bad: |it| Some(minimum_sample::up_to(it.histogram(Role::Score)?, it.threshold(), &it.by)),
            scenario: scenario::score,
            ..ROW
        },
        Signal::LastScore => SignalRow {
            panel: panel::LAST_SCORE,
            description: "the newest score is {value}; the limit is {limit}.",
            format: Some(Format::Score),
            absent: "Silent without series, and without new scores.",
            advice: SCORE_ADVICE,
            value: |it| {
                let smoothed = Query::AverageOverTime(it.family.selector(Role::LastScore)?, SMOOTHED);
                Some(smoothed.aggregate(Aggregation::Minimum, &it.by))
            },
            // A mean has no single bad observations, so all scores count.
            bad: |it| Some(minimum_sample::observations(it.histogram(Role::Score)?, &it.by)),
            scenario: scenario::last_score,
            ..ROW
        },
        Signal::Rollbacks => SignalRow {
            panel: panel::ROLLBACKS,
            description: "{value} rollbacks within five minutes; the limit is {limit}.",
            advice: &[
                "Stop the work that the labels name: it fails, is rolled back and starts again.",
                "Find the attempted change in the log, and try a different one.",
            ],
            value: |it| it.family.increase(Role::Rollbacks, &it.by, Window::Recent),
            scenario: |it, labels| scenario::increase(it, Role::Rollbacks, labels, WINDOW),
            ..ROW
        },
        Signal::Failures => SignalRow {
            panel: panel::FAILURES,
            draws_threshold: false,
            description: "{value} calls failed within 15 minutes, or hang now; the limit is {limit} failures.",
            advice: &[
                "Check from the program's machine whether the other side answers.",
                "Check for exhausted resources: connections, file descriptors, disk space.",
            ],
            value: |it| it.family.increase(Role::Failures, &it.by, QUARTER),
            // A call that hangs has not failed yet: some calls are in flight, and none ends.
            also: |it| {
                let ended = it.family.increase(Role::Calls, &it.by, Window::Recent)?;
                let in_flight = Query::AverageOverTime(it.family.selector(Role::InFlight)?, SMOOTHED).sum(&it.by);
                Some(ended.is_zero().combine(Combination::And, in_flight.above(HANGING)))
            },
            scenario: scenario::failures,
            ..ROW
        },
        Signal::CompletionFailureRatio => SignalRow {
            panel: panel::COMPLETION_FAILURES,
            description: "{value} of the completions failed within an hour; the limit is {limit}.",
            format: Some(Format::Share),
            advice: FAILED_WORK_ADVICE,
            value: |it| Some(it.family.failed_completions()?.0),
            bad: |it| Some(it.family.failed_completions()?.1),
            window_seconds: HOUR_SECONDS,
            scenario: scenario::completions,
            ..ROW
        },
        Signal::HitRatio => SignalRow {
            panel: panel::HIT_RATIO,
            description: "{value} of the look-ups were hits within five minutes; the limit is {limit}.",
            format: Some(Format::Share),
            advice: &[
                "A cache that was just emptied or resized fills again by itself. Check when the ratio started to fall.",
                "If look-ups ask for more distinct entries than fit, make the cache larger.",
            ],
            value: |it| it.family.hit_ratio(&it.by, Form::Recorded),
            bad: |it| it.rate(Role::Misses),
            scenario: scenario::hit_ratio,
            ..ROW
        },
        Signal::LevelAbove => SignalRow {
            value: |it| it.family.level(|it| Query::AverageOverTime(it, SMOOTHED)),
            scenario: scenario::level_above,
            ..LEVEL
        },
        Signal::LevelBelow => SignalRow {
            absent: "Silent without series: a gauge has none until its first value is set.",
            value: |it| it.family.level(|it| Query::AverageOverTime(it, SMOOTHED)),
            scenario: scenario::level_below,
            ..LEVEL
        },
        Signal::LevelGrowth => SignalRow {
            draws_threshold: false,
            description: "the level is {value} higher than a day ago; the limit is {limit}.",
            absent: "Silent without series, and during the first day, without an earlier level to compare with.",
            value: |it| {
                let day_ago = it.family.level(|it| Query::Offset(it, DAY_SECONDS))?;
                Some(it.family.level(Query::Instant)?.minus(day_ago))
            },
            scenario: scenario::level_growth,
            ..LEVEL
        },
        Signal::CallRate => SignalRow {
            panel: panel::RATE,
            draws_threshold: false,
            by_labels: false,
            under_load: true,
            description: "The call rate is {value}; at least {limit}/s are expected.",
            format: Some(Format::PerSecond),
            absent: "Silent without series. ServiceDown fires when the program is gone. At zero calls per second it \
                     fires.",
            advice: &[
                "If the program receives less load than usual, check the sender of the load.",
                "If durations are up, calls are slow. If errors are up, calls fail. Continue with those alerts.",
            ],
            value: |it| it.family.calls(&it.by, Form::Recorded),
            scenario: scenario::call_rate,
            ..ROW
        },
        Signal::Stalled => SignalRow {
            panel: panel::RATE,
            draws_threshold: false,
            by_labels: false,
            description: "{value} calls ended within {time}, but some did before.",
            absent: "Silent without series, and until the first call after a start of the program. ServiceDown fires \
                     when the program is gone.",
            advice: &[
                "Check the calls in flight. If there are any, they hang: a stack trace of the process shows where.",
                "If there are none, no calls arrive: check the callers.",
                "If you find no cause, keep the log and restart the program.",
            ],
            value: |it| Some(Query::Increase(it.ended()?, Window::Seconds(it.seconds())).sum(&it.by)),
            // The counter itself shows that calls ended before. A window would resolve the alert when they leave it.
            guards: |it| {
                let start = Query::Instant(Selector::new("process_start_time_seconds"));
                let age = start.aggregate(Aggregation::Maximum, &it.by).age();
                Some(vec![
                    Query::Instant(it.ended()?).above(0.0).aggregate(Aggregation::Count, &it.by),
                    age.above(it.threshold()),
                ])
            },
            scenario: scenario::stalled,
            ..ROW
        },
    }
}
