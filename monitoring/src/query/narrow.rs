//! A term about all functions of a family, made a term about one.

use super::{Match, Matcher, Query, Selector};
use measurand_catalog::SiteRecord;

/// The term about those series only that have the labels of this function.
#[must_use]
pub(crate) fn narrowed(query: &Query, site: &SiteRecord) -> Query {
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
