//! How many series a function, a metric and a family can make.
//!
//! A counter and a gauge are one series for each combination of labels; a histogram is one for each bound, one for
//! `+Inf`, `_sum` and `_count`: its bounds and three more. Of labels that are no literals a family keeps so many
//! combinations apart as its limit says; all further ones are one more, `_other`.

use measurand_catalog::{
    ADDED_LABELS, CALLER_LABEL, FamilyRecord, Kind, LabelRecord, MetricRecord, Role, SERIES_LIMIT, SiteRecord,
};
use measurand_monitoring::build::used_family::UsedFamily;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::iter::Sum;

const LIMIT: u64 = SERIES_LIMIT as u64;

/// So many combinations of values a function with a free label can make: as many as the limit lets through, and `_other`.
pub(super) const MOST: u64 = LIMIT + 1;

/// So many it is planned with: a layer of HTTP with ten routes, two methods and five statuses.
pub(super) const PLANNED: u64 = 100;

/// A number of series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Budget {
    /// The most there can be.
    pub series: u64,
    /// Whether only the limit bounds the number: a label takes whatever value comes, and further ones become `_other`.
    pub bounded_by_other: bool,
}

impl Sum for Budget {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, it| Self {
            series: sum.series.saturating_add(it.series),
            bounded_by_other: sum.bounded_by_other || it.bounded_by_other,
        })
    }
}

/// What one function can make of one metric.
pub(super) fn of_site(site: &SiteRecord, family: &FamilyRecord, metric: &MetricRecord) -> Budget {
    times(limited(combinations(site, family, metric, MOST)), family, metric, kinds_of(site, metric).len())
}

/// What all functions of a family can make of one metric.
pub(super) fn of_metric(family: &UsedFamily<'_>, metric: &MetricRecord, free: u64) -> Budget {
    // Functions with the same literals make the same series, each with the kinds of its errors.
    let mut literal: BTreeMap<BTreeMap<&str, &str>, (Budget, BTreeSet<&str>)> = BTreeMap::new();
    for site in family.sites() {
        let is_of_metric = |name: &str| metric.labels.iter().any(|it| it == name) || ADDED_LABELS.contains(&name);
        let labels = site.given_labels().filter(|(name, _)| is_of_metric(name)).collect();
        let budget = || (combinations(site, family.family, metric, free), BTreeSet::new());
        literal.entry(labels).or_insert_with(budget).1.extend(kinds_of(site, metric));
    }
    let (fixed, open): (Vec<_>, Vec<_>) =
        literal.into_values().partition(|(it, _)| it.series == 1 && !it.bounded_by_other);
    let kinds = open.iter().flat_map(|(_, kinds)| kinds).collect::<BTreeSet<_>>().len();
    let open = times(limited(open.iter().map(|(it, _)| *it).sum()), family.family, metric, kinds);
    fixed.into_iter().map(|(it, kinds)| times(it, family.family, metric, kinds.len())).chain([open]).sum()
}

/// What all functions of a family can make, where a function with a free label makes so many combinations.
pub(super) fn of_family(family: &UsedFamily<'_>, free: u64) -> Budget {
    family.family.metrics.iter().map(|it| of_metric(family, it, free)).sum()
}

/// The kinds of errors that the function adds to the metric.
fn kinds_of<'a>(site: &'a SiteRecord, metric: &MetricRecord) -> Vec<&'a str> {
    let kinds = site.error_kinds.iter().map(String::as_str);
    kinds.filter(|_| metric.role == Role::Errors).collect()
}

/// For each combination of the family's labels: a series for each value of the metric's own label, for each kind of
/// errors, and for each part.
fn times(combinations: Budget, family: &FamilyRecord, metric: &MetricRecord, kinds: usize) -> Budget {
    // Where the result of a call tells a label, such as a status, it tells the outcome with it.
    let told = metric.role == Role::Errors && family.labels.iter().any(|it| it.from_result);
    let own = metric.role.extra_label().filter(|_| !told).map_or(1, |it| it.values.len() + kinds);
    let parts = if metric.kind == Kind::Histogram { metric.buckets.len() + 3 } else { 1 };
    let each = u64::try_from(own.saturating_mul(parts)).unwrap_or(u64::MAX);
    Budget { series: combinations.series.saturating_mul(each), ..combinations }
}

/// The combinations of labels that one function can bring.
fn combinations(site: &SiteRecord, family: &FamilyRecord, metric: &MetricRecord, free: u64) -> Budget {
    let open = |it: &&LabelRecord| metric.labels.contains(&it.name) && !site.labels.contains_key(&it.name);
    let mut all = Budget { series: 1, bounded_by_other: false };
    for label in family.labels.iter().filter(open) {
        all.bounded_by_other |= label.values.is_empty();
        // One more than the values that it knows, for those that it does not.
        all.series = all.series.saturating_mul(label.values.len() as u64 + 1);
    }
    all.bounded_by_other |= site.expressions.contains_key(CALLER_LABEL);
    if all.bounded_by_other { Budget { series: free, ..all } } else { all }
}

/// What the limit lets through: so many combinations, and the one that stands for all others.
fn limited(all: Budget) -> Budget {
    Budget { series: all.series.min(MOST), bounded_by_other: all.bounded_by_other || all.series > LIMIT }
}
