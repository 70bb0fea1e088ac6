//! An alert of a family, and the queries that several signals need.

use super::minimum_sample::MinimumSample;
use crate::build::used_family::{Form, UsedFamily};
use crate::query::{Query, Selector, Window};
use measurand_catalog::{AlertRecord, Role};

/// Long enough that one failed scrape does not clear an alert about a gauge.
pub(super) const SMOOTHED: Window = Window::Seconds(300);

pub(super) const DAY_SECONDS: u32 = 86_400;

/// An alert of a used family.
pub(super) struct FamilyAlert<'a> {
    pub(super) record: &'a AlertRecord,
    pub(super) family: &'a UsedFamily<'a>,
    /// The labels that tell the values of its signal apart.
    pub(super) by: Vec<String>,
    pub(super) minimum: MinimumSample,
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

    /// Events per second of the counter with this role.
    pub(super) fn rate(&self, role: Role) -> Option<Query> {
        self.family.rate(role, &self.by, Form::Recorded)
    }

    /// The name of the histogram with this role.
    pub(super) fn histogram(&self, role: Role) -> Option<&str> {
        self.family.metric(role).map(|it| it.name.as_str())
    }

    /// The counter of calls that ended.
    pub(super) fn ended(&self) -> Option<Selector> {
        Some(Selector::new(&self.family.counter()?.name))
    }
}
