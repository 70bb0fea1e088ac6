//! The minimum sample of an alert about a share, a mean or a quantile: the number of bad observations in its window.
//! With fewer, one failure among few calls is a large share.
//!
//! Only bad observations count, so the alert still fires in a program with few calls if most of them are bad.

use crate::query::{Query, Selector, Window};

/// The number of bad observations within each window of an alert.
#[derive(Debug, Clone, Copy)]
pub(super) struct MinimumSample(pub(super) u32);

impl MinimumSample {
    /// Half an observation fewer: Prometheus extrapolates an increase to the edges of its window.
    pub(super) fn count(self) -> f64 {
        f64::from(self.0) - 0.5
    }

    /// Whether there are enough bad observations, from their number per second within this window.
    pub(super) fn is_in(self, bad: Query, window_seconds: u32) -> Query {
        bad.above(self.count() / f64::from(window_seconds))
    }

    /// Bad observations a minute that are one too few within this window, and just enough.
    pub(super) fn a_minute(self, window_seconds: u32) -> [f64; 2] {
        [-1.0, 0.5].map(|it| (f64::from(self.0) + it) * 60.0 / f64::from(window_seconds))
    }
}

/// Observations of a histogram per second up to a bound.
pub(super) fn up_to(histogram: &str, bound: f64, by: &[String]) -> Query {
    Query::Rate(Selector::new(format!("{histogram}_bucket")).up_to(bound), Window::Recent).sum(by)
}

/// Observations of a histogram per second above a bound.
pub(super) fn above(histogram: &str, bound: f64, by: &[String]) -> Query {
    observations(histogram, by).minus(up_to(histogram, bound, by))
}

/// All observations of a histogram per second.
pub(super) fn observations(histogram: &str, by: &[String]) -> Query {
    Query::Rate(Selector::new(format!("{histogram}_count")), Window::Recent).sum(by)
}
