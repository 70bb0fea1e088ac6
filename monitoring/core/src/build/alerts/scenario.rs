//! Samples under which an alert fires and under which it only just does not.

use crate::build::used_family::UsedFamily;
use crate::model::{Scenario, Signal};
use measurand_catalog::family::{ERROR_OUTCOMES, OUTCOME_LABEL, STATUS_LABEL, STATUSES};
use measurand_catalog::{Condition, MetricRecord, Role, SiteRecord};

/// Calls a minute in every scenario, enough for every guard against little traffic.
pub(super) const TRAFFIC: f64 = 600.0;

const DAY_MINUTES: u32 = 24 * 60;

pub(super) type Labels = Vec<(String, String)>;

/// Labels from pairs.
pub(super) fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A counter that grows by so much in a minute.
pub(super) fn counter(metric: impl Into<String>, labels: Labels, [bad, near, good]: [f64; 3]) -> Signal {
    Signal { metric: metric.into(), labels, counter: true, before: good, bad, near, good }
}

/// A gauge that shows this.
pub(super) fn gauge(metric: impl Into<String>, labels: Labels, phases: [f64; 3]) -> Signal {
    Signal { counter: false, ..counter(metric, labels, phases) }
}

/// A scenario in which it is bad from the beginning.
pub(super) fn scenario(signals: Vec<Signal>, labels: Labels, value: f64) -> Scenario {
    Scenario { signals, labels, lead: 1, recovery: 10, value, up: true, ..Scenario::default() }
}

/// The same, silent when it fails only once in two minutes, and not when it fails nearly once a minute.
pub(super) fn few(failures: f64, scenario: Scenario) -> Scenario {
    Scenario { quiet: Some(0.5 / failures), enough: Some(0.9 / failures), ..scenario }
}

/// The buckets of a histogram whose observations all lie between two bounds, in each phase.
pub(super) fn buckets(metric: &str, labels: &Labels, bounds: &[f64], phases: [f64; 3]) -> Vec<Signal> {
    let with = |le: String| labels.iter().cloned().chain([("le".to_owned(), le)]).collect();
    let name = format!("{metric}_bucket");
    let finite = bounds.iter().map(|bound| {
        // A phase names the bound up to which all observations are.
        counter(&name, with(bound.to_string()), phases.map(|upper| if upper <= *bound { TRAFFIC } else { 0.0 }))
    });
    finite.chain([counter(&name, with("+Inf".to_owned()), [TRAFFIC; 3])]).collect()
}

/// What the quantile of observations between two bounds is, as Prometheus interpolates it.
pub(super) fn interpolated(quantile: f64, lower: f64, upper: f64) -> f64 {
    lower + (upper - lower) * quantile
}

/// The labels of some function: what it says, else the first known value, else a made-up one.
pub(super) fn example(family: &UsedFamily<'_>, sites: &[&SiteRecord]) -> Labels {
    let value = |it: &measurand_catalog::LabelRecord| {
        let said = sites.first().and_then(|site| site.labels.get(&it.name));
        said.or(it.values.first()).cloned().unwrap_or_else(|| "other".to_owned())
    };
    family.family.labels.iter().map(|it| (it.name.clone(), value(it))).collect()
}

fn with(labels: &Labels, name: &str, value: &str) -> Labels {
    labels.iter().cloned().chain([(name.to_owned(), value.to_owned())]).collect()
}

/// The scenario of a condition; nothing where it is not evaluated for the family.
pub(super) fn of_condition(condition: &Condition, family: &UsedFamily<'_>, labels: Labels) -> Option<Scenario> {
    let metric = |role| family.metric(role);
    let threshold = condition.threshold();
    let doubled = (2.0 * threshold).min(1.0);
    // A part of the traffic: bad, near, good.
    let parts = [doubled, 0.9 * threshold, 0.0].map(|it| it * TRAFFIC);
    let rest = parts.map(|it| TRAFFIC - it);
    Some(match *condition {
        Condition::ErrorRatioAbove(_) => {
            let calls = calls(family)?;
            let errors = with(&labels, OUTCOME_LABEL, ERROR_OUTCOMES[0]);
            let signals =
                vec![counter(calls, labels.clone(), [TRAFFIC; 3]), counter(&metric(Role::Errors)?.name, errors, parts)];
            few(parts[0], scenario(signals, labels, doubled))
        }
        Condition::FailureRatioAbove(_) => {
            let signals = vec![
                counter(&metric(Role::Successes)?.name, labels.clone(), rest),
                counter(&metric(Role::Failures)?.name, labels.clone(), parts),
            ];
            few(parts[0], scenario(signals, labels, doubled))
        }
        Condition::CompletionFailuresAbove(_) => {
            let name = &metric(Role::Completions)?.name;
            let [success, failure] = STATUSES;
            let signals = vec![
                counter(name, with(&labels, STATUS_LABEL, success), rest),
                counter(name, with(&labels, STATUS_LABEL, failure), parts),
            ];
            // One failure in the whole test.
            Scenario { recovery: 90, quiet: Some(0.02 / parts[0]), ..scenario(signals, labels, doubled) }
        }
        Condition::HitRatioBelow(share) => {
            let hits = [share / 2.0, just_above(share), 1.0].map(|it| it * TRAFFIC);
            let signals = vec![
                counter(&metric(Role::Hits)?.name, labels.clone(), hits),
                counter(&metric(Role::Misses)?.name, labels.clone(), hits.map(|it| TRAFFIC - it)),
            ];
            // Five look-ups a minute.
            let plain = scenario(signals, labels, share / 2.0);
            Scenario { quiet: Some(5.0 / TRAFFIC), enough: Some(9.0 / TRAFFIC), ..plain }
        }
        Condition::DurationAbove { quantile, seconds } => {
            let it = metric(Role::Duration)?;
            let (lower, upper) = neighbours(it, seconds);
            let bounds = [lower, Some(seconds), upper].into_iter().flatten().collect::<Vec<_>>();
            let signals = buckets(&it.name, &labels, &bounds, [upper?, seconds, lower.unwrap_or(seconds)]);
            scenario(signals, labels, interpolated(quantile, seconds, upper?))
        }
        Condition::ScoreBelow { quantile, score } => {
            let it = metric(Role::Score)?;
            let (lower, upper) = neighbours(it, score);
            let bounds = [lower, Some(score), upper].into_iter().flatten().collect::<Vec<_>>();
            let top = upper.unwrap_or(f64::INFINITY);
            let signals = buckets(&it.name, &labels, &bounds, [score, top, top]);
            scenario(signals, labels, interpolated(quantile, lower.unwrap_or(0.0), score))
        }
        Condition::RollbacksAbove(count) => increase(metric(Role::Rollbacks)?, labels, count),
        Condition::FailuresAbove(count) => increase(metric(Role::Failures)?, labels, count),
        Condition::LastScoreBelow(score) => {
            let mut signals =
                vec![gauge(&metric(Role::LastScore)?.name, labels.clone(), [score / 2.0, just_above(score), 1.0])];
            signals.push(counter(format!("{}_count", metric(Role::Score)?.name), labels.clone(), [TRAFFIC; 3]));
            scenario(signals, labels, score / 2.0)
        }
        Condition::LevelAbove(level) => {
            let signal = gauge(&metric(Role::Level)?.name, labels.clone(), [2.0 * level, 0.99 * level, 0.0]);
            Scenario { lead: 0, ..scenario(vec![signal], labels, 2.0 * level) }
        }
        Condition::LevelBelow(level) => {
            let phases = [0.5 * level, 1.01 * level, 1.02 * level];
            let signal = gauge(&metric(Role::Level)?.name, labels.clone(), phases);
            Scenario { lead: 0, ..scenario(vec![signal], labels, 0.5 * level) }
        }
        Condition::LevelGrowthAbove(level) => {
            let phases = [3.0 * level, 1.9 * level, level];
            let signal = gauge(&metric(Role::Level)?.name, labels.clone(), phases);
            growth(scenario(vec![signal], labels, 2.0 * level))
        }
        Condition::CallsBelow(rate) => {
            let slopes = [0.5, 1.05, 1.2].map(|it| it * rate * 60.0);
            let signal = counter(&family.counter()?.name, labels, slopes);
            scenario(vec![signal], Vec::new(), rate / 2.0)
        }
        Condition::Stalled(_) => {
            let minutes = super::condition::whole(threshold) / 60;
            let before = minutes + 10;
            // Nearly, since a single call within the time is enough.
            let calls = counter(&family.counter()?.name, labels, [0.0, 1.2 / f64::from(minutes.max(1)), TRAFFIC]);
            // The process is old enough a little after the last call has been forgotten: which sample is on the edge of a
            // window is seen differently before Prometheus 3.
            let began = [f64::from((before + 3) * 60); 3];
            let began = Signal { before: 0.0, ..gauge("process_start_time_seconds", Vec::new(), began) };
            Scenario { before, lead: minutes + 4, ..scenario(vec![calls, began], Vec::new(), 0.0) }
        }
    })
}

/// A counter of which more than so many in five minutes are too many.
pub(super) fn increase(metric: &MetricRecord, labels: Labels, count: f64) -> Scenario {
    // Two and a half times too many in five minutes, which are too many after three.
    let each = count.max(1.0) / 2.0;
    let signal = counter(&metric.name, labels.clone(), [each, 0.18 * count, 0.0]);
    // The rest of the five minutes of the first samples are not there yet: whoever calls this knows when it fires.
    Scenario { lead: 3, ..scenario(vec![signal], labels, each) }
}

/// The scenario of what is compared with a day ago, looked at twice an hour.
pub(super) fn growth(scenario: Scenario) -> Scenario {
    Scenario { lead: 0, before: DAY_MINUTES + 30, recovery: 40, slow: true, ..scenario }
}

/// A share that is not too small, but nearly.
fn just_above(share: f64) -> f64 {
    (1.1 * share).min(share.midpoint(1.0))
}

/// The bounds below and above one of the metric's buckets.
fn neighbours(metric: &MetricRecord, bound: f64) -> (Option<f64>, Option<f64>) {
    let below = metric.buckets.iter().copied().rfind(|it| *it < bound);
    (below, metric.buckets.iter().copied().find(|it| *it > bound))
}

fn calls(family: &UsedFamily<'_>) -> Option<String> {
    let of_duration = || family.metric(Role::Duration).map(|it| format!("{}_count", it.name));
    family.metric(Role::Calls).map(|it| it.name.clone()).or_else(of_duration)
}
