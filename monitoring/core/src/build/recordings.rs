//! Recording rules: exactly those series that alerts and panels refer to, each before the ones that use it.
//!
//! A term says itself what of it is recorded ([`Query::Recorded`]), so a rule cannot be forgotten, be left over, or
//! compute something else than the alert believes.

use crate::model::{Alert, Group, Recording, Row};
use crate::query::Query;
use crate::query::promql::Histograms;
use std::collections::BTreeSet;

/// For each group of alerts the group of the series that it needs, none where it needs none; last a group of those that
/// only panels need.
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
    // The printer asks native histograms themselves.
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
