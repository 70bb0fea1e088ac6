//! Compares the metrics, labels, values and buckets of two catalogs, family by family.

use super::{Asks, Found, Level};
use measurand_catalog::{Catalog, FamilyRecord, LabelRecord, MetricRecord};
use std::collections::BTreeSet;

pub(super) fn compare(old: &Catalog, new: &Catalog) -> Vec<Found> {
    let mut found = Vec::new();
    let metrics = |it: &FamilyRecord| it.metrics.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    for family in &old.families {
        match new.family(&family.name) {
            Some(other) => family_changes(family, other, &mut found),
            // The metric may have moved to another family.
            None => family.metrics.iter().for_each(|metric| match find(new, &metric.name) {
                Some((_, it)) => metric_changes(metric, it, &mut found),
                None => found.push(gone(metric, None)),
            }),
        }
    }
    for family in new.families.iter().filter(|it| old.family(&it.name).is_none()) {
        let added = metrics(family).into_iter().filter(|it| find(old, it).is_none());
        found.extend(added.map(|it| more(&it, format!("is a new metric of the family `{}`", family.name))));
    }
    found
}

fn find<'a>(catalog: &'a Catalog, metric: &str) -> Option<(&'a FamilyRecord, &'a MetricRecord)> {
    let mut all = catalog.families.iter().flat_map(|family| family.metrics.iter().map(move |it| (family, it)));
    all.find(|(_, it)| it.name == metric)
}

fn more(subject: &str, message: String) -> Found {
    Found { level: Level::Additive, subject: subject.to_owned(), message, asks: Asks::Nothing }
}

fn gone(metric: &MetricRecord, renamed: Option<&MetricRecord>) -> Found {
    let message = match renamed {
        Some(it) => format!("was renamed to `{}`", it.name),
        None => "was removed".to_owned(),
    };
    let asks = Asks::Metrics(vec![metric.name.clone()]);
    Found { level: Level::Breaking, subject: metric.name.clone(), message, asks }
}

fn family_changes(old: &FamilyRecord, new: &FamilyRecord, found: &mut Vec<Found>) {
    let names = |it: &FamilyRecord| it.metrics.iter().map(|it| it.name.clone()).collect::<BTreeSet<_>>();
    let (before, after) = (names(old), names(new));
    for metric in &old.metrics {
        if let Some(it) = new.metrics.iter().find(|it| it.name == metric.name) {
            metric_changes(metric, it, found);
        } else {
            // A metric with the same role and a new name is the renamed metric.
            let renamed = new.metric(metric.role).filter(|it| !before.contains(&it.name));
            found.push(gone(metric, renamed));
        }
    }
    let renamed: BTreeSet<&str> = old
        .metrics
        .iter()
        .filter(|it| !after.contains(&it.name))
        .filter_map(|it| new.metric(it.role))
        .map(|it| it.name.as_str())
        .collect();
    let added = after.difference(&before).filter(|it| !renamed.contains(it.as_str()));
    found.extend(added.map(|it| more(it, format!("is a new metric of the family `{}`", new.name))));
    let metrics: Vec<String> = before.intersection(&after).cloned().collect();
    for label in &old.labels {
        if let Some(other) = new.labels.iter().find(|it| it.name == label.name) {
            value_changes(label, other, &old.name, &metrics, found);
        }
    }
}

fn metric_changes(old: &MetricRecord, new: &MetricRecord, found: &mut Vec<Found>) {
    let metrics = || vec![old.name.clone()];
    let mut breaking = |message: String, asks: Asks| {
        found.push(Found { level: Level::Breaking, subject: old.name.clone(), message, asks });
    };
    if old.kind != new.kind {
        let message = format!("changed from a {:?} to a {:?}", old.kind, new.kind).to_lowercase();
        breaking(message, Asks::Metrics(metrics()));
    }
    if old.unit != new.unit {
        let message = format!("changed its unit from {:?} to {:?}", old.unit, new.unit).to_lowercase();
        breaking(message, Asks::Metrics(metrics()));
    }
    for label in old.labels.iter().filter(|it| !new.labels.contains(it)) {
        breaking(format!("lost the label `{label}`"), Asks::Label(metrics(), label.clone()));
    }
    // A new label splits series: queries that compare or join them by all labels find no match any more.
    for label in new.labels.iter().filter(|it| !old.labels.contains(it)) {
        breaking(format!("gained the label `{label}`, which splits its series"), Asks::Metrics(metrics()));
    }
    let missing: Vec<String> =
        old.buckets.iter().filter(|it| !has(&new.buckets, **it)).map(ToString::to_string).collect();
    if !missing.is_empty() && old.kind == new.kind {
        breaking(format!("lost the buckets {}", missing.join(", ")), Asks::Metrics(metrics()));
    }
    let added: Vec<String> =
        new.buckets.iter().filter(|it| !has(&old.buckets, **it)).map(ToString::to_string).collect();
    if !added.is_empty() && old.kind == new.kind {
        found.push(more(&old.name, format!("gained the buckets {}", added.join(", "))));
    }
}

fn has(buckets: &[f64], bound: f64) -> bool {
    buckets.iter().any(|it| it.to_bits() == bound.to_bits())
}

/// Compares the values that a label may have. If a label with arbitrary values gets a fixed list, the lost values are
/// unknown.
fn value_changes(old: &LabelRecord, new: &LabelRecord, family: &str, metrics: &[String], found: &mut Vec<Found>) {
    let subject = || format!("{family}.{}", old.name);
    if old.values.is_empty() && !new.values.is_empty() {
        let message = "allowed any value and now allows only some".to_owned();
        let asks = Asks::Label(metrics.to_vec(), old.name.clone());
        found.push(Found { level: Level::Breaking, subject: subject(), message, asks });
        return;
    }
    if new.values.is_empty() {
        if !old.values.is_empty() {
            found.push(more(&subject(), "now allows any value".to_owned()));
        }
        return;
    }
    for value in old.values.iter().filter(|it| !new.values.contains(it)) {
        let message = format!("lost the value `{value}`");
        let asks = Asks::Value(metrics.to_vec(), old.name.clone(), value.clone());
        found.push(Found { level: Level::Breaking, subject: subject(), message, asks });
    }
    for value in new.values.iter().filter(|it| !old.values.contains(it)) {
        found.push(more(&subject(), format!("gained the value `{value}`")));
    }
}
