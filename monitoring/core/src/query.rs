//! The query language: a small closed set of query kinds in which every panel and every rule is written.
//!
//! A query is independent of PromQL, Grafana and the monitored job: `promql` prints it for a rule or for a dashboard,
//! and a page inside the program can evaluate the same query over its own samples. So no PromQL strings exist
//! elsewhere, and the compiler makes every reader handle a new kind of query.
//!
//! Every aggregation keeps the label `job` besides the labels it names, since rules and dashboards select by `job`.
//! Only [`Query::Heatmap`] drops it.

mod about;
mod build;
pub mod evaluate;
mod narrow;
pub mod promql;

pub use about::{is_about, series_of};
pub use narrow::{fixed, narrowed};

use std::collections::BTreeSet;

/// The series of one metric.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selector {
    /// The name of the metric; for a histogram, the name without `_bucket`.
    pub metric: String,
    /// The conditions on labels.
    pub matchers: Vec<Matcher>,
    /// The kind of target that the series belong to.
    pub origin: Origin,
}

/// A condition on one label of a series.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Matcher {
    /// The name of the label.
    pub label: String,
    /// The condition on its value.
    pub is: Match,
}

/// A condition on the value of a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Match {
    /// This text.
    Equal(String),
    /// Any other text.
    Different(String),
    /// One of these texts.
    OneOf(Vec<String>),
    /// None of these texts.
    NoneOf(Vec<String>),
    /// A text with this prefix.
    StartsWith(String),
    /// The text that the viewer of the dashboard chose in the variable with the label's name. Elsewhere any text.
    Chosen,
}

/// The origin of a series, which determines the labels that identify its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A scraped target: the series has `job` and `instance`.
    Target,
    /// A rule that aggregated over targets: the series has `job` only.
    Rule,
    /// A target of one of these jobs, which belong to the monitoring stack.
    Jobs(&'static [&'static str]),
}

/// The time range that a query reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    /// The default: five minutes in a rule; in a dashboard the width of a pixel, but never less than a rate needs.
    Recent,
    /// The whole time range of the dashboard; five minutes in a rule.
    Shown,
    /// A number of seconds.
    Seconds(u32),
}

/// How an aggregation combines several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Aggregation {
    /// The sum.
    Sum,
    /// The mean.
    Average,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
    /// The number of values.
    Count,
}

/// The kind of a comparison. Values for which it is false are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// Greater than.
    Above,
    /// Less than.
    Below,
    /// Equal to.
    Equal,
}

/// The kind of set operation on two sets of series, by their labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Combination {
    /// Series of the left side that the right side also has.
    And,
    /// Series of the left side, and those of the right side that the left side lacks.
    Or,
    /// Series of the left side that the right side lacks.
    Unless,
}

/// A query over series. Its result is a set of labelled values.
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    /// The newest sample of each series.
    Instant(Selector),
    /// The per-second growth of each counter.
    Rate(Selector, Window),
    /// The growth of each counter within the window.
    Increase(Selector, Window),
    /// The average of each gauge's samples. Unlike the newest sample, it survives a failed scrape.
    AverageOverTime(Selector, Window),
    /// The maximum of each gauge's samples.
    MaximumOverTime(Selector, Window),
    /// The number of changes of each gauge's value.
    Changes(Selector, Window),
    /// The sample of each series this number of seconds ago.
    Offset(Selector, u32),
    /// One value for each combination of `job` and the named labels.
    Aggregate(Aggregation, Vec<String>, Box<Query>),
    /// Observations per second up to each bound of a histogram, for each combination of `job` and the named labels.
    Buckets(Vec<String>, Selector, Window),
    /// Observations per second up to each bound of a histogram, over all series.
    Heatmap(Selector, Window),
    /// The quantile, from 0 to 1, of the inner query's buckets.
    Quantile(f64, Box<Query>),
    /// The quotient of part and whole; no value if the whole is not above zero.
    Ratio {
        /// The numerator.
        part: Box<Query>,
        /// The denominator.
        whole: Box<Query>,
    },
    /// The first query, and zero for each combination of labels that only the second has.
    OrZero(Box<Query>, Box<Query>),
    /// The sum of queries with the same labels.
    Plus(Vec<Query>),
    /// The first query minus the second, which has the same labels.
    Minus(Box<Query>, Box<Query>),
    /// The query divided by a number.
    DivideBy(Box<Query>, f64),
    /// One minus the query: the rest of a share.
    Complement(Box<Query>),
    /// The average of the query's results over time.
    AvgOverTimeOf(Box<Query>, Window),
    /// Seconds since a point in time, which the query returns in seconds since the epoch.
    Age(Box<Query>),
    /// The values for which the comparison is true.
    Compare(Box<Query>, Comparison, f64),
    /// The values of the first query that are above those of the second, which has the same labels.
    Exceeds(Box<Query>, Box<Query>),
    /// Two queries combined by their labels.
    Combine(Box<Query>, Combination, Box<Query>),
    /// One if no such series exists, otherwise no series.
    Absent(Selector),
    /// A value without labels.
    Constant(f64),
    /// A series recorded by a recording rule. Evaluating `of` gives the same result.
    Recorded {
        /// The name of the recorded series.
        record: String,
        /// The labels that the recording rule adds.
        labels: Vec<(String, String)>,
        /// The conditions on the recorded series.
        matchers: Vec<Matcher>,
        /// The recorded query.
        of: Box<Query>,
    },
    /// Recorded queries with the same record and different labels. One selector reads all of them.
    AllRecorded(Vec<Query>),
}

impl Match {
    /// Whether a value satisfies the condition. A missing label has the value "".
    #[must_use]
    pub fn holds(&self, value: &str) -> bool {
        match self {
            Match::Equal(it) => it == value,
            Match::Different(it) => it != value,
            Match::OneOf(all) => all.iter().any(|it| it == value),
            Match::NoneOf(all) => all.iter().all(|it| it != value),
            Match::StartsWith(it) => value.starts_with(it.as_str()),
            Match::Chosen => true,
        }
    }
}

impl Query {
    /// Returns the direct subqueries.
    #[must_use]
    pub fn children(&self) -> Vec<&Query> {
        match self {
            Query::Instant(_)
            | Query::Rate(..)
            | Query::Increase(..)
            | Query::AverageOverTime(..)
            | Query::MaximumOverTime(..)
            | Query::Changes(..)
            | Query::Offset(..)
            | Query::Buckets(..)
            | Query::Heatmap(..)
            | Query::Absent(_)
            | Query::Constant(_) => Vec::new(),
            Query::Aggregate(_, _, of)
            | Query::Quantile(_, of)
            | Query::Age(of)
            | Query::DivideBy(of, _)
            | Query::Complement(of)
            | Query::AvgOverTimeOf(of, _)
            | Query::Compare(of, ..)
            | Query::Recorded { of, .. } => vec![of],
            Query::Ratio { part: one, whole: other }
            | Query::Minus(one, other)
            | Query::Exceeds(one, other)
            | Query::OrZero(one, other)
            | Query::Combine(one, _, other) => vec![one, other],
            Query::Plus(all) | Query::AllRecorded(all) => all.iter().collect(),
        }
    }

    /// Returns the selector of a query that reads samples directly.
    #[must_use]
    pub fn selector(&self) -> Option<&Selector> {
        match self {
            Query::Instant(it)
            | Query::Rate(it, _)
            | Query::Increase(it, _)
            | Query::AverageOverTime(it, _)
            | Query::MaximumOverTime(it, _)
            | Query::Changes(it, _)
            | Query::Offset(it, _)
            | Query::Buckets(_, it, _)
            | Query::Heatmap(it, _)
            | Query::Absent(it) => Some(it),
            _ => None,
        }
    }

    /// Returns every selector in the query.
    #[must_use]
    pub fn selectors(&self) -> Vec<&Selector> {
        let mut all: Vec<&Selector> = self.children().into_iter().flat_map(Query::selectors).collect();
        all.extend(self.selector());
        all
    }

    /// Returns the labels that the result can have, or `None` if it has the labels of the series.
    #[must_use]
    pub fn labels(&self) -> Option<BTreeSet<&str>> {
        match self {
            Query::Instant(_)
            | Query::Rate(..)
            | Query::Increase(..)
            | Query::AverageOverTime(..)
            | Query::MaximumOverTime(..)
            | Query::Changes(..)
            | Query::Offset(..)
            | Query::Absent(_) => None,
            Query::Constant(_) => Some(BTreeSet::new()),
            Query::Heatmap(..) => Some(BTreeSet::from(["le"])),
            Query::Aggregate(_, by, _) => Some(by.iter().map(String::as_str).chain(["job"]).collect()),
            Query::Buckets(by, ..) => Some(by.iter().map(String::as_str).chain(["job", "le"]).collect()),
            Query::Quantile(_, of) => of.labels().map(|it| it.into_iter().filter(|label| *label != "le").collect()),
            Query::Recorded { of, labels, .. } => {
                Some(of.labels()?.into_iter().chain(labels.iter().map(|(name, _)| name.as_str())).collect())
            }
            Query::Age(of)
            | Query::DivideBy(of, _)
            | Query::Complement(of)
            | Query::AvgOverTimeOf(of, _)
            | Query::Compare(of, ..)
            | Query::Exceeds(of, _)
            | Query::Minus(of, _) => of.labels(),
            Query::Ratio { part: one, .. } | Query::Combine(one, Combination::And | Combination::Unless, _) => {
                one.labels()
            }
            Query::OrZero(one, other) | Query::Combine(one, Combination::Or, other) => {
                Some(one.labels()?.union(&other.labels()?).copied().collect())
            }
            Query::Plus(all) | Query::AllRecorded(all) => all.first().and_then(Query::labels),
        }
    }
}
