//! Timelines: samples that change over time, for the tests of alerts.
//!
//! Each changes one quantity at a time, by a large factor. A window that is a minute longer, or a threshold that is
//! twice as high, then changes the minute in which the alert fires or resolves.

use crate::model::{ExtraQuery, SampleTrack, Scenario, Signal, Timeline};

/// Calls a minute in most tests: enough for every guard against low traffic.
pub(super) const TRAFFIC: f64 = 600.0;
/// The window of most conditions, in minutes.
pub(super) const WINDOW: u32 = 5;
/// Long enough for old samples to leave the window, even one of twice the length.
pub(super) const AFTER: u32 = 2 * WINDOW + 4;
/// Longer tests do not check every minute.
const LONG_MINUTES: u32 = 120;
/// A factor that makes all other samples insignificant.
pub(super) const CROWD: f64 = 1000.0;

/// The bad samples end.
pub(super) const OVER: &str = "resolves when the bad samples have left its window";
/// Good samples that hid the bad ones end.
pub(super) const BEGINS: &str = "fires when the earlier samples have left its window";
/// Traffic becomes too low to judge.
pub(super) const FEW: &str = "resolves when there is too little traffic to judge";
/// No call has failed yet, and then there are no calls.
pub(super) const NONE: &str = "has a value without failures, and none without traffic";
/// The samples are bad for as long as the alert's `for`.
const HOLD: &str = "fires after its waiting time, and not before";
/// The divisor is zero.
pub(super) const NOTHING: &str = "is silent while the divisor is zero";

/// A series and its values, each with its duration in minutes.
type Pieces<'a> = (&'a Signal, &'a [(u32, f64)]);

/// A timeline of these series, until the last of them ends.
pub(super) fn course(what: &'static str, tracks: Vec<SampleTrack>) -> Timeline {
    let length = |it: &SampleTrack| it.pieces.iter().map(|it| it.0).sum();
    Timeline { what, minutes: tracks.iter().map(length).max().unwrap_or_default(), tracks, asked: ExtraQuery::Nothing }
}

/// A timeline of two series.
pub(super) fn pair(what: &'static str, first: Pieces<'_>, second: Pieces<'_>) -> Timeline {
    course(what, vec![first.0.along(first.1), second.0.along(second.1)])
}

/// The samples are bad until the alert fires, which depends on its `for`. Every alert has this timeline.
pub(super) fn hold(scenario: &Scenario, for_seconds: u32) -> Timeline {
    // A test that checks every ten minutes needs ten minutes more.
    let bad = scenario.lead + for_seconds.div_ceil(60) + if scenario.before > LONG_MINUTES { 20 } else { 3 };
    let tracks = scenario.signals.iter().map(|it| it.along(&[(scenario.before, it.before), (bad, it.bad)]));
    // It ends at the last sample, so that a longer timeline can share its series.
    Timeline { minutes: scenario.before + bad - 1, asked: ExtraQuery::Pending, ..course(HOLD, tracks.collect()) }
}

/// Many bad observations, then few good ones; many bad ones, then too few; many good ones, then bad ones.
pub(super) fn histogram(signals: &[Signal], for_seconds: u32) -> Vec<Timeline> {
    let minutes = bad_minutes(for_seconds);
    let along = |what, pieces: &dyn Fn(&Signal) -> [(u32, f64); 2]| {
        course(what, signals.iter().map(|it| it.along(&pieces(it))).collect())
    };
    vec![
        along(OVER, &|it| [(minutes, CROWD * it.bad), (AFTER, it.good)]),
        along(FEW, &|it| [(minutes, CROWD * it.bad), (AFTER, it.bad / CROWD)]),
        along(BEGINS, &|it| [(12, CROWD * it.good), (minutes + 2, it.bad)]),
    ]
}

/// A counter grows far too fast until the alert fires, and then stops. `window` is in minutes.
pub(super) fn burst(signal: &Signal, window: u32, for_seconds: u32) -> Timeline {
    let minutes = for_seconds / 60 + 3;
    course(OVER, vec![signal.along(&[(minutes, CROWD * signal.bad.max(1.0)), (2 * window + 4, 0.0)])])
}

/// A gauge is far too high, and then zero.
pub(super) fn peak(signal: &Signal, for_seconds: u32) -> Timeline {
    course(OVER, vec![signal.along(&[(bad_minutes(for_seconds), CROWD * signal.bad), (AFTER, 0.0)])])
}

/// A gauge that is compared with a day ago rises at once.
pub(super) fn growth(signal: &Signal) -> Timeline {
    const DAY: u32 = 24 * 60;
    course(OVER, vec![signal.along(&[(DAY + 60, signal.before), (DAY + 120, signal.bad)])])
}

/// Calls start, and none of them fails.
pub(super) fn without_failures(calls: &Signal) -> Timeline {
    let track = calls.along(&[(8, 0.0), (8, TRAFFIC)]);
    Timeline { minutes: 16 + AFTER, asked: ExtraQuery::Recorded, ..course(NONE, vec![track]) }
}

/// Long enough for an alert with this waiting time to fire.
pub(super) fn bad_minutes(for_seconds: u32) -> u32 {
    for_seconds / 60 + WINDOW + 3
}
