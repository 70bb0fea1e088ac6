//! Evaluates queries over samples in memory. This is the second back end besides `promql`, with the same results.
//!
//! It evaluates a query for many instants at once, in columns, as a page draws it. A single instant is one column. It
//! is independent of the source of the samples ([`Source`]) and of the use of the results.
//!
//! The results equal those of Prometheus to a billionth: five minutes of look-back, stale series, extrapolation and
//! resets of counters, interpolation in buckets, and label matching. Windows and extrapolation are those of Prometheus 3,
//! or of 2.42 with [`Scope::prometheus_2`]. If Prometheus refuses to match two series with one, the first is used here.
//! A recorded query is evaluated from its definition.

mod aggregate;
mod alerts;
mod combine;
mod leaf;
mod part;
mod parts;
mod quantile;
mod samples;
mod scope;

pub(crate) use alerts::history;
pub use alerts::{Phase, Progress, progress};
pub use parts::{ROOM, in_parts, series_read};
pub use quantile::rows as quantile;
pub use samples::{Labels, Memory, STALE, Sample, Series, Source, Wanted, is_present};
pub use scope::{AnswerRow, LOOK_BACK, Scope};

use crate::query::{Aggregation, Combination, Comparison, Match, Matcher, Origin, Query, Selector, Window};
use scope::{Evaluation, seconds};
use std::sync::Arc;

/// Evaluates a query at these instants, in milliseconds since the epoch, the earliest first. Rows without any value are
/// left out.
#[must_use]
pub fn evaluate(query: &Query, scope: &Scope<'_>, source: &dyn Source, times: &[i64]) -> Vec<AnswerRow> {
    let (mut all, mut parts) = (Vec::new(), 0);
    in_parts(query, scope, source, times, ROOM, |rows| {
        parts += 1;
        all.extend(rows);
    });
    if parts > 1 {
        all.sort_by(|a: &AnswerRow, b: &AnswerRow| a.labels.cmp(&b.labels));
    }
    all
}

/// Returns the whole multiples of `step` after `after` up to `to`, in milliseconds.
#[must_use]
pub fn instants(after: i64, to: i64, step: u32) -> Vec<i64> {
    let first = after.div_euclid(i64::from(step)) * i64::from(step) + i64::from(step);
    (first..=to).step_by(step as usize).collect()
}

impl Evaluation<'_> {
    pub(super) fn rows(self, query: &Query) -> Vec<AnswerRow> {
        let one_by_one = |query: &Query, value: &dyn Fn(f64) -> f64| {
            combine::merged(self.rows(query).into_iter().map(|it| it.map(value)).collect())
        };
        match query {
            Query::Instant(_)
            | Query::Rate(..)
            | Query::Increase(..)
            | Query::AverageOverTime(..)
            | Query::MaximumOverTime(..)
            | Query::Changes(..)
            | Query::Offset(..) => {
                let mut rows = Vec::new();
                self.leaf(query, &mut |it| rows.push(it));
                rows
            }
            Query::Aggregate(kind, by, of) => self.aggregate(*kind, by.iter().map(String::as_str).chain(["job"]), of),
            Query::Buckets(by, it, window) => {
                let by = by.iter().map(String::as_str).chain(["job", "le"]);
                self.aggregate(Aggregation::Sum, by, &Query::Rate(of_buckets(it), *window))
            }
            Query::Heatmap(it, window) => {
                self.aggregate(Aggregation::Sum, ["le"].into_iter(), &Query::Rate(of_buckets(it), *window))
            }
            Query::Quantile(quantile, of) => quantile::rows(*quantile, self.rows(of)),
            Query::Ratio { part, whole } => {
                combine::pairs(
                    self.rows(part),
                    &self.rows(whole),
                    |part, whole| {
                        if whole > 0.0 { part / whole } else { STALE }
                    },
                )
            }
            Query::OrZero(of, like) => combine::or(self.rows(of), one_by_one(like, &|it| 0.0 * it)),
            Query::Plus(terms) => {
                let mut terms = terms.iter().map(|it| self.rows(it));
                let first = terms.next().unwrap_or_default();
                terms.fold(first, |sum, it| combine::pairs(sum, &it, |one, other| one + other))
            }
            Query::Minus(one, other) => combine::pairs(self.rows(one), &self.rows(other), |one, other| one - other),
            Query::DivideBy(of, number) => one_by_one(of, &|it| it / number),
            Query::Complement(of) => one_by_one(of, &|it| 1.0 - it),
            Query::AvgOverTimeOf(of, window) => self.averaged(of, *window),
            Query::Age(of) => self.age(of),
            Query::Compare(of, comparison, threshold) => {
                let holds = |it: &f64| match comparison {
                    Comparison::Above => *it > *threshold,
                    Comparison::Below => *it < *threshold,
                    #[expect(clippy::float_cmp, reason = "what `==` means in PromQL")]
                    Comparison::Equal => *it == *threshold,
                };
                // A comparison does not change values, so it keeps the name.
                let mut rows = self.rows(of);
                rows.iter_mut().flat_map(|it| &mut it.values).filter(|it| !holds(it)).for_each(|it| *it = STALE);
                rows
            }
            Query::Exceeds(one, other) => {
                let above = |one, other| if one > other { 1.0 } else { STALE };
                let (one, other) = (self.rows(one), self.rows(other));
                // Like every comparison, it keeps the name.
                let above = combine::pairs(one.clone(), &other, above);
                combine::combine(one, Combination::And, above)
            }
            Query::Combine(one, combination, other) => combine::combine(self.rows(one), *combination, self.rows(other)),
            Query::Absent(it) => self.absent(it),
            Query::Constant(value) => {
                vec![AnswerRow { name: None, labels: Arc::default(), values: vec![*value; self.times.len()] }]
            }
            Query::Recorded { record, labels, matchers, of } => self.recorded(record, labels, matchers, of),
            Query::AllRecorded(all) => all.iter().flat_map(|it| self.rows(it)).collect(),
        }
    }

    /// Evaluates `absent`. The result has the labels that the selector fixes.
    fn absent(self, it: &Selector) -> Vec<AnswerRow> {
        let mut values = vec![1.0; self.times.len()];
        self.leaf(&Query::Instant(it.clone()), &mut |row| {
            for (value, found) in values.iter_mut().zip(&row.values) {
                if is_present(*found) {
                    *value = STALE;
                }
            }
        });
        let job = match it.origin {
            Origin::Jobs([job]) => Some(*job),
            Origin::Jobs(_) => None,
            _ => self.scope.only_job.then_some(self.scope.job),
        };
        let fixed = it.matchers.iter().filter_map(|matcher| match &matcher.is {
            Match::Equal(value) => Some((matcher.label.as_str(), value.as_str())),
            _ => None,
        });
        let labels = Labels::new(job.map(|it| ("job", it)).into_iter().chain(fixed));
        vec![AnswerRow { name: None, labels: Arc::new(labels), values }]
    }

    /// Returns the seconds between the instant and the value.
    fn age(self, of: &Query) -> Vec<AnswerRow> {
        let mut rows = self.rows(of);
        for row in &mut rows {
            row.name = None;
            for (value, time) in row.values.iter_mut().zip(self.times).filter(|it| is_present(*it.0)) {
                *value = seconds(*time) - *value;
            }
        }
        combine::merged(rows)
    }

    fn recorded(self, record: &str, added: &[(String, String)], matchers: &[Matcher], of: &Query) -> Vec<AnswerRow> {
        let scope =
            Scope { prometheus_2: self.scope.prometheus_2, step: self.scope.step, ..Scope::rules(self.scope.job) };
        let mut rows = Evaluation { scope: &scope, ..self }.rows(of);
        let name: Arc<str> = record.into();
        for row in &mut rows {
            row.name = Some(Arc::clone(&name));
            if row.labels.get("job").is_empty() {
                row.labels = Arc::new(Labels::new(row.labels.iter().chain([("job", self.scope.job)])));
            }
            if !added.is_empty() {
                let own = row.labels.iter().filter(|(name, _)| added.iter().all(|it| it.0 != *name));
                row.labels = Arc::new(Labels::new(own.chain(added.iter().map(|(n, v)| (n.as_str(), v.as_str())))));
            }
        }
        rows.retain(|row| matchers.iter().all(|it| it.is.holds(row.labels.get(&it.label))));
        combine::merged(rows)
    }

    /// Averages the results at whole steps within the window before each instant.
    fn averaged(self, of: &Query, window: Window) -> Vec<AnswerRow> {
        let window = self.scope.milliseconds(window);
        let (Some(first), Some(last)) = (self.times.first(), self.times.last()) else { return Vec::new() };
        // Before the first sample there are no results, and searching thirty days for them would take long.
        let start = first - window - self.scope.edge();
        let from = if speaks_alone(of) { start } else { start.max(self.source.oldest() - LOOK_BACK) };
        let steps = instants(from, *last, self.scope.step);
        let inner = Evaluation { times: &steps, ..self }.rows(of);
        let place = |time: i64| steps.partition_point(|it| *it <= time);
        let mean = |row: AnswerRow| {
            let of_window = |time: &i64| {
                let (from, to) = (place(time - window - self.scope.edge()), place(*time));
                let values = row.values.get(from..to).unwrap_or_default().iter().copied().filter(|it| is_present(*it));
                leaf::mean(values)
            };
            AnswerRow { name: None, labels: row.labels, values: self.times.iter().map(of_window).collect() }
        };
        combine::merged(inner.into_iter().map(mean).collect())
    }
}

/// Whether a query can have a result without any samples.
fn speaks_alone(query: &Query) -> bool {
    matches!(query, Query::Constant(_) | Query::Absent(_)) || query.children().into_iter().any(speaks_alone)
}

fn of_buckets(it: &Selector) -> Selector {
    Selector { metric: format!("{}_bucket", it.metric), ..it.clone() }
}
