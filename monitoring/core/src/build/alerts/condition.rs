//! The conditions of families: which term each is, and how it reads.

use crate::build::used_family::{Form, UsedFamily};
use crate::model::{Format, Piece, label, text};
use crate::query::promql::duration;
use crate::query::{Aggregation, Combination, Comparison, Query, Selector, Window};
use measurand_catalog::{Condition, Role};

/// Long enough that one failed scrape does not clear an alert about a gauge.
pub(super) const SMOOTHED: Window = Window::Seconds(300);

/// How far back a call makes a newest score worth looking at.
const RECENT_SCORE: Window = Window::Seconds(1800);

/// A share of calls is only judged where about three in five minutes fail: one failure among few calls is a large share
/// and no reason to wake anybody.
pub(super) const FAILURES_PER_SECOND: f64 = 0.01;

/// One failure in an hour is no reason to wake anybody. A growth is extrapolated to the edges of its window, and so never
/// quite a whole number.
const SINGLE: f64 = 1.5;

/// A hit rate is only judged from about thirty look-ups in five minutes on.
const LOOKUPS_PER_SECOND: f64 = 0.1;

pub(super) const DAY_SECONDS: u32 = 86_400;

/// What the condition looks at, by the family's labels; nothing if the family lacks the role.
pub(super) fn value(condition: &Condition, family: &UsedFamily<'_>) -> Option<Query> {
    let by = family.labels();
    match *condition {
        Condition::ErrorRatioAbove(_) => family.error_ratio(&by, Form::Recorded),
        Condition::FailureRatioAbove(_) => family.failure_ratio(&by, Form::Recorded),
        Condition::CompletionFailuresAbove(_) => family.failed_completions().map(|(share, _)| share),
        Condition::HitRatioBelow(_) => family.hit_ratio(&by, Form::Recorded),
        Condition::DurationAbove { quantile, .. } => family.quantile(Role::Duration, quantile, &by, Form::Recorded),
        Condition::ScoreBelow { quantile, .. } => family.quantile(Role::Score, quantile, &by, Form::Recorded),
        Condition::RollbacksAbove(_) => family.increase(Role::Rollbacks, &by, Window::Recent),
        Condition::FailuresAbove(_) => family.increase(Role::Failures, &by, Window::Recent),
        Condition::LastScoreBelow(_) => {
            let read = Query::AverageOverTime(family.selector(Role::LastScore)?, SMOOTHED);
            Some(read.aggregate(Aggregation::Minimum, &by))
        }
        Condition::LevelAbove(_) => family.level(|it| Query::AverageOverTime(it, SMOOTHED)),
        // An instance that has had no value yet must not pull down the mean of those that have.
        Condition::LevelBelow(_) => family.level(|it| Query::AverageOverTime(it, SMOOTHED).above(0.0)),
        Condition::LevelGrowthAbove(_) => {
            Some(family.level(Query::Instant)?.minus(family.level(|it| Query::Offset(it, DAY_SECONDS))?))
        }
        Condition::CallsBelow(_) => family.calls(&[], Form::Recorded),
        Condition::Stalled(seconds) => Some(grown(family, whole(seconds))?.sum(&[])),
    }
}

/// The value where the condition holds. Comparisons drop `NaN`, the quantile of nothing: without traffic no alert fires.
pub(super) fn compared(condition: &Condition, value: Query, family: &UsedFamily<'_>) -> Option<Query> {
    let by = family.labels();
    let threshold = condition.threshold();
    let failing = |role| Some(family.rate(role, &by, Form::Recorded)?.above(FAILURES_PER_SECOND));
    let guard = match *condition {
        Condition::ErrorRatioAbove(_) => failing(Role::Errors)?,
        Condition::FailureRatioAbove(_) => failing(Role::Failures)?,
        Condition::CompletionFailuresAbove(_) => family.failed_completions()?.1.above(SINGLE),
        Condition::HitRatioBelow(_) => family.lookups(&by, Form::Recorded)?.above(LOOKUPS_PER_SECOND),
        Condition::LastScoreBelow(_) => called(family, &by)?.above(0.0),
        Condition::Stalled(seconds) => {
            let stalled = Query::Compare(Box::new(value), Comparison::Equal, 0.0);
            let active = grown(family, DAY_SECONDS)?.sum(&[]).above(0.0);
            let began = Query::Instant(Selector::new("process_start_time_seconds"));
            let old = began.aggregate(Aggregation::Maximum, &[]).age().above(seconds);
            return Some(stalled.combine(Combination::And, active).combine(Combination::And, old));
        }
        Condition::LevelBelow(_) | Condition::ScoreBelow { .. } | Condition::CallsBelow(_) => {
            return Some(value.below(threshold));
        }
        _ => return Some(value.above(threshold)),
    };
    let low = matches!(condition, Condition::HitRatioBelow(_) | Condition::LastScoreBelow(_));
    let compared = if low { value.below(threshold) } else { value.above(threshold) };
    Some(compared.combine(Combination::And, guard))
}

/// How many calls ended within so many seconds.
fn grown(family: &UsedFamily<'_>, seconds: u32) -> Option<Query> {
    Some(Query::Increase(Selector::new(&family.counter()?.name), Window::Seconds(seconds)))
}

/// How many calls gave a score recently.
fn called(family: &UsedFamily<'_>, by: &[String]) -> Option<Query> {
    let count = format!("{}_count", family.metric(Role::Score)?.name);
    Some(Query::Increase(Selector::new(count), RECENT_SCORE).sum(by))
}

/// `query_type=select, table=patterns: 7.5% of the calls failed within five minutes; the limit is 5%.`
pub(super) fn description(condition: &Condition, family: &UsedFamily<'_>) -> Vec<Piece> {
    let over_all = matches!(condition, Condition::CallsBelow(_) | Condition::Stalled(_));
    let labels = if over_all { Vec::new() } else { family.labels() };
    let mut pieces = subject(&labels);
    let (before, format, after) = match *condition {
        Condition::ErrorRatioAbove(it) => {
            let after = format!(" of the calls did not end well within five minutes; the limit is {}.", percent(it));
            (String::new(), Format::Share, after)
        }
        Condition::FailureRatioAbove(it) => {
            let after = format!(" of the calls failed within five minutes; the limit is {}.", percent(it));
            (String::new(), Format::Share, after)
        }
        Condition::CompletionFailuresAbove(it) => {
            (String::new(), Format::Share, format!(" failed within an hour; the limit is {}.", percent(it)))
        }
        Condition::HitRatioBelow(it) => {
            let after = format!(" of the look-ups found something within five minutes; the limit is {}.", percent(it));
            (String::new(), Format::Share, after)
        }
        Condition::DurationAbove { quantile, seconds } => {
            let before = format!("{} of the calls take longer than ", percent(1.0 - quantile));
            (before, Format::Seconds, format!("; the limit is {}.", readable(seconds)))
        }
        Condition::ScoreBelow { quantile, score } => {
            let before = format!("{} of the scores are below ", percent(quantile));
            (before, Format::Score, format!("; the limit is {score}."))
        }
        Condition::RollbacksAbove(it) => {
            (String::new(), Format::Count, format!(" rollbacks within five minutes; the limit is {it}."))
        }
        Condition::FailuresAbove(it) => {
            (String::new(), Format::Count, format!(" failures within five minutes; the limit is {it}."))
        }
        Condition::LastScoreBelow(it) => {
            ("the newest score is ".to_owned(), Format::Score, format!("; the limit is {it}."))
        }
        Condition::LevelAbove(_) | Condition::LevelBelow(_) => {
            let (format, limit) = level(condition.threshold(), family);
            ("now ".to_owned(), format, format!("; the limit is {limit}."))
        }
        Condition::LevelGrowthAbove(it) => {
            let (format, limit) = level(it, family);
            ("higher by ".to_owned(), format, format!(" than a day ago; the limit is {limit}."))
        }
        Condition::CallsBelow(it) => (String::new(), Format::PerSecond, format!("; meant are at least {it}/s.")),
        Condition::Stalled(it) => {
            let within = duration(whole(it));
            (
                String::new(),
                Format::Count,
                format!(" calls ended within {within}; within the last day there were some."),
            )
        }
    };
    pieces.extend([text(before), Piece::Value(format), text(after)]);
    pieces
}

/// `query_type=select, table=patterns: `
pub(super) fn subject(labels: &[String]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (index, name) in labels.iter().enumerate() {
        pieces.push(text(format!("{}{name}=", if index == 0 { "" } else { ", " })));
        pieces.push(label(name));
    }
    if !pieces.is_empty() {
        pieces.push(text(": "));
    }
    pieces
}

/// What happens without series.
pub(super) fn absent(condition: &Condition) -> &'static str {
    match condition {
        Condition::CallsBelow(_) => {
            "Silent without series: a program that is gone is the business of ServiceDown. At zero calls it fires, as it should."
        }
        Condition::Stalled(_) => {
            "Silent without series, which is the business of ServiceDown, and where there was no call within the last day: what never ran did not stall."
        }
        Condition::LevelBelow(_) => {
            "Silent without series, and at zero, which is what a gauge shows before its first value."
        }
        Condition::LevelGrowthAbove(_) => {
            "Silent without series, and while there is nothing from a day ago to compare with."
        }
        Condition::LastScoreBelow(_) => "Silent without series, and when there was no new score for half an hour.",
        _ => "Silent without series and without traffic: a program that is gone is the business of ServiceDown.",
    }
}

/// How a level is written, and the limit in that way.
fn level(limit: f64, family: &UsedFamily<'_>) -> (Format, String) {
    match family.unit(Role::Level) {
        Some(crate::model::Unit::Share) => (Format::Share, percent(limit)),
        Some(crate::model::Unit::Bytes) => (Format::Bytes, format!("{}MiB", limit / 1024.0 / 1024.0)),
        Some(crate::model::Unit::Seconds) => (Format::Seconds, readable(limit)),
        _ => (Format::Count, limit.to_string()),
    }
}

/// Whole seconds of a number that the catalog has checked.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the catalog lets a day at most through")]
pub(super) fn whole(seconds: f64) -> u32 {
    seconds.clamp(0.0, f64::from(DAY_SECONDS)) as u32
}

/// A share as people write it: `5%`, `0.1%`.
pub(super) fn percent(share: f64) -> String {
    format!("{}%", (share * 1e6).round() / 1e4)
}

/// Seconds as people write them: `10ms`, `2.5s`.
pub(crate) fn readable(seconds: f64) -> String {
    let (factor, unit) = match seconds {
        it if it < 1e-3 => (1e6, "µs"),
        it if it < 1.0 => (1e3, "ms"),
        _ => (1.0, "s"),
    };
    format!("{}{unit}", (seconds * factor * 1e4).round() / 1e4)
}
