//! Evaluation of a query in parts, so that the values of all series are never in memory at once.
//!
//! A query over thousands of series has thousands of rows, and a quantile reads eleven rows for each of its results.
//! Series that differ in a label which every aggregation keeps never contribute to the same result. So series are
//! assigned to parts by the values of these labels, and each part is evaluated alone.

use super::part::{Keys, Part};
use super::samples::{Source, is_present};
use super::scope::{AnswerRow, Evaluation, Scope};
use crate::query::{Query, Selector};

/// Number of values that the widest step of one part may hold.
pub const ROOM: usize = 1 << 19;
/// Memory of a row apart from its values, in values.
const ROW: usize = 64;

/// Evaluates a query like [`super::evaluate`], but passes the rows of one part after the other. The widest step of a
/// part holds about `room` values. Stops once the source reports that the result is no longer needed.
pub fn in_parts(
    query: &Query,
    scope: &Scope<'_>,
    source: &dyn Source,
    times: &[i64],
    room: usize,
    mut each: impl FnMut(Vec<AnswerRow>),
) {
    let keys = Keys::of(query);
    let of = if keys.can_tell_apart() { parts(query, source, times.len(), room) } else { 1 };
    for number in 0..of {
        if source.is_abandoned() {
            return;
        }
        let part = Part { keys: keys.clone(), number, of };
        let mut rows = Evaluation { scope, source, times, part: Some(&part).filter(|_| of > 1) }.rows(query);
        rows.retain(|it| it.values.iter().any(|it| is_present(*it)));
        each(rows);
    }
}

/// Returns the largest number of series that a query reads at each instant.
#[must_use]
pub fn series_read(query: &Query, source: &dyn Source) -> usize {
    query.selectors().into_iter().map(|it| series(it, source)).sum()
}

fn series(it: &Selector, source: &dyn Source) -> usize {
    // A query over buckets has the name of the histogram.
    source.count(&it.metric) + source.count(&format!("{}_bucket", it.metric))
}

fn parts(query: &Query, source: &dyn Source, times: usize, room: usize) -> u64 {
    let widest = query.selectors().into_iter().map(|it| series(it, source)).max().unwrap_or_default();
    let parts = widest.saturating_mul(times + ROW).div_ceil(room.max(1));
    u64::try_from(parts.max(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::evaluate::{Labels, Memory, Series, evaluate, instants};
    use crate::query::{Aggregation, Combination, Comparison, Window};
    use std::sync::Arc;

    const BOUNDS: [&str; 4] = ["0.1", "0.5", "1", "+Inf"];

    /// Samples of forty functions in four modules; one module has no durations.
    fn samples() -> Memory {
        let mut all = Memory::default();
        for number in 0..40_u32 {
            let (function, module) = (format!("f{number}"), format!("m{}", number % 4));
            let mut push = |metric: &str, extra: &[(&str, &str)], growth: f64| {
                let own = [("function", function.as_str()), ("module", &module), ("job", "shop"), ("instance", "i")];
                let labels = Arc::new(Labels::new(own.into_iter().chain(extra.iter().copied())));
                let samples = (0..60_u32).map(|it| (i64::from(it) * 5000, growth * f64::from(it))).collect();
                all.push(metric, Series { labels, samples });
            };
            push("calls_total", &[], f64::from(number));
            push("errors_total", &[("outcome", "error")], f64::from(number % 3));
            push("errors_total", &[("outcome", "panic")], f64::from(number % 5));
            for (place, bound) in (1_u32..).zip(BOUNDS).filter(|_| number % 4 != 3) {
                push("wait_seconds_bucket", &[("le", bound)], f64::from(place * (number % 7)));
            }
        }
        all
    }

    fn by(labels: &[&str]) -> Vec<String> {
        labels.iter().map(|it| (*it).to_owned()).collect()
    }

    fn rate(metric: &str) -> Query {
        Query::Rate(Selector::new(metric), Window::Seconds(60))
    }

    fn sum(of: Query, labels: &[&str]) -> Query {
        Query::Aggregate(Aggregation::Sum, by(labels), Box::new(of))
    }

    fn buckets(labels: &[&str]) -> Query {
        Query::Buckets(by(labels), Selector::new("wait_seconds"), Window::Seconds(60))
    }

    /// Rows as text, in which NaN equals itself.
    fn shown(rows: &[AnswerRow]) -> Vec<String> {
        rows.iter().map(|it| format!("{it:?}")).collect()
    }

    fn check(query: &Query, is_split: bool) {
        let (source, times) = (samples(), instants(0, 290_000, 15_000));
        let scope = Scope::dashboard("shop", 60, 300);
        let mut whole = evaluate(query, &scope, &source, &times);
        whole.sort_by(|a, b| a.labels.cmp(&b.labels));
        assert!(!whole.is_empty(), "{query:?}");
        for room in [1, 500, 1500] {
            let (mut found, mut count, mut widest) = (Vec::new(), 0, 0);
            in_parts(query, &scope, &source, &times, room, |rows| {
                count += 1;
                widest = widest.max(rows.len());
                found.extend(rows);
            });
            found.sort_by(|a, b| a.labels.cmp(&b.labels));
            assert_eq!(shown(&found), shown(&whole), "{query:?} in {count} parts");
            assert_eq!(count > 1, is_split, "{query:?}");
            assert!(!is_split || widest < whole.len() || whole.len() < 5, "{query:?}: {widest} rows at once");
        }
    }

    #[test]
    fn evaluation_in_parts_gives_the_same_result() {
        check(&rate("calls_total"), true);
        check(&sum(rate("calls_total"), &["function"]), true);
        check(&sum(rate("calls_total"), &["module"]), true);
        check(&sum(rate("calls_total"), &[]), false);
        check(&buckets(&["function"]), true);
        check(&Query::Quantile(0.9, Box::new(buckets(&["function", "module"]))), true);
        check(&Query::Quantile(0.9, Box::new(buckets(&[]))), false);
        let ratio = Query::Ratio {
            part: sum(rate("errors_total"), &["function", "module"]).into(),
            whole: sum(rate("calls_total"), &["function", "module"]).into(),
        };
        check(&ratio, true);
        check(&sum(ratio.clone(), &["module"]), true);
        check(&Query::Compare(Box::new(ratio.clone()), Comparison::Above, 0.1), true);
        let by_function = |metric| Box::new(sum(rate(metric), &["function"]));
        let zero = Query::OrZero(by_function("errors_total"), by_function("calls_total"));
        check(&zero, true);
        check(&Query::AvgOverTimeOf(zero.clone().into(), Window::Seconds(120)), true);
        check(&Query::Combine(zero.into(), Combination::And, by_function("calls_total")), true);
        let or_one = Query::Combine(Box::new(Query::Constant(1.0)), Combination::Or, by_function("calls_total"));
        check(&or_one, false);
        check(&Query::Heatmap(Selector::new("wait_seconds"), Window::Seconds(60)), false);
    }

    #[test]
    fn a_label_that_a_recording_sets_does_not_split() {
        let recorded = |labels: &[(&str, &str)]| Query::Recorded {
            record: "module:calls:rate".to_owned(),
            labels: labels.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
            matchers: Vec::new(),
            of: sum(rate("calls_total"), &["module"]).into(),
        };
        check(&recorded(&[]), true);
        check(&recorded(&[("module", "all")]), false);
    }
}
