//! Short ways to write terms, so that a table of panels or alerts reads like what it asks.

use super::{Aggregation, Combination, Comparison, Match, Matcher, Origin, Query, Selector, Window};

impl Selector {
    /// All series of a scraped metric.
    #[must_use]
    pub fn new(metric: impl Into<String>) -> Self {
        Self { metric: metric.into(), matchers: Vec::new(), origin: Origin::Target }
    }

    /// All series of a metric that rules make.
    #[must_use]
    pub fn of_rules(metric: impl Into<String>) -> Self {
        Self { origin: Origin::Rule, ..Self::new(metric) }
    }

    /// Only those whose label has this value.
    #[must_use]
    pub fn with(self, label: &str, value: &str) -> Self {
        self.matching(label, Match::Equal(value.to_owned()))
    }

    /// Only those whose label has another value.
    #[must_use]
    pub fn without(self, label: &str, value: &str) -> Self {
        self.matching(label, Match::Different(value.to_owned()))
    }

    /// Only those whose label is this.
    #[must_use]
    pub fn matching(mut self, label: &str, is: Match) -> Self {
        self.matchers.push(Matcher { label: label.to_owned(), is });
        self
    }

    /// Of a histogram's buckets only the one with this upper bound, however the bound is spelt: Prometheus 2 keeps what
    /// it scraped (`1`, `0.00001`), Prometheus 3 writes what Go would (`1.0`, `1e-05`).
    #[must_use]
    pub fn up_to(self, bound: f64) -> Self {
        let mut spellings = spellings(bound);
        let is = match spellings.pop() {
            Some(only) if spellings.is_empty() => Match::Equal(only),
            last => Match::OneOf(spellings.into_iter().chain(last).collect()),
        };
        self.matching("le", is)
    }

    /// The series of a part of the monitoring itself.
    #[must_use]
    pub fn of_job(job: &'static str, metric: impl Into<String>) -> Self {
        Self { origin: Origin::Job(job), ..Self::new(metric) }
    }
}

/// The ways in which the bound of a bucket is written, each once.
fn spellings(bound: f64) -> Vec<String> {
    let plain = bound.to_string();
    let mut all = vec![plain.clone()];
    if bound.fract() == 0.0 && bound.abs() < 1e15 {
        all.push(format!("{plain}.0"));
    }
    if bound != 0.0 && bound.abs() < 1e-4 {
        // Go writes an exponent of at least two digits.
        let text = format!("{bound:e}");
        all.extend(text.split_once("e-").map(|(digits, exponent)| format!("{digits}e-{exponent:0>2}")));
    }
    all
}

impl Query {
    /// The sum by `job` and these labels.
    #[must_use]
    pub fn sum(self, by: &[String]) -> Self {
        self.aggregate(Aggregation::Sum, by)
    }

    /// Any aggregation by `job` and these labels.
    #[must_use]
    pub fn aggregate(self, aggregation: Aggregation, by: &[String]) -> Self {
        Query::Aggregate(aggregation, by.to_vec(), Box::new(self))
    }

    /// The quantile of these buckets.
    #[must_use]
    pub fn quantile(self, quantile: f64) -> Self {
        Query::Quantile(quantile, Box::new(self))
    }

    /// This part of a whole. Where the whole has a number and the part has none, the part counts as zero, so that no
    /// error yet means a ratio of zero and not a gap.
    #[must_use]
    pub fn share_of(self, whole: Query) -> Self {
        Query::Ratio { part: Box::new(self.or_zero(whole.clone())), whole: Box::new(whole) }
    }

    /// The same, and nothing where there is no part: enough to be compared with a share that is too large.
    #[must_use]
    pub fn part_of(self, whole: Query) -> Self {
        Query::Ratio { part: Box::new(self), whole: Box::new(whole) }
    }

    /// This, and zero where only `like` has a number.
    #[must_use]
    pub fn or_zero(self, like: Query) -> Self {
        Query::OrZero(Box::new(self), Box::new(like))
    }

    /// Only the numbers above the threshold.
    #[must_use]
    pub fn above(self, threshold: f64) -> Self {
        Query::Compare(Box::new(self), Comparison::Above, threshold)
    }

    /// Only the numbers below the threshold.
    #[must_use]
    pub fn below(self, threshold: f64) -> Self {
        Query::Compare(Box::new(self), Comparison::Below, threshold)
    }

    /// Combines two terms.
    #[must_use]
    pub fn combine(self, combination: Combination, other: Query) -> Self {
        Query::Combine(Box::new(self), combination, Box::new(other))
    }

    /// The term that a recording rule answers in advance.
    #[must_use]
    pub fn recorded(self, record: String) -> Self {
        self.recorded_as(record, Vec::new())
    }

    /// The term that a recording rule answers in advance, under a name that it shares with others and labels of its own.
    #[must_use]
    pub fn recorded_as(self, record: String, labels: Vec<(String, String)>) -> Self {
        Query::Recorded { record, labels, matchers: Vec::new(), of: Box::new(self) }
    }

    /// This less another term with the same labels.
    #[must_use]
    pub fn minus(self, other: Query) -> Self {
        Query::Minus(Box::new(self), Box::new(other))
    }

    /// This divided by a number.
    #[must_use]
    pub fn per(self, number: f64) -> Self {
        Query::DivideBy(Box::new(self), number)
    }

    /// What this share leaves.
    #[must_use]
    pub fn rest(self) -> Self {
        Query::Complement(Box::new(self))
    }

    /// The mean over so many seconds.
    #[must_use]
    pub fn averaged(self, seconds: u32) -> Self {
        Query::AvgOverTimeOf(Box::new(self), Window::Seconds(seconds))
    }

    /// Seconds since the point in time that this is.
    #[must_use]
    pub fn age(self) -> Self {
        Query::Age(Box::new(self))
    }
}
