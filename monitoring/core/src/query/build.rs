//! Short constructors for queries, so that tables of panels and alerts are easy to read.

use super::{Aggregation, Combination, Comparison, Match, Matcher, Origin, Query, Selector, Window};

impl Selector {
    /// Selects all series of a scraped metric.
    #[must_use]
    pub fn new(metric: impl Into<String>) -> Self {
        Self { metric: metric.into(), matchers: Vec::new(), origin: Origin::Target }
    }

    /// Selects all series of a metric that rules record.
    #[must_use]
    pub fn of_rules(metric: impl Into<String>) -> Self {
        Self { origin: Origin::Rule, ..Self::new(metric) }
    }

    /// Keeps only series whose label has this value.
    #[must_use]
    pub fn with(self, label: &str, value: &str) -> Self {
        self.matching(label, Match::Equal(value.to_owned()))
    }

    /// Keeps only series whose label has another value.
    #[must_use]
    pub fn without(self, label: &str, value: &str) -> Self {
        self.matching(label, Match::Different(value.to_owned()))
    }

    /// Keeps only series whose label satisfies the condition.
    #[must_use]
    pub fn matching(mut self, label: &str, is: Match) -> Self {
        self.matchers.push(Matcher { label: label.to_owned(), is });
        self
    }

    /// Keeps only the histogram bucket with this upper bound in any spelling: Prometheus 2 keeps the scraped one (`1`,
    /// `0.00001`), Prometheus 3 formats it like Go (`1.0`, `1e-05`).
    #[must_use]
    pub fn up_to(self, bound: f64) -> Self {
        let mut spellings = spellings(bound);
        let is = match spellings.pop() {
            Some(only) if spellings.is_empty() => Match::Equal(only),
            last => Match::OneOf(spellings.into_iter().chain(last).collect()),
        };
        self.matching("le", is)
    }

    /// Selects the series of these parts of the monitoring stack.
    #[must_use]
    pub fn of_jobs(jobs: &'static [&'static str], metric: impl Into<String>) -> Self {
        Self { origin: Origin::Jobs(jobs), ..Self::new(metric) }
    }
}

/// Returns the distinct spellings of a bucket bound.
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
    /// Sums by `job` and these labels.
    #[must_use]
    pub fn sum(self, by: &[String]) -> Self {
        self.aggregate(Aggregation::Sum, by)
    }

    /// Aggregates by `job` and these labels.
    #[must_use]
    pub fn aggregate(self, aggregation: Aggregation, by: &[String]) -> Self {
        Query::Aggregate(aggregation, by.to_vec(), Box::new(self))
    }

    /// Returns the quantile of these buckets.
    #[must_use]
    pub fn quantile(self, quantile: f64) -> Self {
        Query::Quantile(quantile, Box::new(self))
    }

    /// Returns this part as a share of a whole. If the whole has a value and the part has none, the part counts as
    /// zero: without errors so far, the ratio is zero and not missing.
    #[must_use]
    pub fn share_of(self, whole: Query) -> Self {
        Query::Ratio { part: Box::new(self.or_zero(whole.clone())), whole: Box::new(whole) }
    }

    /// Returns this part as a share of a whole. Without a part, there is no value, which is enough for an upper limit.
    #[must_use]
    pub fn part_of(self, whole: Query) -> Self {
        Query::Ratio { part: Box::new(self), whole: Box::new(whole) }
    }

    /// Returns this query, and zero where only `like` has a value.
    #[must_use]
    pub fn or_zero(self, like: Query) -> Self {
        Query::OrZero(Box::new(self), Box::new(like))
    }

    /// Keeps only values above the threshold.
    #[must_use]
    pub fn above(self, threshold: f64) -> Self {
        Query::Compare(Box::new(self), Comparison::Above, threshold)
    }

    /// Keeps only values below the threshold.
    #[must_use]
    pub fn below(self, threshold: f64) -> Self {
        Query::Compare(Box::new(self), Comparison::Below, threshold)
    }

    /// Keeps only values above those of a query with the same labels.
    #[must_use]
    pub fn exceeds(self, other: Query) -> Self {
        Query::Exceeds(Box::new(self), Box::new(other))
    }

    /// Keeps only zeros.
    #[must_use]
    pub fn is_zero(self) -> Self {
        Query::Compare(Box::new(self), Comparison::Equal, 0.0)
    }

    /// Combines two queries by their labels.
    #[must_use]
    pub fn combine(self, combination: Combination, other: Query) -> Self {
        Query::Combine(Box::new(self), combination, Box::new(other))
    }

    /// Marks the query as recorded by a recording rule of this name.
    #[must_use]
    pub fn recorded(self, record: String) -> Self {
        self.recorded_as(record, Vec::new())
    }

    /// Marks the query as recorded by a recording rule. Rules with the same name differ in their labels.
    #[must_use]
    pub fn recorded_as(self, record: String, labels: Vec<(String, String)>) -> Self {
        Query::Recorded { record, labels, matchers: Vec::new(), of: Box::new(self) }
    }

    /// Subtracts a query with the same labels.
    #[must_use]
    pub fn minus(self, other: Query) -> Self {
        Query::Minus(Box::new(self), Box::new(other))
    }

    /// Divides by a number.
    #[must_use]
    pub fn per(self, number: f64) -> Self {
        Query::DivideBy(Box::new(self), number)
    }

    /// Returns one minus this share.
    #[must_use]
    pub fn rest(self) -> Self {
        Query::Complement(Box::new(self))
    }

    /// Averages over a number of seconds.
    #[must_use]
    pub fn averaged(self, seconds: u32) -> Self {
        Query::AvgOverTimeOf(Box::new(self), Window::Seconds(seconds))
    }

    /// Returns the seconds since this point in time.
    #[must_use]
    pub fn age(self) -> Self {
        Query::Age(Box::new(self))
    }
}
