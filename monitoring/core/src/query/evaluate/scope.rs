//! The context of an evaluation, and its rows.

use super::part::Part;
use super::samples::{Labels, Source, Wanted, is_present};
use crate::query::promql::RULE_WINDOW_SECONDS;
use crate::query::{Matcher, Origin, Selector, Window};
use std::sync::Arc;

/// Age in milliseconds up to which the newest sample of a series is its value.
pub const LOOK_BACK: i64 = 5 * 60 * 1000;
/// Milliseconds between the values of which an average over time is made; `promql` prints the same.
const AVERAGED_STEP: u32 = 60 * 1000;

/// The context of a query: the job that it selects and the lengths of its windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    pub(super) job: &'a str,
    pub(super) only_job: bool,
    pub(super) recent: u32,
    pub(super) shown: u32,
    pub(super) prometheus_2: bool,
    pub(super) step: u32,
}

/// A series of the result: one value for each instant, [`STALE`](super::STALE) if it is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerRow {
    /// The name of the metric, if the query keeps it.
    pub name: Option<Arc<str>>,
    /// The labels without the name.
    pub labels: Arc<Labels>,
    /// The values, one for each instant.
    pub values: Vec<f64>,
}

impl<'a> Scope<'a> {
    /// Returns the context of a rule file for this job.
    #[must_use]
    pub fn rules(job: &'a str) -> Self {
        Self {
            job,
            only_job: true,
            recent: RULE_WINDOW_SECONDS,
            shown: RULE_WINDOW_SECONDS,
            prometheus_2: false,
            step: AVERAGED_STEP,
        }
    }

    /// Returns the context of a dashboard with all jobs and instances selected. Its recorded series come from the rules
    /// of this job. `recent` and `shown` are the values of `$__rate_interval` and `$__range` in seconds.
    #[must_use]
    pub fn dashboard(job: &'a str, recent: u32, shown: u32) -> Self {
        Self { job, only_job: false, recent, shown, prometheus_2: false, step: AVERAGED_STEP }
    }

    /// Evaluates as Prometheus 2.42: a window includes a sample on its left edge, and the growth of a counter that starts
    /// in the window is sometimes extrapolated further.
    #[must_use]
    pub fn prometheus_2(self) -> Self {
        Self { prometheus_2: true, ..self }
    }

    /// Sets the interval of rule evaluations in milliseconds, between the values of which an average over time is made.
    #[must_use]
    pub fn every(self, step: u32) -> Self {
        Self { step, ..self }
    }

    /// Returns the milliseconds by which a window extends beyond its left edge. Sample times are whole milliseconds.
    pub(super) fn edge(&self) -> i64 {
        i64::from(self.prometheus_2)
    }

    pub(super) fn milliseconds(&self, window: Window) -> i64 {
        let seconds = match window {
            Window::Recent => self.recent,
            Window::Shown => self.shown,
            Window::Seconds(it) => it,
        };
        i64::from(seconds) * 1000
    }

    /// Whether a selector matches a series, considering only the matchers for which `judged` is true.
    pub(super) fn selects(&self, it: &Selector, labels: &Labels, judged: impl Fn(&Matcher) -> bool) -> bool {
        let job = labels.get("job");
        let target = match it.origin {
            Origin::Jobs(others) => others.contains(&job),
            _ if self.only_job => job == self.job,
            Origin::Target => !job.is_empty() && !labels.get("instance").is_empty(),
            Origin::Rule => !job.is_empty(),
        };
        target && it.matchers.iter().filter(|it| judged(it)).all(|it| it.is.holds(labels.get(&it.label)))
    }
}

/// One evaluation at a set of instants.
#[derive(Clone, Copy)]
pub(super) struct Evaluation<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) source: &'a dyn Source,
    pub(super) times: &'a [i64],
    /// The part of the series to evaluate; `None` for all series.
    pub(super) part: Option<&'a Part<'a>>,
}

/// The series that a selector matches, within the evaluated part.
pub(super) struct Chosen<'a> {
    pub(super) selector: &'a Selector,
    pub(super) scope: &'a Scope<'a>,
    pub(super) part: Option<&'a Part<'a>>,
}

impl Wanted for Chosen<'_> {
    fn series(&self, labels: &Labels) -> bool {
        self.scope.selects(self.selector, labels, |_| true) && self.part.is_none_or(|it| it.has(labels))
    }

    fn histogram(&self, labels: &Labels) -> bool {
        self.scope.selects(self.selector, labels, |it| it.label != "le") && self.part.is_none_or(|it| it.has(labels))
    }
}

impl AnswerRow {
    /// Changes the present values, and drops the name as every operator does.
    pub(super) fn map(mut self, value: impl Fn(f64) -> f64) -> Self {
        self.values.iter_mut().filter(|it| is_present(**it)).for_each(|it| *it = value(*it));
        self.name = None;
        self
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since the epoch stay below 2^53")]
pub(super) fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}
