//! Puts alerts together that can be tested at once, since none looks at the samples of another: `promtool` evaluates every
//! rule in every minute of every test, so that a test for each alert would take minutes.

use crate::model::Alert;
use std::collections::BTreeSet;

#[derive(Default)]
struct Batch<'a> {
    alerts: Vec<&'a Alert>,
    reads: BTreeSet<&'a str>,
    writes: BTreeSet<&'a str>,
}

/// The alerts in as few batches as the first place where each fits gives.
pub(super) fn of<'a>(alerts: &[&'a Alert]) -> Vec<Vec<&'a Alert>> {
    let mut batches: Vec<Batch<'_>> = Vec::new();
    for alert in alerts {
        // Whatever has the same name must stay silent, too.
        let namesakes = alerts.iter().filter(|it| it.name == alert.name);
        let (reads, writes) = (namesakes.flat_map(|it| reads(it)).collect(), writes(alert));
        let place = batches.iter_mut().find(|it| it.takes(alert, &reads, &writes));
        if let Some(batch) = place {
            batch.add(alert, reads, writes);
        } else {
            let mut batch = Batch::default();
            batch.add(alert, reads, writes);
            batches.push(batch);
        }
    }
    batches.into_iter().map(|it| it.alerts).collect()
}

impl<'a> Batch<'a> {
    fn takes(&self, alert: &Alert, reads: &BTreeSet<&str>, writes: &BTreeSet<&str>) -> bool {
        let first = self.alerts.iter().all(|it| it.name != alert.name && it.scenario.up == alert.scenario.up);
        first && self.writes.is_disjoint(reads) && self.reads.is_disjoint(writes) && self.writes.is_disjoint(writes)
    }

    fn add(&mut self, alert: &'a Alert, reads: BTreeSet<&'a str>, writes: BTreeSet<&'a str>) {
        self.alerts.push(alert);
        self.reads.extend(reads);
        self.writes.extend(writes);
    }
}

fn reads(alert: &Alert) -> BTreeSet<&str> {
    alert.query.selectors().into_iter().map(|it| family(&it.metric)).filter(|it| *it != "up").collect()
}

fn writes(alert: &Alert) -> BTreeSet<&str> {
    alert.scenario.signals.iter().map(|it| family(&it.metric)).collect()
}

/// The metric that the series belongs to.
fn family(series: &str) -> &str {
    ["_bucket", "_count"].into_iter().find_map(|it| series.strip_suffix(it)).unwrap_or(series)
}
