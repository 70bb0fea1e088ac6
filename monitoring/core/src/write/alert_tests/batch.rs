//! Groups alerts that do not read each other's samples, so that one test covers them. Promtool evaluates every rule in
//! every minute of every test, so a test for each alert would take minutes.

use crate::model::Alert;
use std::collections::BTreeSet;

/// An alert with the metrics that its test reads and writes.
struct Member<'a> {
    alert: &'a Alert,
    /// The metrics that the alert reads.
    own: BTreeSet<&'a str>,
    /// The metrics that the alert and those with the same name read. All of them have to stay silent.
    reads: BTreeSet<&'a str>,
    writes: BTreeSet<&'a str>,
}

/// Assigns each alert to the first batch in which it fits.
pub(super) fn of<'a>(alerts: &[&'a Alert]) -> Vec<Vec<&'a Alert>> {
    let mut batches: Vec<Vec<Member<'_>>> = Vec::new();
    for alert in alerts {
        let namesakes = alerts.iter().filter(|it| it.name == alert.name);
        let reads_all = namesakes.flat_map(|it| reads(it)).collect();
        let member = Member { alert, own: reads(alert), reads: reads_all, writes: writes(alert) };
        match batches.iter_mut().find(|it| it.iter().all(|it| it.suits(&member))) {
            Some(batch) => batch.push(member),
            None => batches.push(vec![member]),
        }
    }
    batches.into_iter().map(|it| it.into_iter().map(|it| it.alert).collect()).collect()
}

impl Member<'_> {
    fn suits(&self, other: &Self) -> bool {
        let (one, two) = (self.alert, other.alert);
        if one.scenario.up != two.scenario.up || !self.writes.is_disjoint(&other.writes) {
            return false;
        }
        if one.name == two.name {
            // Both have to fire in the same minute, or the expectation of one would be wrong for the other.
            let times = |it: &Alert| (it.for_seconds, it.scenario.before, it.scenario.lead, it.scenario.recovery);
            return times(one) == times(two)
                && self.writes.is_disjoint(&other.own)
                && self.own.is_disjoint(&other.writes);
        }
        self.writes.is_disjoint(&other.reads) && self.reads.is_disjoint(&other.writes)
    }
}

fn reads(alert: &Alert) -> BTreeSet<&str> {
    alert.query.selectors().into_iter().map(|it| family(&it.metric)).filter(|it| *it != "up").collect()
}

fn writes(alert: &Alert) -> BTreeSet<&str> {
    alert.scenario.signals.iter().map(|it| family(&it.metric)).collect()
}

/// Returns the metric that a series belongs to.
pub(super) fn family(series: &str) -> &str {
    ["_bucket", "_count"].into_iter().find_map(|it| series.strip_suffix(it)).unwrap_or(series)
}
