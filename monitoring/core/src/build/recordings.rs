//! Recording rules: exactly the series that alerts and panels use, each rule before the rules that depend on it.
//!
//! A query marks the parts that are recorded ([`Query::Recorded`]). So no rule is missing or unused, and each computes
//! what its alert expects.

use crate::model::{Alert, Group, Recording, Row};
use crate::query::Query;
use crate::query::promql::Histograms;
use std::collections::BTreeSet;

/// Returns, for each group of alerts that needs recorded series, a group of those; last a group of the series that only
/// panels need.
pub fn groups(job: &str, alerts: &[Group<Alert>], rows: &[Row], histograms: Histograms) -> Vec<Group<Recording>> {
    let mut known = Known::new();
    let mut groups = Vec::new();
    for group in alerts {
        let mut rules = Vec::new();
        for alert in &group.rules {
            collect(&alert.query, &mut known, &mut rules);
        }
        if !rules.is_empty() {
            groups.push(Group { name: format!("{}-recording", group.name), rules });
        }
    }
    // With native histograms, the printer queries the histogram directly.
    let is_asked = |it: &Recording| histograms == Histograms::Native && matches!(it.query, Query::Buckets(..));
    for group in &mut groups {
        group.rules.retain(|it| !is_asked(it));
    }
    groups.retain(|it: &Group<Recording>| !it.rules.is_empty());
    let mut rules = Vec::new();
    for line in rows.iter().flat_map(|it| &it.panels).flat_map(|it| &it.lines) {
        collect(&line.query, &mut known, &mut rules);
    }
    rules.retain(|it| !is_asked(it));
    if !rules.is_empty() {
        groups.push(Group { name: format!("{job}-dashboard-recording"), rules });
    }
    groups
}

type Known = BTreeSet<(String, Vec<(String, String)>)>;

fn collect(query: &Query, known: &mut Known, rules: &mut Vec<Recording>) {
    for child in query.children() {
        collect(child, known, rules);
    }
    if let Query::Recorded { record, labels, of, .. } = query
        && known.insert((record.clone(), labels.clone()))
    {
        rules.push(Recording { record: record.clone(), labels: labels.clone(), query: (**of).clone() });
    }
}
