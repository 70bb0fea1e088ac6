//! A term about all functions of a family, made a term about one; and whether a term is about one.

use crate::query::{Combination, Match, Matcher, Query, Selector};
use measurand_catalog::{FamilyRecord, SiteRecord};

/// The term about those series only that have the labels of this function.
pub(super) fn narrowed(query: &Query, site: &SiteRecord) -> Query {
    let narrow = |it: &Selector| {
        let matchers =
            site.labels.iter().map(|(label, value)| Matcher { label: label.clone(), is: Match::Equal(value.clone()) });
        Selector { matchers: it.matchers.iter().cloned().chain(matchers).collect(), ..it.clone() }
    };
    let inner = |it: &Query| Box::new(narrowed(it, site));
    match query {
        Query::Last(it) => Query::Last(narrow(it)),
        Query::Rate(it, window) => Query::Rate(narrow(it), *window),
        Query::Increase(it, window) => Query::Increase(narrow(it), *window),
        Query::AverageOverTime(it, window) => Query::AverageOverTime(narrow(it), *window),
        Query::MaximumOverTime(it, window) => Query::MaximumOverTime(narrow(it), *window),
        Query::Changes(it, window) => Query::Changes(narrow(it), *window),
        Query::Past(it, seconds) => Query::Past(narrow(it), *seconds),
        Query::Buckets(by, it, window) => Query::Buckets(by.clone(), narrow(it), *window),
        Query::Heatmap(it, window) => Query::Heatmap(narrow(it), *window),
        Query::Absent(it) => Query::Absent(narrow(it)),
        Query::Aggregate(kind, by, of) => Query::Aggregate(*kind, by.clone(), inner(of)),
        Query::Quantile(quantile, of) => Query::Quantile(*quantile, inner(of)),
        Query::Ratio { part, whole } => Query::Ratio { part: inner(part), whole: inner(whole) },
        Query::OrZero(of, like) => Query::OrZero(inner(of), inner(like)),
        Query::Plus(terms) => Query::Plus(terms.iter().map(|it| narrowed(it, site)).collect()),
        Query::Minus(one, other) => Query::Minus(inner(one), inner(other)),
        Query::Per(of, number) => Query::Per(inner(of), *number),
        Query::Rest(of) => Query::Rest(inner(of)),
        Query::Averaged(of, window) => Query::Averaged(inner(of), *window),
        Query::Age(of) => Query::Age(inner(of)),
        Query::Compare(of, comparison, threshold) => Query::Compare(inner(of), *comparison, *threshold),
        Query::Combine(one, combination, other) => Query::Combine(inner(one), *combination, inner(other)),
        Query::Constant(_) | Query::Recorded { .. } => query.clone(),
    }
}

/// Whether the answer can hold a series that this function makes.
pub(super) fn is_about(query: &Query, family: &FamilyRecord, site: Option<&SiteRecord>) -> bool {
    let about = |it: &Query| is_about(it, family, site);
    match query {
        Query::Combine(one, Combination::Unless, other) => about(one) && !about(other),
        Query::Combine(one, Combination::And, _) => about(one),
        Query::Recorded { matchers, of, .. } => fits(matchers, site) && about(of),
        _ => {
            let own = query.selector().is_some_and(|it| {
                family.metrics.iter().any(|metric| metric.name == series_of(&it.metric)) && fits(&it.matchers, site)
            });
            own || query.children().into_iter().any(about)
        }
    }
}

/// A label that the function leaves open can have any value.
fn fits(matchers: &[Matcher], site: Option<&SiteRecord>) -> bool {
    let Some(site) = site else { return true };
    matchers.iter().all(|it| site.labels.get(&it.label).is_none_or(|value| holds(&it.is, value)))
}

/// Whether a value is what it has to be.
pub(crate) fn holds(is: &Match, value: &str) -> bool {
    match is {
        Match::Equal(it) => it == value,
        Match::Different(it) => it != value,
        Match::OneOf(all) => all.iter().any(|it| it == value),
        Match::NoneOf(all) => all.iter().all(|it| it != value),
        Match::StartsWith(it) => value.starts_with(it.as_str()),
    }
}

/// The metric that a series belongs to: a histogram's `_count` is the histogram's.
pub(super) fn series_of(series: &str) -> &str {
    ["_count", "_sum", "_bucket"].iter().find_map(|it| series.strip_suffix(it)).unwrap_or(series)
}
