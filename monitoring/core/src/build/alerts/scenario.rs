//! Samples that make an alert fire, just miss and resolve; one function for each signal of a family.

use super::family_alert::FamilyAlert;
use super::minimum_sample::MinimumSample;
use super::timeline::{self, AFTER, BEGINS, CROWD, FEW, OVER, bad_minutes, pair, without_failures};
use crate::build::used_family::UsedFamily;
use crate::model::{Scenario, Signal, Timeline};
use crate::query::promql::RULE_WINDOW_SECONDS;
use measurand_catalog::family::{ERROR_OUTCOMES, OUTCOME_LABEL, STATUS_LABEL, STATUSES};
use measurand_catalog::{MetricRecord, Role, SiteRecord};

pub(super) use super::timeline::TRAFFIC;

const DAY_MINUTES: u32 = 24 * 60;

pub(super) type Labels = Vec<(String, String)>;

/// Returns owned labels.
pub(super) fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A counter that grows by these amounts a minute.
pub(super) fn counter(metric: impl Into<String>, labels: Labels, [bad, near, good]: [f64; 3]) -> Signal {
    Signal { metric: metric.into(), labels, counter: true, before: good, bad, near, good }
}

/// A gauge with these values.
pub(super) fn gauge(metric: impl Into<String>, labels: Labels, phases: [f64; 3]) -> Signal {
    Signal { counter: false, ..counter(metric, labels, phases) }
}

/// A scenario that is bad from the start.
pub(super) fn scenario(signals: Vec<Signal>, labels: Labels, value: f64) -> Scenario {
    Scenario { signals, labels, lead: 1, recovery: 10, value, up: true, ..Scenario::default() }
}

/// A scenario with this many bad observations a minute, of which fractions are too few and just enough.
pub(super) fn few(minimum: MinimumSample, bad: f64, scenario: Scenario) -> Scenario {
    let [few, enough] = minimum.a_minute(RULE_WINDOW_SECONDS).map(|it| Some(it / bad));
    Scenario { quiet: few, enough, ..scenario }
}

/// The buckets of a histogram, and its number of observations. In each phase, all of them lie in one bucket; in a near
/// miss, this share of them is at most the limit.
pub(super) fn buckets(
    metric: &str,
    labels: &Labels,
    bounds: &[f64],
    phases: [f64; 3],
    (limit, share): (f64, f64),
) -> Vec<Signal> {
    let with = |le: String| labels.iter().cloned().chain([("le".to_owned(), le)]).collect();
    let name = format!("{metric}_bucket");
    let finite = bounds.iter().map(|bound| {
        // A phase is the bound of this bucket.
        let phases = phases.map(|upper| if upper <= *bound { TRAFFIC } else { 0.0 });
        let signal = counter(&name, with(bound.to_string()), phases);
        if (limit - bound).abs() > 0.0 { signal } else { Signal { near: share * TRAFFIC, ..signal } }
    });
    let all = [(name.as_str(), with("+Inf".to_owned())), (&format!("{metric}_count"), labels.clone())];
    finite.chain(all.map(|(name, labels)| counter(name, labels, [TRAFFIC; 3]))).collect()
}

/// The quantile of observations between two bounds, interpolated like Prometheus does.
pub(super) fn interpolated(quantile: f64, lower: f64, upper: f64) -> f64 {
    lower + (upper - lower) * quantile
}

/// The labels of the first function. A label that it does not set has its first allowed value, or `other`.
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

/// The share of failing calls while the alert fires, and failing and other calls a minute in each phase.
fn failing(threshold: f64) -> (f64, [f64; 3], [f64; 3]) {
    let share = (2.0 * threshold).min(1.0);
    let failing = [share, 0.9 * threshold, 0.0].map(|it| it * TRAFFIC);
    (share, failing, failing.map(|it| TRAFFIC - it))
}

impl FamilyAlert<'_> {
    fn counter(&self, role: Role, labels: &Labels, phases: [f64; 3]) -> Option<Signal> {
        Some(counter(&self.family.metric(role)?.name, labels.clone(), phases))
    }

    fn gauge(&self, role: Role, labels: &Labels, phases: [f64; 3]) -> Option<Signal> {
        Some(gauge(&self.family.metric(role)?.name, labels.clone(), phases))
    }

    /// The number of observations of a histogram.
    fn observations(&self, role: Role, labels: &Labels) -> Option<Signal> {
        Some(counter(format!("{}_count", self.family.metric(role)?.name), labels.clone(), [TRAFFIC; 3]))
    }

    /// The minutes of bad samples that let the alert fire.
    fn bad_minutes(&self) -> u32 {
        bad_minutes(self.record.for_seconds)
    }
}

pub(super) fn error_ratio(alert: &FamilyAlert<'_>, labels: Labels) -> Option<Scenario> {
    let (share, failing, _) = failing(alert.threshold());
    let calls = alert.counter(Role::Calls, &labels, [TRAFFIC; 3]);
    let calls = calls.or_else(|| alert.observations(Role::Duration, &labels))?;
    let errors = alert.counter(Role::Errors, &with(&labels, OUTCOME_LABEL, ERROR_OUTCOMES[0]), failing)?;
    let courses = failing_share(alert, &calls, &errors, true);
    Some(few(alert.minimum, failing[0], Scenario { courses, ..scenario(vec![calls, errors], labels, share) }))
}

pub(super) fn failure_ratio(alert: &FamilyAlert<'_>, labels: Labels) -> Option<Scenario> {
    let (share, failing, rest) = failing(alert.threshold());
    let successes = alert.counter(Role::Successes, &labels, rest)?;
    let failures = alert.counter(Role::Failures, &labels, failing)?;
    let courses = failing_share(alert, &successes, &failures, false);
    Some(few(alert.minimum, failing[0], Scenario { courses, ..scenario(vec![successes, failures], labels, share) }))
}

/// First almost all calls fail; then a few, hidden by many good ones. `calls` counts the failed ones too if
/// `includes_failed`.
fn failing_share(alert: &FamilyAlert<'_>, calls: &Signal, failed: &Signal, includes_failed: bool) -> Vec<Timeline> {
    let minutes = alert.bad_minutes();
    let above = (1.5 * alert.threshold()).min(alert.threshold().midpoint(1.0)) * TRAFFIC;
    let (at_first, later): (&[_], _) = if includes_failed {
        (&[(minutes, CROWD * TRAFFIC), (AFTER, TRAFFIC)], TRAFFIC)
    } else {
        (&[(minutes + AFTER, TRAFFIC)], TRAFFIC - above)
    };
    let later = [(12, CROWD * TRAFFIC), (minutes, later)];
    vec![
        pair(OVER, (calls, at_first), (failed, &[(minutes, CROWD * TRAFFIC), (AFTER, 0.0)])),
        pair(BEGINS, (calls, &later), (failed, &[(12 + minutes, above)])),
        without_failures(calls),
    ]
}

pub(super) fn completions(alert: &FamilyAlert<'_>, labels: Labels) -> Option<Scenario> {
    let (share, failing, rest) = failing(alert.threshold());
    let [success, failure] = STATUSES.map(|it| with(&labels, STATUS_LABEL, it));
    let success = alert.counter(Role::Completions, &success, rest)?;
    let failure = alert.counter(Role::Completions, &failure, failing)?;
    let (bad, after) = (30, 75);
    let [few, enough] = alert.minimum.a_minute(3600);
    // With this many failures per success, the share equals the threshold.
    let odds = alert.threshold() / (1.0 - alert.threshold());
    let courses = vec![
        pair(OVER, (&success, &[(bad + after, 10.0)]), (&failure, &[(bad, CROWD * CROWD), (after, 10.0 * odds / 4.0)])),
        pair(BEGINS, (&success, &[(bad, CROWD * CROWD), (after, 1.0)]), (&failure, &[(bad + after, 4.0 * odds)])),
        // One failure an hour too few, then just enough.
        pair(FEW, (&success, &[(bad + 2 * after, 0.0)]), (&failure, &[(bad, CROWD), (after, few), (after, enough)])),
    ];
    let quiet = Some(few / failing[0]);
    Some(Scenario { recovery: 90, quiet, courses, ..scenario(vec![success, failure], labels, share) })
}

pub(super) fn hit_ratio(alert: &FamilyAlert<'_>, labels: Labels) -> Option<Scenario> {
    let (share, minutes) = (alert.threshold(), alert.bad_minutes());
    let phases = [share / 2.0, just_above(share), 1.0].map(|it| it * TRAFFIC);
    let hits = alert.counter(Role::Hits, &labels, phases)?;
    let missing = phases.map(|it| TRAFFIC - it);
    let misses = alert.counter(Role::Misses, &labels, missing)?;
    let many = 3.0 * TRAFFIC * (1.0 - share) / share;
    let hidden = [(12, CROWD * CROWD * TRAFFIC), (minutes, TRAFFIC)];
    let courses = vec![
        pair(OVER, (&hits, &[(minutes + AFTER, TRAFFIC)]), (&misses, &[(minutes, CROWD * TRAFFIC), (AFTER, 0.0)])),
        pair(BEGINS, (&hits, &hidden), (&misses, &[(12 + minutes, many)])),
        without_failures(&misses),
    ];
    let plain = scenario(vec![hits, misses], labels, share / 2.0);
    Some(few(alert.minimum, missing[0], Scenario { courses, ..plain }))
}

pub(super) fn duration(alert: &FamilyAlert<'_>, labels: Labels) -> Option<Scenario> {
    let limit = alert.threshold();
    let (lower, upper) = neighbours(alert.family.metric(Role::Duration)?, limit);
    let quantile = alert.record.condition.quantile?;
    let value = interpolated(quantile, limit, upper?);
    let phases = [upper?, limit, lower.unwrap_or(limit)];
    histogram(alert, Role::Duration, labels, phases, nearly(quantile), value)
}

pub(super) fn score(alert: &FamilyAlert<'_>, labels: Labels) -> Option<Scenario> {
    let limit = alert.threshold();
    let (lower, upper) = neighbours(alert.family.metric(Role::Score)?, limit);
    let quantile = alert.record.condition.quantile?;
    let value = interpolated(quantile, lower.unwrap_or(0.0), limit);
    let top = upper.unwrap_or(f64::INFINITY);
    histogram(alert, Role::Score, labels, [limit, top, top], 1.0 - nearly(1.0 - quantile), value)
}

/// A share of observations up to a bound with which the quantile is slightly below the bound.
pub(super) fn nearly(quantile: f64) -> f64 {
    1.0 - 0.9 * (1.0 - quantile)
}

/// In each phase all observations lie in the bucket with this bound; in a near miss, this share up to the limit.
fn histogram(
    alert: &FamilyAlert<'_>,
    role: Role,
    labels: Labels,
    phases: [f64; 3],
    share: f64,
    value: f64,
) -> Option<Scenario> {
    let (metric, limit) = (alert.family.metric(role)?, alert.threshold());
    let (lower, upper) = neighbours(metric, limit);
    let bounds: Vec<f64> = [lower, Some(limit), upper].into_iter().flatten().collect();
    let signals = buckets(&metric.name, &labels, &bounds, phases, (limit, share));
    let courses = timeline::histogram(&signals, alert.record.for_seconds);
    Some(few(alert.minimum, TRAFFIC, Scenario { courses, ..scenario(signals, labels, value) }))
}

/// The counter grows by half of the threshold each minute, and so exceeds it after three. The window is in minutes.
pub(super) fn increase(alert: &FamilyAlert<'_>, role: Role, labels: Labels, window: u32) -> Option<Scenario> {
    let (each, lead, hold) = (alert.threshold().max(1.0) / 2.0, 3, alert.record.for_seconds);
    // The test of a near miss takes thirteen minutes.
    let near = 0.92 * alert.threshold() / f64::from(window.min(13));
    let signal = alert.counter(role, &labels, [each, near, 0.0])?;
    let courses = vec![timeline::burst(&signal, window, hold)];
    let value = each * f64::from((lead + hold / 60 + 1).min(window));
    Some(Scenario { lead, recovery: window + 5, courses, ..scenario(vec![signal], labels, value) })
}

pub(super) fn failures(alert: &FamilyAlert<'_>, labels: Labels) -> Option<Scenario> {
    let calls = alert.counter(Role::Calls, &labels, [0.0; 3]);
    let in_flight = alert.gauge(Role::InFlight, &labels, [0.0; 3]);
    let mut scenario = increase(alert, Role::Failures, labels, 15)?;
    if let (Some(calls), Some(in_flight)) = (calls, in_flight) {
        let hold = alert.record.for_seconds / 60 + AFTER;
        scenario.courses.extend([
            pair(
                "fires while calls hang",
                (&calls, &[(12, TRAFFIC), (hold, 0.0), (AFTER, 1.0)]),
                (&in_flight, &[(12, 1.0), (hold + AFTER, 1.0)]),
            ),
            pair(
                "fires after a call has hung for most of its window",
                (&calls, &[(12 + hold, 0.0)]),
                (&in_flight, &[(12, 0.0), (hold, 1.0)]),
            ),
        ]);
    }
    Some(scenario)
}

pub(super) fn last_score(alert: &FamilyAlert<'_>, labels: Labels) -> Option<Scenario> {
    let (score, minutes) = (alert.threshold(), alert.bad_minutes());
    let gauge = alert.gauge(Role::LastScore, &labels, [score / 2.0, just_above(score), 1.0])?;
    let calls = alert.observations(Role::Score, &labels)?;
    let (enough, stop) = (alert.record.for_seconds / 60 + 20, AFTER);
    let courses = vec![
        pair(OVER, (&gauge, &[(minutes, 0.0), (AFTER, 1.0)]), (&calls, &[(minutes + AFTER, TRAFFIC)])),
        pair(FEW, (&gauge, &[(enough + stop, score / 2.0)]), (&calls, &[(enough, TRAFFIC), (stop, 0.0)])),
    ];
    let plain = scenario(vec![gauge, calls], labels, score / 2.0);
    Some(few(alert.minimum, TRAFFIC, Scenario { courses, ..plain }))
}

pub(super) fn level_above(alert: &FamilyAlert<'_>, labels: Labels) -> Option<Scenario> {
    let level = alert.threshold();
    let signal = alert.gauge(Role::Level, &labels, [2.0 * level, 0.99 * level, 0.0])?;
    let courses = vec![timeline::peak(&signal, alert.record.for_seconds)];
    Some(Scenario { lead: 0, courses, ..scenario(vec![signal], labels, 2.0 * level) })
}

pub(super) fn level_below(alert: &FamilyAlert<'_>, labels: Labels) -> Option<Scenario> {
    let (level, minutes) = (alert.threshold(), alert.bad_minutes());
    let signal = alert.gauge(Role::Level, &labels, [0.5 * level, 1.01 * level, 1.02 * level])?;
    let courses = vec![
        timeline::course(OVER, vec![signal.along(&[(minutes, 0.01 * level), (AFTER, 1.02 * level)])]),
        timeline::course("fires at zero", vec![signal.along(&[(minutes, 0.0), (AFTER, 1.02 * level)])]),
    ];
    Some(Scenario { lead: 0, courses, ..scenario(vec![signal], labels, 0.5 * level) })
}

pub(super) fn level_growth(alert: &FamilyAlert<'_>, labels: Labels) -> Option<Scenario> {
    let level = alert.threshold();
    let signal = alert.gauge(Role::Level, &labels, [3.0 * level, 1.9 * level, level])?;
    let courses = vec![timeline::growth(&signal)];
    Some(growth(Scenario { courses, ..scenario(vec![signal], labels, 2.0 * level) }))
}

pub(super) fn call_rate(alert: &FamilyAlert<'_>, labels: Labels) -> Option<Scenario> {
    let (rate, minutes) = (alert.threshold(), alert.bad_minutes());
    let calls = counter(&alert.family.counter()?.name, labels, [0.5, 1.05, 1.2].map(|it| it * rate * 60.0));
    let slower = calls.along(&[(12, CROWD * (rate * 60.0)), (minutes, 0.9 * (rate * 60.0))]);
    let courses = vec![timeline::course(BEGINS, vec![slower])];
    Some(Scenario { courses, ..scenario(vec![calls], Vec::new(), rate / 2.0) })
}

pub(super) fn stalled(alert: &FamilyAlert<'_>, labels: Labels) -> Option<Scenario> {
    let minutes = alert.seconds() / 60;
    let before = minutes + 10;
    // Just misses: a single call within the time keeps the alert silent.
    let calls = counter(&alert.family.counter()?.name, labels, [0.0, 1.2 / f64::from(minutes.max(1)), TRAFFIC]);
    // The process becomes old enough some minutes after the last call left the window: Prometheus 2 and 3 differ in
    // whether a sample on the edge of a window belongs to it.
    let start = gauge("process_start_time_seconds", Vec::new(), [f64::from((before + 3) * 60); 3]);
    let start = Signal { before: 0.0, ..start };
    let day = 25 * 60;
    let (early, late) = (minutes + 15, 2 * minutes + 10);
    let restart = [(early, 0.0), (late, f64::from(early * 60))];
    // The counter as its value, since a restart resets it.
    let total = Signal { counter: false, ..calls.clone() };
    let courses = vec![
        pair(
            "still fires after a day without a call",
            (&calls, &[(20, TRAFFIC), (day, 0.0)]),
            (&start, &[(20 + day, 0.0)]),
        ),
        pair("waits after a restart", (&calls, &[(10, TRAFFIC), (early - 10 + late, 0.0)]), (&start, &restart)),
        pair("resolves at a restart", (&total, &[(early, TRAFFIC), (late, 0.0)]), (&start, &restart)),
        pair("is silent before the first call", (&calls, &[(early, 0.0)]), (&start, &[(early, 0.0)])),
    ];
    Some(Scenario { before, lead: minutes + 4, courses, ..scenario(vec![calls, start], Vec::new(), 0.0) })
}

/// A scenario that is compared with a day ago and checked twice an hour.
pub(super) fn growth(scenario: Scenario) -> Scenario {
    Scenario { lead: 0, before: DAY_MINUTES + 30, recovery: 40, slow: true, ..scenario }
}

/// A share just above this one.
fn just_above(share: f64) -> f64 {
    (1.1 * share).min(share.midpoint(1.0))
}

/// The bounds of the next lower and the next higher bucket.
fn neighbours(metric: &MetricRecord, bound: f64) -> (Option<f64>, Option<f64>) {
    let below = metric.buckets.iter().copied().rfind(|it| *it < bound);
    (below, metric.buckets.iter().copied().find(|it| *it > bound))
}
