//! Courses of events for alerts about promises: for each pair of windows one in which the short one decides, one in which
//! the long one does, and one in which the number of calls does.

use super::{FEW, own, promised};
use crate::build::alerts::scenario::counter;
use crate::build::alerts::timeline::{FEW as TOO_FEW, NONE, course};
use crate::build::objectives::{Indicator, SiteObjective};
use crate::model::burn_rate::{BurnRateAlert, BurnRateWindows, COUNTED_MAX};
use crate::model::{ExtraQuery, SampleTrack, Signal, Timeline};

/// For so many minutes so many calls a minute, of which a share breaks the promise.
type Phase = (u32, f64, f64);

/// Minutes between two looks in a test of hours.
const STEP: u32 = 10;

/// All that a burn needs.
pub(super) fn of(burn: &BurnRateAlert, promise: &SiteObjective<'_>) -> Vec<Timeline> {
    let hold = burn.for_seconds.div_ceil(60);
    let mut all = Vec::new();
    for pair in &burn.pairs {
        let theta = promise.threshold(pair.factor);
        let others: Vec<&BurnRateWindows> = burn.pairs.iter().filter(|it| *it != pair).collect();
        let before = |damage: f64| silenced(pair, &others, damage, promise);
        let part = share(theta, pair, &others, promise);
        all.push(watched("is over when the short window has forgotten, and not before", promise, || {
            short(pair, hold, theta, &before)
        }));
        // Two pairs of a large budget can have one threshold, with nothing between them.
        if part > theta {
            all.push(watched("fires once the long window has seen enough", promise, || {
                long(pair, hold, theta, part, &before)
            }));
        }
        all.push(watched(TOO_FEW, promise, || few(pair, hold, &before)));
    }
    let counted = |it: &BurnRateWindows| [it.long, it.short].into_iter().filter(|it| *it <= COUNTED_MAX).max();
    let window = burn.pairs.iter().filter_map(counted).max().unwrap_or_default() / 60;
    all.push(nothing(promise, window));
    all
}

fn watched(what: &'static str, promise: &SiteObjective<'_>, phases: impl Fn() -> Vec<Phase>) -> Timeline {
    let phases = phases();
    let calls: Vec<(u32, f64)> = phases.iter().map(|it| (it.0, it.1)).collect();
    let counted = |(minutes, calls, share): &Phase| {
        let share = if promise.indicator == Indicator::Success { *share } else { 1.0 - share };
        (*minutes, calls * share)
    };
    let other: Vec<(u32, f64)> = phases.iter().map(counted).collect();
    let [all, broken] = signals(promise);
    course(what, vec![all.along(&calls), broken.along(&other)])
}

fn signals(promise: &SiteObjective<'_>) -> [Signal; 2] {
    [counter(&promise.calls, own(promise), [0.0; 3]), promised(promise, [0.0; 3])]
}

/// Calls by which pairs with a longer window are kept silent, of which this pair sees nothing, for so much damage.
fn silenced(
    pair: &BurnRateWindows,
    others: &[&BurnRateWindows],
    damage: f64,
    promise: &SiteObjective<'_>,
) -> Vec<Phase> {
    const MINUTES: u32 = 600;
    let longer = others.iter().filter(|it| it.long > pair.long).map(|it| promise.threshold(it.factor));
    let Some(least) = longer.reduce(f64::min) else { return Vec::new() };
    vec![(MINUTES, 10.0 * damage / least / f64::from(MINUTES), 0.0), (pair.long / 60 + 2 * STEP, 0.0, 0.0)]
}

/// A share above the threshold, but not above three times it, nor above that of a pair whose window is shorter.
fn share(theta: f64, pair: &BurnRateWindows, others: &[&BurnRateWindows], promise: &SiteObjective<'_>) -> f64 {
    let shorter = others.iter().filter(|it| it.long < pair.long).map(|it| theta.midpoint(promise.threshold(it.factor)));
    shorter.fold((2.0 * theta).min(theta.midpoint(1.0)), f64::min)
}

/// Very many calls, all broken, keep the long window above its threshold; then many of which a little less than too many
/// are, then few of which a little more.
fn short(pair: &BurnRateWindows, hold: u32, theta: f64, before: &dyn Fn(f64) -> Vec<Phase>) -> Vec<Phase> {
    let window = pair.short / 60;
    let few = 100.0 / theta / f64::from(window);
    let bad = hold + 2 * STEP + 10;
    let crowd = 2000.0 * few;
    let mut phases = before(crowd * f64::from(bad));
    phases.extend([
        (bad, crowd, 1.0),
        (2 * window + STEP, 100.0 * few, 0.75 * theta),
        (window + hold + 2 * STEP, few, (1.5 * theta).min(theta.midpoint(1.0))),
    ]);
    phases
}

/// After a long time without a mistake so many calls break the promise that the long window is above its threshold a
/// little before a quarter of it: at a quarter itself rounding would decide.
fn long(pair: &BurnRateWindows, hold: u32, theta: f64, share: f64, before: &dyn Fn(f64) -> Vec<Phase>) -> Vec<Phase> {
    let window = pair.long / 60;
    let calls = 10.0 / theta;
    let more = 3.1 * calls * theta / (share - theta);
    let mut phases = before(more * share * f64::from(window));
    phases.extend([(window, calls, 0.0), (window / 4 + window / 8 + hold + 2 * STEP, more, share)]);
    phases
}

/// All calls break the promise, but within the window that counts them there are too few; then there are enough.
fn few(pair: &BurnRateWindows, hold: u32, before: &dyn Fn(f64) -> Vec<Phase>) -> Vec<Phase> {
    let window = pair.counted() / 60;
    let within = |count: f64| count / f64::from(window);
    let bad = hold + 2 * STEP + 10;
    let mut phases = before(10.0 * f64::from(bad));
    // What kept the promise before is counted no longer.
    if window <= 60 {
        phases.extend([(20, 1e5, 0.0), (window + 5, 0.0, 0.0)]);
    }
    let after = window + hold + 2 * STEP;
    phases.extend([(bad, 10.0, 1.0), (after, within(0.84 * FEW), 1.0), (after, within(2.0 * FEW), 1.0)]);
    phases
}

/// Nothing happens, then calls of which none breaks the promise, then there are no series any more.
fn nothing(promise: &SiteObjective<'_>, window: u32) -> Timeline {
    let [calls, broken] = signals(promise);
    let pieces = [(2 * STEP + 5, 0.0), (STEP, 600.0)];
    let tracks: Vec<SampleTrack> = match promise.indicator {
        // An error that never happened has no series.
        Indicator::Success => vec![calls.along(&pieces)],
        Indicator::Latency(_) => vec![calls.along(&pieces), broken.along(&pieces)],
    };
    Timeline { minutes: 3 * STEP + 5 + window + 2 * STEP, asked: ExtraQuery::Recorded, ..course(NONE, tracks) }
}
