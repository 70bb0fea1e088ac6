//! Timelines: samples that change over time, and what an alert does meanwhile.
//!
//! Each changes one thing at a time and by very much: a window that forgets a minute later, or a threshold that is twice
//! as high, then moves the minute in which the alert begins or is over.

use super::scenario::TRAFFIC;
use crate::model::{ExtraQuery, SampleTrack, Scenario, Signal, Timeline};

/// The window of most conditions, in minutes.
pub(super) const WINDOW: u32 = 5;
/// Long enough for a window of that length to forget, even if it were twice as long.
pub(super) const AFTER: u32 = 2 * WINDOW + 4;
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

/// When an instance's gauge is not set yet.
pub(super) const UNSET: &str = "is silent where another instance has had no value yet";

/// A series, and its values with their minutes.
type Pieces<'a> = (&'a Signal, &'a [(u32, f64)]);

/// The timeline lasts until the last of the series ends.
pub(super) fn course(what: &'static str, tracks: Vec<SampleTrack>) -> Timeline {
    let length = |it: &SampleTrack| it.pieces.iter().map(|it| it.0).sum();
    Timeline { what, minutes: tracks.iter().map(length).max().unwrap_or_default(), tracks, asked: ExtraQuery::Nothing }
}

/// A timeline of two series.
pub(super) fn pair(what: &'static str, first: Pieces<'_>, second: Pieces<'_>) -> Timeline {
    course(what, vec![first.0.along(first.1), second.0.along(second.1)])
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
    let minutes = bad_minutes(for_seconds);
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
    course(OVER, vec![signal.along(&[(bad_minutes(for_seconds), CROWD * signal.bad), (AFTER, 0.0)])])
}

/// A gauge grows at once, and is compared with a day before.
pub(super) fn growth(signal: &Signal) -> Timeline {
    const DAY: u32 = 24 * 60;
    course(OVER, vec![signal.along(&[(DAY + 60, signal.before), (DAY + 120, signal.bad)])])
}

/// Calls start, and none fails.
pub(super) fn without_failures(calls: &Signal) -> Timeline {
    let track = calls.along(&[(8, 0.0), (8, TRAFFIC)]);
    Timeline { minutes: 16 + AFTER, asked: ExtraQuery::Recorded, ..course(NONE, vec![track]) }
}

/// Long enough for an alert with this waiting time to fire.
pub(super) fn bad_minutes(for_seconds: u32) -> u32 {
    for_seconds / 60 + WINDOW + 3
}
