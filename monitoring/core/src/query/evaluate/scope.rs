//! Where and when a term is answered, and the rows of an answer.

use super::part::Part;
use super::samples::{Labels, Source, Wanted, is_present};
use crate::query::promql::RULE_WINDOW_SECONDS;
use crate::query::{Matcher, Origin, Selector, Window};
use std::sync::Arc;

/// A series whose newest sample is older has no number, in milliseconds.
pub const LOOK_BACK: i64 = 5 * 60 * 1000;
/// Between two answers of which a mean over time is made, in milliseconds; `promql` prints the same.
const AVERAGED_STEP: u32 = 60 * 1000;

/// Where a term stands: what it selects by and how long its windows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    pub(super) job: &'a str,
    pub(super) only_job: bool,
    pub(super) recent: u32,
    pub(super) shown: u32,
    pub(super) closed: bool,
    pub(super) step: u32,
}

/// One labelled line of numbers: one for each instant, [`STALE`](super::STALE) where there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerRow {
    /// The metric's name, where the term keeps it.
    pub name: Option<Arc<str>>,
    /// The labels besides the name.
    pub labels: Arc<Labels>,
    /// The numbers, as many as there are instants.
    pub values: Vec<f64>,
}

impl<'a> Scope<'a> {
    /// A rule file of this job.
    #[must_use]
    pub fn rules(job: &'a str) -> Self {
        Self {
            job,
            only_job: true,
            recent: RULE_WINDOW_SECONDS,
            shown: RULE_WINDOW_SECONDS,
            closed: false,
            step: AVERAGED_STEP,
        }
    }

    /// A dashboard with all jobs and instances chosen, whose recorded series come from the rules of this job. The numbers
    /// are what `$__rate_interval` and `$__range` stand for, in seconds.
    #[must_use]
    pub fn dashboard(job: &'a str, recent: u32, shown: u32) -> Self {
        Self { job, only_job: false, recent, shown, closed: false, step: AVERAGED_STEP }
    }

    /// The same with windows that are closed on the left, as they were before Prometheus 3: a sample on the edge counts.
    #[must_use]
    pub fn closed(self) -> Self {
        Self { closed: true, ..self }
    }

    /// The same where rules are evaluated so often, in milliseconds: of those answers a mean over time is made.
    #[must_use]
    pub fn every(self, step: u32) -> Self {
        Self { step, ..self }
    }

    /// By how much a window reaches further back than to behind its edge: samples have whole milliseconds.
    pub(super) fn edge(&self) -> i64 {
        i64::from(self.closed)
    }

    pub(super) fn milliseconds(&self, window: Window) -> i64 {
        let seconds = match window {
            Window::Recent => self.recent,
            Window::Shown => self.shown,
            Window::Seconds(it) => it,
        };
        i64::from(seconds) * 1000
    }

    /// Whether a series is one of those that a selector means, judged by these of its matchers.
    pub(super) fn selects(&self, it: &Selector, labels: &Labels, judged: impl Fn(&Matcher) -> bool) -> bool {
        let job = labels.get("job");
        let target = match it.origin {
            Origin::Job(other) => job == other,
            _ if self.only_job => job == self.job,
            Origin::Target => !job.is_empty() && !labels.get("instance").is_empty(),
            Origin::Rule => !job.is_empty(),
        };
        target && it.matchers.iter().filter(|it| judged(it)).all(|it| it.is.holds(labels.get(&it.label)))
    }
}

/// One run over one set of instants.
#[derive(Clone, Copy)]
pub(super) struct Evaluation<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) source: &'a dyn Source,
    pub(super) times: &'a [i64],
    /// The series that it is about; nothing where it is about all.
    pub(super) part: Option<&'a Part<'a>>,
}

/// The series that a selector means, of the part that is answered.
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
    /// Changes the numbers that there are, and forgets the name, as every operator does.
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
