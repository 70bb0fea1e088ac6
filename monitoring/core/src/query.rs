//! The query language: a small closed set of terms in which every panel and every rule is written.
//!
//! A term knows nothing of PromQL, of Grafana or of the job that is watched: `promql` prints it for a rule or for a
//! dashboard, and a page inside the program can evaluate the same term over samples of its own. So there are no strings
//! of PromQL anywhere, and a new kind of question is a new variant that every reader has to answer.
//!
//! Every aggregation keeps the label `job` besides the labels it names, since `job` is what rules and dashboards select
//! by; [`Query::Heatmap`] alone drops it.

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
    /// The metric's name; of a histogram, the name without `_bucket`.
    pub metric: String,
    /// What the labels must be.
    pub matchers: Vec<Matcher>,
    /// What the series belong to.
    pub origin: Origin,
}

/// What one label of a series must be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Matcher {
    /// The label's name.
    pub label: String,
    /// What its value has to be.
    pub is: Match,
}

/// What the value of a label has to be.
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
    /// A text that begins with this one.
    StartsWith(String),
}

/// Where a series comes from, and so which labels tell its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A scraped target: the series has `job` and `instance`.
    Target,
    /// A rule that aggregated over targets: the series has `job` only.
    Rule,
    /// A target of another job, which is part of the monitoring itself.
    Job(&'static str),
}

/// How far back a term looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    /// What suits the place: five minutes in a rule, the width of a pixel in a dashboard, but never less than the rate
    /// needs.
    Recent,
    /// All that the dashboard shows; five minutes in a rule.
    Shown,
    /// So many seconds.
    Seconds(u32),
}

/// How an aggregation makes one number of many.
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
    /// How many there are.
    Count,
}

/// The direction of a comparison; what does not hold is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// Greater than.
    Above,
    /// Less than.
    Below,
    /// Equal to.
    Equal,
}

/// How two sets of series are combined by their labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Combination {
    /// The left ones that the right has too.
    And,
    /// The left ones, and those of the right that the left lacks.
    Or,
    /// The left ones that the right lacks.
    Unless,
}

/// A question about series; the answer is a set of labelled numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    /// The newest sample of each series.
    Instant(Selector),
    /// The growth of each counter per second.
    Rate(Selector, Window),
    /// The growth of each counter.
    Increase(Selector, Window),
    /// The mean of each gauge's samples; survives a failed scrape, which a bare gauge does not.
    AverageOverTime(Selector, Window),
    /// The largest of each gauge's samples.
    MaximumOverTime(Selector, Window),
    /// How often each gauge took another value.
    Changes(Selector, Window),
    /// The sample of each series so many seconds ago.
    Offset(Selector, u32),
    /// One number for each combination of `job` and the named labels.
    Aggregate(Aggregation, Vec<String>, Box<Query>),
    /// Observations per second up to each bound of a histogram, for each combination of `job` and the named labels.
    Buckets(Vec<String>, Selector, Window),
    /// Observations per second up to each bound of a histogram, over everything.
    Heatmap(Selector, Window),
    /// The quantile, from 0 to 1, of buckets.
    Quantile(f64, Box<Query>),
    /// The part divided by the whole; nothing where the whole is not above zero.
    Ratio {
        /// The numerator.
        part: Box<Query>,
        /// The denominator.
        whole: Box<Query>,
    },
    /// The first, and zero for each combination of labels that only the second has.
    OrZero(Box<Query>, Box<Query>),
    /// The sum of terms with the same labels.
    Plus(Vec<Query>),
    /// The first less the second, for terms with the same labels.
    Minus(Box<Query>, Box<Query>),
    /// The term divided by a number.
    DivideBy(Box<Query>, f64),
    /// One less the term: what a share leaves.
    Complement(Box<Query>),
    /// The mean of the term's answers over time.
    AvgOverTimeOf(Box<Query>, Window),
    /// Seconds since a point in time that the term gives in seconds since the epoch.
    Age(Box<Query>),
    /// Those numbers for which the comparison holds.
    Compare(Box<Query>, Comparison, f64),
    /// Two terms combined by their labels.
    Combine(Box<Query>, Combination, Box<Query>),
    /// One if no such series exists, else nothing.
    Absent(Selector),
    /// A number without labels.
    Constant(f64),
    /// What a recording rule has computed before; the evaluation of `of` gives the same.
    Recorded {
        /// The name of the recorded series.
        record: String,
        /// The labels that the recording rule adds.
        labels: Vec<(String, String)>,
        /// Which of the recorded series.
        matchers: Vec<Matcher>,
        /// What is recorded.
        of: Box<Query>,
    },
}

impl Match {
    /// Whether a value is what it has to be; a label that is missing has the value "".
    #[must_use]
    pub fn holds(&self, value: &str) -> bool {
        match self {
            Match::Equal(it) => it == value,
            Match::Different(it) => it != value,
            Match::OneOf(all) => all.iter().any(|it| it == value),
            Match::NoneOf(all) => all.iter().all(|it| it != value),
            Match::StartsWith(it) => value.starts_with(it.as_str()),
        }
    }
}

impl Query {
    /// The terms directly inside this one.
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
            | Query::OrZero(one, other)
            | Query::Combine(one, _, other) => vec![one, other],
            Query::Plus(terms) => terms.iter().collect(),
        }
    }

    /// The selector of a term that reads samples itself.
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

    /// Every selector in the term.
    #[must_use]
    pub fn selectors(&self) -> Vec<&Selector> {
        let mut all: Vec<&Selector> = self.children().into_iter().flat_map(Query::selectors).collect();
        all.extend(self.selector());
        all
    }

    /// The labels that the answer can have, or nothing where it has whatever the series have.
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
            | Query::Minus(of, _) => of.labels(),
            Query::Ratio { part: one, .. } | Query::Combine(one, Combination::And | Combination::Unless, _) => {
                one.labels()
            }
            Query::OrZero(one, other) | Query::Combine(one, Combination::Or, other) => {
                Some(one.labels()?.union(&other.labels()?).copied().collect())
            }
            Query::Plus(terms) => terms.first().and_then(Query::labels),
        }
    }
}
