//! Courses of events for the alerts of families, and what all of them are made of.
//!
//! Each changes one thing at a time and by very much: a window that forgets a minute later, or a threshold that is twice
//! as high, then moves the minute in which the alert begins or is over.

use super::condition::whole;
use super::scenario::TRAFFIC;
use crate::model::{ExtraQuery, SampleTrack, Scenario, Signal, Timeline};
use measurand_catalog::Condition;

/// The window of most conditions, in minutes.
const WINDOW: u32 = 5;
/// Long enough for a window of that length to forget, even if it were twice as long.
const AFTER: u32 = 2 * WINDOW + 4;
/// Beyond that nobody looks every minute.
const LONG_MINUTES: u32 = 120;
/// So much more that what else there is does not count.
pub(super) const CROWD: f64 = 1000.0;

/// When what is bad ends.
pub(super) const OVER: &str = "is over when its window has forgotten";
/// When something ends that hid what is bad.
pub(super) const BEGINS: &str = "begins when its window has forgotten";
/// When there is too little left to be judged.
pub(super) const FEW: &str = "is over when there is too little to judge";
/// When nothing has gone wrong so far, and when nothing happens at all.
pub(super) const NONE: &str = "has an answer while nothing has failed, and none while nothing happens";
/// When it has been bad for as long as the alert waits.
const HOLD: &str = "fires when it has held for long enough, and not before";
/// When there is something to be divided by zero.
pub(super) const NOTHING: &str = "is silent where the whole is nothing";

/// The timeline lasts until the last of the series ends.
pub(super) fn course(what: &'static str, tracks: Vec<SampleTrack>) -> Timeline {
    let length = |it: &SampleTrack| it.pieces.iter().map(|it| it.0).sum();
    Timeline { what, minutes: tracks.iter().map(length).max().unwrap_or_default(), tracks, asked: ExtraQuery::Nothing }
}

/// It is bad until the alert has fired: for each alert, whatever it looks at. How long that takes is up to its waiting time.
pub(super) fn hold(scenario: &Scenario, for_seconds: u32) -> Timeline {
    // Whoever looks once in ten minutes sees it when the next ten are over.
    let bad = scenario.lead + for_seconds.div_ceil(60) + if scenario.before > LONG_MINUTES { 20 } else { 3 };
    let tracks = scenario.signals.iter().map(|it| it.along(&[(scenario.before, it.before), (bad, it.bad)]));
    // Up to the last sample, so that it can share its series with one that takes longer.
    Timeline { minutes: scenario.before + bad - 1, asked: ExtraQuery::Pending, ..course(HOLD, tracks.collect()) }
}

/// The observations are bad and many, then good and few.
pub(super) fn histogram(signals: &[Signal], for_seconds: u32) -> Timeline {
    let minutes = for_seconds / 60 + WINDOW + 3;
    let tracks = signals.iter().map(|it| it.along(&[(minutes, CROWD * it.bad), (AFTER, it.good)]));
    course(OVER, tracks.collect())
}

/// A counter grows by far too much for long enough to fire, and then no more, for a window of so many minutes.
pub(super) fn burst(signal: &Signal, window: u32, for_seconds: u32) -> Timeline {
    let minutes = for_seconds / 60 + 3;
    course(OVER, vec![signal.along(&[(minutes, CROWD * signal.bad.max(1.0)), (2 * window + 4, 0.0)])])
}

/// A gauge shows far too much, and then nothing.
pub(super) fn peak(signal: &Signal, for_seconds: u32) -> Timeline {
    let minutes = for_seconds / 60 + WINDOW + 3;
    course(OVER, vec![signal.along(&[(minutes, CROWD * signal.bad), (AFTER, 0.0)])])
}

/// A gauge grows at once, and is compared with a day before.
pub(super) fn growth(signal: &Signal) -> Timeline {
    const DAY: u32 = 24 * 60;
    course(OVER, vec![signal.along(&[(DAY + 60, signal.before), (DAY + 120, signal.bad)])])
}

/// Of a share of failures among all, with both windows as long: what fails is not among the rest.
pub(super) fn share(rest: &Signal, failed: &Signal, threshold: f64, for_seconds: u32) -> Vec<Timeline> {
    let minutes = for_seconds / 60 + WINDOW + 3;
    let above = (1.5 * threshold).min(threshold.midpoint(1.0)) * TRAFFIC;
    let silent = Timeline {
        minutes: 16 + AFTER,
        asked: ExtraQuery::Recorded,
        ..course(NONE, vec![rest.along(&[(8, 0.0), (8, TRAFFIC)])])
    };
    vec![
        course(
            OVER,
            vec![rest.along(&[(minutes + AFTER, TRAFFIC)]), failed.along(&[(minutes, CROWD * TRAFFIC), (AFTER, 0.0)])],
        ),
        course(
            BEGINS,
            vec![
                rest.along(&[(12, CROWD * TRAFFIC), (minutes, TRAFFIC - above)]),
                failed.along(&[(12 + minutes, above)]),
            ],
        ),
        silent,
    ]
}

/// The courses of a condition, from the series of its scenario.
pub(super) fn of_condition(condition: &Condition, scenario: &Scenario, for_seconds: u32) -> Vec<Timeline> {
    let hold = for_seconds / 60;
    let minutes = hold + WINDOW + 3;
    let threshold = condition.threshold();
    match (condition, scenario.signals.as_slice()) {
        (Condition::ErrorRatioAbove(_), [calls, errors]) => {
            let mut all = share(calls, errors, threshold, for_seconds);
            // Calls count errors too.
            let failing = calls.along(&[(minutes, CROWD * TRAFFIC), (AFTER, TRAFFIC)]);
            if let Some(track) = all.first_mut().and_then(|it| it.tracks.first_mut()) {
                *track = failing;
            }
            if let Some(track) = all.get_mut(1).and_then(|it| it.tracks.first_mut()) {
                *track = calls.along(&[(12, CROWD * TRAFFIC), (minutes, TRAFFIC)]);
            }
            all
        }
        (Condition::FailureRatioAbove(_), [successes, failures]) => share(successes, failures, threshold, for_seconds),
        (Condition::CompletionFailuresAbove(share), [success, failure]) => completions(success, failure, *share),
        (Condition::HitRatioBelow(share), [hits, misses]) => {
            let few = 3.0 * TRAFFIC * (1.0 - share) / share;
            vec![
                course(
                    OVER,
                    vec![
                        hits.along(&[(minutes + AFTER, TRAFFIC)]),
                        misses.along(&[(minutes, CROWD * TRAFFIC), (AFTER, 0.0)]),
                    ],
                ),
                course(
                    BEGINS,
                    vec![
                        hits.along(&[(12, CROWD * CROWD * TRAFFIC), (minutes, TRAFFIC)]),
                        misses.along(&[(12 + minutes, few)]),
                    ],
                ),
                Timeline {
                    minutes: 16 + AFTER,
                    asked: ExtraQuery::Recorded,
                    ..course(NONE, vec![misses.along(&[(8, 0.0), (8, TRAFFIC)])])
                },
            ]
        }
        (Condition::DurationAbove { .. } | Condition::ScoreBelow { .. }, buckets) => {
            vec![histogram(buckets, for_seconds)]
        }
        (Condition::RollbacksAbove(_) | Condition::FailuresAbove(_), [counter]) => {
            vec![burst(counter, WINDOW, for_seconds)]
        }
        (Condition::LastScoreBelow(score), [gauge, calls]) => {
            let stop = 70;
            vec![
                course(
                    OVER,
                    vec![gauge.along(&[(minutes, 0.0), (AFTER, 1.0)]), calls.along(&[(minutes + AFTER, TRAFFIC)])],
                ),
                course(
                    FEW,
                    vec![
                        gauge.along(&[(hold + 20 + stop, score / 2.0)]),
                        calls.along(&[(hold + 20, TRAFFIC), (stop, 0.0)]),
                    ],
                ),
            ]
        }
        (Condition::LevelAbove(_), [gauge]) => vec![peak(gauge, for_seconds)],
        (Condition::LevelBelow(level), [gauge]) => {
            let other = [("instance".to_owned(), "b".to_owned())];
            let unset = SampleTrack { labels: [&gauge.labels[..], &other].concat(), ..gauge.along(&[(minutes, 0.0)]) };
            vec![
                course(OVER, vec![gauge.along(&[(minutes, 0.01 * level), (AFTER, 1.02 * level)])]),
                course(
                    "is silent where another instance has had no value yet",
                    vec![gauge.along(&[(minutes, 1.01 * level)]), unset],
                ),
            ]
        }
        (Condition::LevelGrowthAbove(_), [gauge]) => vec![growth(gauge)],
        (Condition::CallsBelow(rate), [calls]) => {
            let slope = rate * 60.0;
            vec![course(BEGINS, vec![calls.along(&[(12, CROWD * slope), (minutes, 0.9 * slope)])])]
        }
        (Condition::Stalled(_), [calls, began]) => stalled(calls, began, whole(threshold) / 60),
        _ => Vec::new(),
    }
}

/// Over an hour, and judged from two failures on.
fn completions(success: &Signal, failure: &Signal, share: f64) -> Vec<Timeline> {
    let (bad, after) = (30, 75);
    // As many in an hour as are a quarter of what is too much.
    let few = 10.0 * share / (1.0 - share) / 4.0;
    vec![
        course(OVER, vec![success.along(&[(bad + after, 10.0)]), failure.along(&[(bad, CROWD * CROWD), (after, few)])]),
        course(
            BEGINS,
            vec![
                success.along(&[(bad, CROWD * CROWD), (after, 1.0)]),
                failure.along(&[(bad + after, 4.0 * share / (1.0 - share))]),
            ],
        ),
        // One in fifty minutes, then one in eighteen.
        course(
            FEW,
            vec![
                success.along(&[(bad + 2 * after, 0.0)]),
                failure.along(&[(bad, CROWD), (after, 0.02), (after, 0.055)]),
            ],
        ),
    ]
}

/// The calls stop for more than a day; and they stop, and the process begins anew.
fn stalled(calls: &Signal, began: &Signal, minutes: u32) -> Vec<Timeline> {
    let day = 25 * 60;
    let (before, after) = (minutes + 15, 2 * minutes + 10);
    vec![
        course(
            "is over a day after the last call",
            vec![calls.along(&[(20, TRAFFIC), (day, 0.0)]), began.along(&[(20 + day, 0.0)])],
        ),
        course(
            "is silent after a new start",
            vec![
                calls.along(&[(10, TRAFFIC), (before - 10 + after, 0.0)]),
                began.along(&[(before, 0.0), (after, f64::from(before * 60))]),
            ],
        ),
    ]
}
