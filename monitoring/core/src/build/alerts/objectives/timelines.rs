//! Timelines for alerts about objectives. Each pair of windows gets one in which the short window decides, one in which
//! the long window decides, and one in which the number of calls decides.

use super::{own, promised};
use crate::build::alerts::minimum_sample::MinimumSample;
use crate::build::alerts::scenario::counter;
use crate::build::alerts::timeline::{FEW, NONE, course};
use crate::build::objectives::{Indicator, SiteObjective};
use crate::model::burn_rate::{BurnRateAlert, BurnRateWindows, COUNTED_MAX};
use crate::model::{ExtraQuery, SampleTrack, Signal, Timeline};

/// Minutes, calls per minute, and the share of calls that miss the objective.
type Phase = (u32, f64, f64);

const HOUR: u32 = 3600;

/// Minutes between two evaluations in a test that takes hours.
const STEP: u32 = 10;

/// Returns all timelines of a burn rate alert.
pub(super) fn of(burn: &BurnRateAlert, promise: &SiteObjective<'_>, minimum: MinimumSample) -> Vec<Timeline> {
    let hold = burn.for_seconds.div_ceil(60);
    let mut all = Vec::new();
    for pair in &burn.pairs {
        let theta = promise.threshold(pair.factor);
        let others: Vec<&BurnRateWindows> = burn.pairs.iter().filter(|it| *it != pair).collect();
        let before = |damage: f64| silenced(pair, &others, damage, promise);
        let part = share(theta, pair, &others, promise);
        all.push(watched("resolves when the errors have left the short window, and not before", promise, || {
            short(pair, hold, theta, &before)
        }));
        // With a large budget two pairs can have the same threshold, with no value between them.
        if part > theta {
            all.push(watched("fires once the long window has enough errors", promise, || {
                long(pair, hold, theta, part, &before)
            }));
        }
        all.push(watched(FEW, promise, || few(pair, hold, minimum, &before)));
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

/// Returns successful calls that keep pairs with a longer window silent despite this many failures. They end before
/// the window of this pair starts.
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

/// Returns a share above the threshold: at most twice the threshold, and below that of any pair with a shorter window.
fn share(theta: f64, pair: &BurnRateWindows, others: &[&BurnRateWindows], promise: &SiteObjective<'_>) -> f64 {
    let shorter = others.iter().filter(|it| it.long < pair.long).map(|it| theta.midpoint(promise.threshold(it.factor)));
    shorter.fold((2.0 * theta).min(theta.midpoint(1.0)), f64::min)
}

/// Returns a timeline in which the short window decides: very many failing calls keep the long window above its
/// threshold, then many calls with a share slightly below the threshold follow, then few calls slightly above it.
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

/// Returns a timeline in which the long window decides: after a long time without failures, enough calls fail to exceed
/// the threshold shortly before a quarter of the long window has passed. At exactly a quarter rounding would decide.
fn long(pair: &BurnRateWindows, hold: u32, theta: f64, share: f64, before: &dyn Fn(f64) -> Vec<Phase>) -> Vec<Phase> {
    let window = pair.long / 60;
    let calls = 10.0 / theta;
    let more = 3.1 * calls * theta / (share - theta);
    let mut phases = before(more * share * f64::from(window));
    phases.extend([(window, calls, 0.0), (window / 4 + window / 8 + hold + 2 * STEP, more, share)]);
    phases
}

/// Returns a timeline in which all calls fail: first too few within the window that counts them, then enough.
fn few(pair: &BurnRateWindows, hold: u32, minimum: MinimumSample, before: &dyn Fn(f64) -> Vec<Phase>) -> Vec<Phase> {
    let window = pair.short / 60;
    let within = |count: f64| count / f64::from(window);
    let bad = hold + 2 * STEP + 10;
    let mut phases = before(10.0 * f64::from(bad));
    // Earlier successful calls have left the window.
    if pair.long <= HOUR {
        phases.extend([(20, 1e5, 0.0), (pair.long / 60 + 5, 0.0, 0.0)]);
    }
    let after = window + hold + 2 * STEP;
    let [too_few, enough] = [0.84, 2.0].map(|it| within(it * minimum.count()));
    phases.extend([(bad, 10.0, 1.0), (after, too_few, 1.0), (after, enough, 1.0)]);
    phases
}

/// Returns a timeline without any events, then with calls that all meet the objective, then without series.
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
