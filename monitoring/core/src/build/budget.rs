//! Computes the maximum number of series of a function, a metric and a family, and the `sample_limit` that follows.
//!
//! A counter or a gauge has one series for each combination of labels. A histogram has one for each bound, and three
//! more: `+Inf`, `_sum` and `_count`. A family limits the combinations of computed labels; all combinations beyond the
//! limit share one more, `_other`.

use crate::build::used_family::UsedFamily;
use crate::model::options::Options;
use measurand_catalog::{
    ADDED_LABELS, CALLER_LABEL, FamilyRecord, Kind, LabelRecord, MetricRecord, Role, SERIES_LIMIT, SiteRecord,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::iter::Sum;

const LIMIT: u64 = SERIES_LIMIT as u64;

/// Maximum number of combinations of a function with a label of arbitrary values: the limit, and `_other`.
pub const MOST: u64 = LIMIT + 1;

/// Samples for metrics that no annotated function records: those of every endpoint, and those that the program records
/// by hand. A histogram recorded by hand has 32,016 series at its limit.
const OTHERS: u64 = 50_000;

/// Number of combinations to plan with: that of an HTTP layer with ten routes, two methods and five statuses.
pub const PLANNED: u64 = 100;

/// A maximum number of series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Budget {
    /// The maximum.
    pub series: u64,
    /// Whether only the limit bounds the number: a label has arbitrary values, and those beyond the limit become
    /// `_other`.
    pub bounded_by_other: bool,
}

impl Sum for Budget {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, budget| Self {
            series: sum.series.saturating_add(budget.series),
            bounded_by_other: sum.bounded_by_other || budget.bounded_by_other,
        })
    }
}

/// The series of one metric that one function can create.
pub fn of_site(site: &SiteRecord, family: &FamilyRecord, metric: &MetricRecord) -> Budget {
    times(limited(combinations(site, family, metric, MOST)), family, metric, kinds_of(site, metric).len())
}

/// The series of one metric that all functions of a family can create.
pub fn of_metric(family: &UsedFamily<'_>, metric: &MetricRecord, free: u64) -> Budget {
    // Functions with the same fixed labels share series. Each adds its own error kinds.
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

/// The series that all functions of a family can create. A function with a label of arbitrary values counts as `free`
/// combinations.
pub fn of_family(family: &UsedFamily<'_>, free: u64) -> Budget {
    family.family.metrics.iter().map(|it| of_metric(family, it, free)).sum()
}

/// The `sample_limit` of the program's job. By default it is the series of all families at their limits and `OTHERS`,
/// plus a quarter, rounded up to thousands. So annotated functions alone never exceed 80 % of it.
pub fn sample_limit(families: &[UsedFamily<'_>], options: &Options) -> u32 {
    let all = families.iter().map(|it| of_family(it, MOST)).sum::<Budget>().series.saturating_add(OTHERS);
    let limit = all.saturating_add(all / 4).div_ceil(1000).saturating_mul(1000);
    options.sample_limit.unwrap_or_else(|| u32::try_from(limit).unwrap_or(u32::MAX))
}

/// The error kinds that the function adds to the metric.
fn kinds_of<'a>(site: &'a SiteRecord, metric: &MetricRecord) -> Vec<&'a str> {
    let kinds = site.error_kinds.iter().map(String::as_str);
    kinds.filter(|_| metric.role == Role::Errors).collect()
}

/// Multiplies the combinations of the family's labels by the values of the metric's own label, by the error kinds, and
/// by the parts of a histogram.
fn times(combinations: Budget, family: &FamilyRecord, metric: &MetricRecord, kinds: usize) -> Budget {
    // A label from the result, such as a status, also determines the outcome.
    let is_determined = metric.role == Role::Errors && family.labels.iter().any(|it| it.from_result);
    let own = metric.role.extra_label().filter(|_| !is_determined).map_or(1, |it| it.values.len() + kinds);
    let parts = if metric.kind == Kind::Histogram { metric.buckets.len() + 3 } else { 1 };
    let each = u64::try_from(own.saturating_mul(parts)).unwrap_or(u64::MAX);
    Budget { series: combinations.series.saturating_mul(each), ..combinations }
}

/// The combinations of label values that one function can have.
fn combinations(site: &SiteRecord, family: &FamilyRecord, metric: &MetricRecord, free: u64) -> Budget {
    let open = |it: &&LabelRecord| metric.labels.contains(&it.name) && !site.labels.contains_key(&it.name);
    let mut all = Budget { series: 1, bounded_by_other: false };
    for label in family.labels.iter().filter(open) {
        all.bounded_by_other |= label.values.is_empty();
        // One more for values outside of the list.
        all.series = all.series.saturating_mul(label.values.len() as u64 + 1);
    }
    all.bounded_by_other |= site.expressions.contains_key(CALLER_LABEL);
    if all.bounded_by_other { Budget { series: free, ..all } } else { all }
}

/// The combinations within the limit: at most [`MOST`].
fn limited(all: Budget) -> Budget {
    Budget { series: all.series.min(MOST), bounded_by_other: all.bounded_by_other || all.series > LIMIT }
}
