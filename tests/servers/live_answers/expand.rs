//! Replaces recorded series in a query by their expressions, because no recording rule has run over the samples.

use measurand_monitoring::query::{Matcher, Query, Selector, Window};

/// Returns a query without recorded series that has the same result for a rule or a dashboard of this job.
pub(crate) fn expanded(query: &Query, job: &str) -> Query {
    Change { job, rules: None }.of(query)
}

#[derive(Clone, Copy)]
struct Change<'a> {
    job: &'a str,
    /// Inside of a recorded expression: additional matchers for its series.
    rules: Option<&'a [Matcher]>,
}

impl Change<'_> {
    fn of(self, query: &Query) -> Query {
        let inner = |it: &Query| Box::new(self.of(it));
        match query {
            Query::Instant(it) => Query::Instant(self.selector(it)),
            Query::Rate(it, window) => Query::Rate(self.selector(it), self.window(*window)),
            Query::Increase(it, window) => Query::Increase(self.selector(it), self.window(*window)),
            Query::AverageOverTime(it, window) => Query::AverageOverTime(self.selector(it), self.window(*window)),
            Query::MaximumOverTime(it, window) => Query::MaximumOverTime(self.selector(it), self.window(*window)),
            Query::Changes(it, window) => Query::Changes(self.selector(it), self.window(*window)),
            Query::Offset(it, seconds) => Query::Offset(self.selector(it), *seconds),
            Query::Buckets(by, it, window) => Query::Buckets(by.clone(), self.selector(it), self.window(*window)),
            Query::Heatmap(it, window) => Query::Heatmap(self.selector(it), self.window(*window)),
            Query::Absent(it) => Query::Absent(self.selector(it)),
            Query::Aggregate(kind, by, of) => Query::Aggregate(*kind, by.clone(), inner(of)),
            Query::Quantile(quantile, of) => Query::Quantile(*quantile, inner(of)),
            Query::Ratio { part, whole } => Query::Ratio { part: inner(part), whole: inner(whole) },
            Query::OrZero(of, like) => Query::OrZero(inner(of), inner(like)),
            Query::Plus(terms) => Query::Plus(terms.iter().map(|it| self.of(it)).collect()),
            Query::Minus(one, other) => Query::Minus(inner(one), inner(other)),
            Query::DivideBy(of, number) => Query::DivideBy(inner(of), *number),
            Query::Complement(of) => Query::Complement(inner(of)),
            Query::AvgOverTimeOf(of, window) => Query::AvgOverTimeOf(inner(of), self.window(*window)),
            Query::Age(of) => Query::Age(inner(of)),
            Query::Compare(of, comparison, threshold) => Query::Compare(inner(of), *comparison, *threshold),
            Query::Exceeds(one, other) => Query::Exceeds(inner(one), inner(other)),
            Query::Combine(one, combination, other) => Query::Combine(inner(one), *combination, inner(other)),
            // They differ in labels that only the rules add.
            Query::Constant(_) | Query::AllRecorded(_) => query.clone(),
            Query::Recorded { matchers, of, .. } => {
                let matchers = [matchers, self.rules.unwrap_or_default()].concat();
                Change { rules: Some(&matchers), ..self }.of(of)
            }
        }
    }

    fn selector(self, it: &Selector) -> Selector {
        let Some(matchers) = self.rules else { return it.clone() };
        // A recording rule always selects its own job. The dashboard selects by labels that the rule keeps.
        let it = it.clone().with("job", self.job);
        Selector { matchers: it.matchers.iter().chain(matchers).cloned().collect(), ..it }
    }

    fn window(self, window: Window) -> Window {
        match window {
            Window::Recent | Window::Shown if self.rules.is_some() => Window::Seconds(300),
            other => other,
        }
    }
}
