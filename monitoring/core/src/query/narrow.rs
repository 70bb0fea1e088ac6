//! Restricts a query to some of the series of a family.

use super::{Match, Matcher, Query, Selector};
use measurand_catalog::SiteRecord;

/// Returns the query, restricted to series whose labels satisfy the matchers.
#[must_use]
pub fn narrowed(query: &Query, matchers: &[Matcher]) -> Query {
    let both = |own: &[Matcher]| own.iter().chain(matchers).cloned().collect();
    let narrow = |it: &Selector| Selector { matchers: both(&it.matchers), ..it.clone() };
    let inner = |it: &Query| Box::new(narrowed(it, matchers));
    match query {
        Query::Instant(it) => Query::Instant(narrow(it)),
        Query::Rate(it, window) => Query::Rate(narrow(it), *window),
        Query::Increase(it, window) => Query::Increase(narrow(it), *window),
        Query::AverageOverTime(it, window) => Query::AverageOverTime(narrow(it), *window),
        Query::MaximumOverTime(it, window) => Query::MaximumOverTime(narrow(it), *window),
        Query::Changes(it, window) => Query::Changes(narrow(it), *window),
        Query::Offset(it, seconds) => Query::Offset(narrow(it), *seconds),
        Query::Buckets(by, it, window) => Query::Buckets(by.clone(), narrow(it), *window),
        Query::Heatmap(it, window) => Query::Heatmap(narrow(it), *window),
        Query::Absent(it) => Query::Absent(narrow(it)),
        Query::Aggregate(kind, by, of) => Query::Aggregate(*kind, by.clone(), inner(of)),
        Query::Quantile(quantile, of) => Query::Quantile(*quantile, inner(of)),
        Query::Ratio { part, whole } => Query::Ratio { part: inner(part), whole: inner(whole) },
        Query::OrZero(of, like) => Query::OrZero(inner(of), inner(like)),
        Query::Plus(terms) => Query::Plus(terms.iter().map(|it| narrowed(it, matchers)).collect()),
        Query::Minus(one, other) => Query::Minus(inner(one), inner(other)),
        Query::DivideBy(of, number) => Query::DivideBy(inner(of), *number),
        Query::Complement(of) => Query::Complement(inner(of)),
        Query::AvgOverTimeOf(of, window) => Query::AvgOverTimeOf(inner(of), *window),
        Query::Age(of) => Query::Age(inner(of)),
        Query::Compare(of, comparison, threshold) => Query::Compare(inner(of), *comparison, *threshold),
        Query::Exceeds(one, other) => Query::Exceeds(inner(one), inner(other)),
        Query::Combine(one, combination, other) => Query::Combine(inner(one), *combination, inner(other)),
        Query::AllRecorded(all) => Query::AllRecorded(all.iter().map(|it| narrowed(it, matchers)).collect()),
        Query::Constant(_) => query.clone(),
        Query::Recorded { record, labels, matchers: own, of } => {
            Query::Recorded { record: record.clone(), labels: labels.clone(), matchers: both(own), of: of.clone() }
        }
    }
}

/// Returns matchers for the labels that a function fixes.
#[must_use]
pub fn fixed(site: &SiteRecord) -> Vec<Matcher> {
    let matcher =
        |(label, value): (&String, &String)| Matcher { label: label.clone(), is: Match::Equal(value.clone()) };
    site.labels.iter().map(matcher).collect()
}
