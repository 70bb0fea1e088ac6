//! An alert of a family, and the queries that several signals need.

use crate::build::used_family::{Form, UsedFamily};
use crate::query::{Query, Selector, Window};
use measurand_catalog::{AlertRecord, Role};

/// Long enough that one failed scrape does not clear an alert about a gauge.
pub(super) const SMOOTHED: Window = Window::Seconds(300);

/// An older score says nothing about now.
pub(super) const RECENT_SCORE: Window = Window::Seconds(1800);

/// About three failures in five minutes. With fewer, one failure among few calls is a large share.
pub(super) const FAILURES_PER_SECOND: f64 = 0.01;

/// More than one failure. One failure may count as a little more than 1, since `increase` extrapolates to the edges of
/// its window.
pub(super) const SINGLE: f64 = 1.5;

/// About thirty look-ups in five minutes. With fewer, the hit ratio says little.
pub(super) const LOOKUPS_PER_SECOND: f64 = 0.1;

pub(super) const DAY_SECONDS: u32 = 86_400;

/// An alert of a used family.
pub(super) struct FamilyAlert<'a> {
    pub(super) record: &'a AlertRecord,
    pub(super) family: &'a UsedFamily<'a>,
    /// The labels that tell the values of its signal apart.
    pub(super) by: Vec<String>,
}

impl FamilyAlert<'_> {
    pub(super) fn threshold(&self) -> f64 {
        self.record.condition.threshold
    }

    /// The threshold in whole seconds.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the catalog accepts at most a day")]
    pub(super) fn seconds(&self) -> u32 {
        self.threshold().clamp(0.0, f64::from(DAY_SECONDS)) as u32
    }

    pub(super) fn quantile(&self, role: Role) -> Option<Query> {
        self.family.quantile(role, self.record.condition.quantile?, &self.by, Form::Recorded)
    }

    /// Enough failures to judge their share.
    pub(super) fn failing(&self, role: Role) -> Option<Vec<Query>> {
        Some(vec![self.family.rate(role, &self.by, Form::Recorded)?.above(FAILURES_PER_SECOND)])
    }

    /// The number of calls that ended within this time.
    pub(super) fn ended_within(&self, seconds: u32) -> Option<Query> {
        let counter = Selector::new(&self.family.counter()?.name);
        Some(Query::Increase(counter, Window::Seconds(seconds)).sum(&self.by))
    }
}
