//! Compares two versions of a catalog: semantic versioning for metrics.
//!
//! A change is breaking if a query that was correct before may be wrong after it, because a series is gone or has
//! another meaning. A change that only adds series is additive.

mod families;
mod hits;

use measurand_catalog::{Catalog, KIND_LABEL, Role, SiteRecord};
use measurand_monitoring::Monitoring;
use serde::Serialize;
use std::collections::BTreeMap;

/// The effect of a change on existing queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// No change.
    None,
    /// Only additions; existing queries still work.
    Additive,
    /// A series is gone or has another meaning; existing queries may be wrong.
    Breaking,
}

/// One difference between two catalogs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The effect on existing queries.
    pub level: Level,
    /// The metric, label or function that changed.
    pub subject: String,
    /// A description of the change.
    pub message: String,
    /// The panels of the old monitoring that use it.
    pub panels: Vec<String>,
    /// The alerts of the old monitoring that use it.
    pub alerts: Vec<String>,
}

/// All differences between two catalogs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The highest level of all changes.
    pub level: Level,
    /// The changes, breaking ones first.
    pub changes: Vec<Change>,
}

/// Compares two catalogs. `monitoring` belongs to the old one; each change lists the panels and alerts that it affects.
#[must_use]
pub fn diff(old: &Catalog, new: &Catalog, monitoring: &Monitoring) -> Difference {
    let mut found = families::compare(old, new);
    found.extend(sites(old, new));
    let mut changes: Vec<Change> = found.into_iter().map(|it| it.with_hits(monitoring)).collect();
    changes.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| (&a.subject, &a.message).cmp(&(&b.subject, &b.message))));
    changes.dedup();
    Difference { level: changes.first().map_or(Level::None, |it| it.level), changes }
}

/// A difference without the panels and alerts that it affects.
#[derive(Debug)]
struct Found {
    level: Level,
    subject: String,
    message: String,
    asks: Asks,
}

/// The queries that a change affects.
#[derive(Debug)]
enum Asks {
    /// Queries of these metrics.
    Metrics(Vec<String>),
    /// Queries of these metrics that use this label.
    Label(Vec<String>, String),
    /// Queries of these metrics that select this value of the label or group by the label.
    Value(Vec<String>, String, String),
    /// No queries, because the change adds something.
    Nothing,
}

/// Added and removed functions. A function that moved to another line or file keeps its series and is unchanged.
fn sites(old: &Catalog, new: &Catalog) -> Vec<Found> {
    let (before, after) = (by_series(old), by_series(new));
    let mut found = Vec::new();
    for (key, site) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
        let Some(family) = old.family(&key.0) else { continue };
        let metrics: Vec<String> = family.metrics.iter().map(|it| it.name.clone()).collect();
        let labels = labels(site);
        found.push(Found {
            level: Level::Breaking,
            subject: path(site),
            message: format!("no function records the series {labels} of `{}` any more", family.name),
            asks: site.given_labels().next().map_or(Asks::Metrics(metrics.clone()), |(label, value)| {
                Asks::Value(metrics, label.to_owned(), value.to_owned())
            }),
        });
    }
    for (key, site) in &before {
        let errors = old.family(&key.0).and_then(|it| it.metric(Role::Errors));
        if let (Some(now), Some(errors)) = (after.get(key), errors) {
            found.extend(kinds(site, now, &errors.name));
        }
    }
    for (key, site) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        found.push(Found {
            level: Level::Additive,
            subject: path(site),
            message: format!("records the new series {} of `{}`", labels(site), key.0),
            asks: Asks::Nothing,
        });
    }
    found
}

/// The error kinds that a function lost and gained.
fn kinds(old: &SiteRecord, new: &SiteRecord, errors: &str) -> Vec<Found> {
    let lost = old.error_kinds.iter().filter(|it| !new.error_kinds.contains(it) && !new.unknown_error_kinds);
    let lost = lost.map(|kind| Found {
        level: Level::Breaking,
        subject: path(old),
        message: format!("lost the error kind `{kind}`"),
        asks: Asks::Value(vec![errors.to_owned()], KIND_LABEL.to_owned(), kind.clone()),
    });
    let gained = new.error_kinds.iter().filter(|it| !old.error_kinds.contains(it) && !old.unknown_error_kinds);
    let gained = gained.map(|kind| Found {
        level: Level::Additive,
        subject: path(new),
        message: format!("gained the error kind `{kind}`"),
        asks: Asks::Nothing,
    });
    lost.chain(gained).collect()
}

type Series<'a> = (String, BTreeMap<&'a str, &'a str>, Vec<&'a String>);

/// The functions by the key of their series: the family, the fixed label values, and the names of the computed labels.
fn by_series(catalog: &Catalog) -> BTreeMap<Series<'_>, &SiteRecord> {
    let key = |it: &'_ SiteRecord| it.family.clone();
    let sites = catalog.sites.iter();
    sites.map(|it| ((key(it), it.given_labels().collect(), it.expressions.keys().collect()), it)).collect()
}

fn labels(site: &SiteRecord) -> String {
    let literal = site.given_labels().map(|(name, value)| format!("{name}=\"{value}\""));
    let open = site.expressions.keys().map(|it| format!("{it}=<any>"));
    format!("{{{}}}", literal.chain(open).collect::<Vec<_>>().join(","))
}

fn path(site: &SiteRecord) -> String {
    format!("{}::{}", site.module, site.function)
}
