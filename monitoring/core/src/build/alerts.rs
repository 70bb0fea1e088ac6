//! Alerts of each used family, of every program, and about the monitoring stack.

mod application;
pub(crate) mod condition;
mod draft;
mod facts;
mod family;
mod family_alert;
mod minimum_sample;
mod objectives;
mod scenario;
mod service;
pub(crate) mod signals;
pub(crate) mod stack;
mod timeline;

use super::used_family::UsedFamily;
use crate::model::options::Options;
use crate::model::{Alert, Group, Limit, Row, STACK};
use crate::query::{Combination, Comparison, Query};
use draft::{Context, Draft, Drafts};
use facts::Split;
use std::collections::BTreeMap;

/// Returns the names of the alerts that every program gets.
pub(crate) fn common_names() -> impl Iterator<Item = &'static str> {
    service::ALERTS.iter().chain(application::ALERTS).map(|it| it.name).chain(crate::model::burn_rate::NAMES)
}

/// Returns the names of the alerts that belong to no family and have a severity, including those about the stack.
pub fn changeable() -> impl Iterator<Item = &'static str> {
    let all = service::ALERTS.iter().chain(application::ALERTS).chain(stack::ALERTS);
    all.filter(|it| it.severity.is_some()).map(|it| it.name)
}

/// Returns all alerts about a program: one group for the program as a whole, then one for each family with alerts.
pub(crate) fn drafts<'a>(families: &'a [UsedFamily<'a>], options: &'a Options) -> Drafts<'a> {
    let context = Context { families, options };
    let sites: Vec<_> = families.iter().flat_map(UsedFamily::sites).collect();
    let common = service::ALERTS.iter().chain(application::ALERTS);
    let split = Split::of(&sites);
    let common = common.flat_map(|it| match it.name {
        service::PANICS => service::panics(it, &context, split),
        application::EXTRACTION => application::extraction(it, &context, split).into_iter().collect(),
        _ => it.draft(&context, &sites).into_iter().collect(),
    });
    let mut drafts = vec![("service".to_owned(), common.collect())];
    drafts
        .push(("objectives".to_owned(), objectives::drafts(&crate::build::objectives::all(families), options, split)));
    let own = |it: &'a UsedFamily<'a>| (format!("family-{}", it.family.name), family::drafts(it, options, split));
    drafts.extend(families.iter().map(own));
    drafts.retain(|(_, it): &(String, Vec<Draft<'_>>)| !it.is_empty());
    drafts
}

/// Returns all alerts about the monitoring stack.
pub(crate) fn stack(options: &Options) -> Drafts<'_> {
    let context = Context { families: &[], options };
    vec![(STACK.to_owned(), stack::ALERTS.iter().filter_map(|it| it.draft(&context, &[])).collect())]
}

/// Returns the thresholds of alerts by the alert's name.
pub(crate) fn limits<'a>(drafts: [&'a Drafts<'a>; 2]) -> BTreeMap<&'a str, Vec<Limit>> {
    let mut limits: BTreeMap<&str, Vec<Limit>> = BTreeMap::new();
    for draft in drafts.into_iter().flatten().flat_map(|(_, it)| it) {
        let Some(severity) = draft.severity else { continue };
        let limit = threshold(&draft.query).map(|(value, above)| Limit { value, above, severity });
        let known = limits.entry(draft.name).or_default();
        known.extend(limit.filter(|it| !known.contains(it)));
    }
    limits
}

/// Returns complete alerts, with links to panels and runbooks.
pub(crate) fn finish(
    service: &str,
    drafts: Drafts<'_>,
    rows: &[Row],
    job: &str,
    options: &Options,
) -> Vec<Group<Alert>> {
    let group = |(key, drafts): (String, Vec<Draft<'_>>)| Group {
        name: if key == service { key } else { format!("{service}-{key}") },
        rules: drafts.into_iter().map(|it| it.finish(job, rows, options)).collect(),
    };
    drafts.into_iter().map(group).collect()
}

/// Returns the threshold of a condition, and whether it holds above the threshold.
fn threshold(query: &Query) -> Option<(f64, bool)> {
    match query {
        Query::Compare(_, Comparison::Above, value) => Some((*value, true)),
        Query::Compare(_, Comparison::Below, value) => Some((*value, false)),
        Query::Combine(one, Combination::And | Combination::Unless, _) => threshold(one),
        // The other condition is about something else.
        Query::Combine(one, Combination::Or, other) if threshold(other).is_none() => threshold(one),
        _ => None,
    }
}
