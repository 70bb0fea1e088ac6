//! What changes for those who read a program's metrics: semantic versioning of catalogs.
//!
//! A change breaks when a query that was right before may be wrong after it: a series that is gone, or one that means
//! something else. What only adds series breaks nobody.

mod families;
mod hits;

use measurand_catalog::{Catalog, KIND_LABEL, Role, SiteRecord};
use measurand_monitoring::Monitoring;
use serde::Serialize;
use std::collections::BTreeMap;

/// How much a change matters to those who read the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing changes.
    None,
    /// There is more than before.
    Additive,
    /// Something that was there is gone or means something else.
    Breaking,
}

/// One difference between two catalogs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// How much it matters.
    pub level: Level,
    /// What it is about: a metric, a label, a function.
    pub subject: String,
    /// What is different.
    pub message: String,
    /// The panels of the old monitoring that ask for it.
    pub panels: Vec<String>,
    /// The alerts of the old monitoring that ask for it.
    pub alerts: Vec<String>,
}

/// All differences between two catalogs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The largest of the changes' levels.
    pub level: Level,
    /// The changes: breaking ones first.
    pub changes: Vec<Change>,
}

/// Compares two catalogs; `monitoring` is that of the old one.
#[must_use]
pub fn diff(old: &Catalog, new: &Catalog, monitoring: &Monitoring) -> Difference {
    let mut found = families::compare(old, new);
    found.extend(sites(old, new));
    let mut changes: Vec<Change> = found.into_iter().map(|it| it.with_hits(monitoring)).collect();
    changes.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| (&a.subject, &a.message).cmp(&(&b.subject, &b.message))));
    changes.dedup();
    Difference { level: changes.first().map_or(Level::None, |it| it.level), changes }
}

/// A difference before it is known what it hits.
#[derive(Debug)]
struct Found {
    level: Level,
    subject: String,
    message: String,
    asks: Asks,
}

/// What a query asks for that a change hits.
#[derive(Debug)]
enum Asks {
    /// These metrics.
    Metrics(Vec<String>),
    /// This label of these metrics.
    Label(Vec<String>, String),
    /// This value of a label of these metrics, or anything of them that goes by the label.
    Value(Vec<String>, String, String),
    /// Nothing that is there yet.
    Nothing,
}

/// Functions that came and went. One that moved to another line or file is the same; its series are.
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

/// The kinds of errors that a function has no more, and that it has now.
fn kinds(old: &SiteRecord, new: &SiteRecord, errors: &str) -> Vec<Found> {
    let lost = old.error_kinds.iter().filter(|it| !new.error_kinds.contains(it) && !new.unknown_error_kinds);
    let lost = lost.map(|kind| Found {
        level: Level::Breaking,
        subject: path(old),
        message: format!("lost the kind of errors `{kind}`"),
        asks: Asks::Value(vec![errors.to_owned()], KIND_LABEL.to_owned(), kind.clone()),
    });
    let got = new.error_kinds.iter().filter(|it| !old.error_kinds.contains(it) && !old.unknown_error_kinds);
    let got = got.map(|kind| Found {
        level: Level::Additive,
        subject: path(new),
        message: format!("got the kind of errors `{kind}`"),
        asks: Asks::Nothing,
    });
    lost.chain(got).collect()
}

type Series<'a> = (String, BTreeMap<&'a str, &'a str>, Vec<&'a String>);

/// The functions by what tells their series apart: the family, the literals, and the labels that are open.
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
