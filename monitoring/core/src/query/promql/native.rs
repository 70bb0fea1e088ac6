//! Queries over native histograms, of which each is one series whose samples are histograms.
//!
//! The query language has only classic histograms. Here a bucket becomes a fraction, and a count a function.

use super::{At, Histograms, labels, print_in, selector, window};
use crate::query::promql::Binding;
use crate::query::{Aggregation, Match, Matcher, Query, Selector, Window};

/// Returns the printed query if it reads histograms and they are native.
pub(super) fn term(query: &Query, at: At<'_>) -> Option<String> {
    if at.histograms == Histograms::Classic {
        return None;
    }
    match query {
        Query::Buckets(by, it, range) => {
            Some(format!("sum by ({}) ({})", labels(by, &[]), over("rate", it, *range, at)))
        }
        Query::Heatmap(it, range) => Some(format!("sum ({})", over("rate", it, *range, at))),
        Query::Rate(it, range) => Some(format!("histogram_count({})", over("rate", &counted(it)?, *range, at))),
        Query::Increase(it, range) => Some(format!("histogram_count({})", over("increase", &counted(it)?, *range, at))),
        // Without observations a fraction is NaN, and so would be a sum and each mean over a longer time. So the sum
        // comes first, then the fraction, and no observations are zero.
        Query::Aggregate(Aggregation::Sum, by, of) => {
            let (function, it, range) = match of.as_ref() {
                Query::Rate(it, range) => ("rate", it, range),
                Query::Increase(it, range) => ("increase", it, range),
                _ => return None,
            };
            let (it, bound) = up_to(it)?;
            let all = format!("sum by ({}) ({})", labels(by, &[]), over(function, &it, *range, at));
            let count = format!("histogram_count({all})");
            Some(format!("(histogram_fraction(0, {bound}, {all}) * ({count} > 0) or 0 * {count})"))
        }
        // A native histogram is one series, which is as fast to read as a recorded one.
        Query::Recorded { matchers, of, .. } if matches!(**of, Query::Buckets(..)) => {
            Some(print_in(&narrowed(of, matchers), Binding::Atom, at))
        }
        _ => None,
    }
}

fn over(function: &str, it: &Selector, range: Window, at: At<'_>) -> String {
    format!("{function}({}[{}])", selector(it, "", at), window(range, at))
}

/// Returns the histogram whose observations the series counts. The catalog reserves such names for histograms.
fn counted(it: &Selector) -> Option<Selector> {
    let metric = it.metric.strip_suffix("_count")?.to_owned();
    Some(Selector { metric, ..it.clone() })
}

/// Returns the histogram that has the series as a bucket, and the bound of the bucket.
fn up_to(it: &Selector) -> Option<(Selector, String)> {
    let metric = it.metric.strip_suffix("_bucket")?.to_owned();
    let bound = match &it.matchers.iter().find(|it| it.label == "le")?.is {
        Match::Equal(it) => it.clone(),
        Match::OneOf(spellings) => spellings.first()?.clone(),
        _ => return None,
    };
    let matchers = it.matchers.iter().filter(|it| it.label != "le").cloned().collect();
    Some((Selector { metric, matchers, ..it.clone() }, bound))
}

fn narrowed(of: &Query, matchers: &[Matcher]) -> Query {
    let mut of = of.clone();
    if let Query::Buckets(_, it, _) = &mut of {
        it.matchers.extend(matchers.iter().cloned());
    }
    of
}
