//! Queries that read samples directly: one row per series, computed with windows that move over its samples.

use super::samples::{STALE, Sample, is_present};
use super::scope::{AnswerRow, Chosen, Evaluation, LOOK_BACK, seconds};
use crate::query::{Query, Selector};
use std::sync::Arc;

/// The samples of one series in order, without stale markers.
struct Points<'a> {
    samples: &'a [Sample],
    /// The sum of the counter values lost in resets up to each sample.
    resets: Vec<f64>,
}

impl Evaluation<'_> {
    /// Passes the rows of a query with its own selector one by one, so that a sum of thousands never holds all of them.
    pub(super) fn leaf(self, query: &Query, each: &mut dyn FnMut(AnswerRow)) {
        let milliseconds = |window| self.scope.milliseconds(window);
        let prometheus_2 = self.scope.prometheus_2;
        match query {
            Query::Instant(it) => self.newest(it, 0, each),
            Query::Offset(it, seconds) => self.newest(it, i64::from(*seconds) * 1000, each),
            Query::Rate(it, window) => {
                let window = milliseconds(*window);
                self.windows(it, window, true, each, |points, range, time| {
                    points.growth(range, time - window, time, prometheus_2).map_or(STALE, |it| it / seconds(window))
                });
            }
            Query::Increase(it, window) => {
                let window = milliseconds(*window);
                self.windows(it, window, true, each, |points, range, time| {
                    points.growth(range, time - window, time, prometheus_2).unwrap_or(STALE)
                });
            }
            Query::AverageOverTime(it, window) => {
                self.windows(it, milliseconds(*window), false, each, |points, range, _| mean(points.values(range)));
            }
            Query::MaximumOverTime(it, window) => {
                self.windows(it, milliseconds(*window), false, each, |points, range, _| {
                    let larger = |most: f64, it: f64| if it > most || most.is_nan() { it } else { most };
                    points.values(range).reduce(larger).unwrap_or(STALE)
                });
            }
            Query::Changes(it, window) => {
                self.windows(it, milliseconds(*window), false, each, |points, (from, to), _| {
                    let next = points.values((from + 1, to));
                    #[expect(clippy::float_cmp, reason = "any other value is a change")]
                    let differ = |it: &(f64, f64)| it.0 != it.1 && !(it.0.is_nan() && it.1.is_nan());
                    let changes = points.values((from, to)).zip(next).filter(differ).count();
                    u32::try_from(changes).map_or(f64::MAX, f64::from)
                });
            }
            _ => (),
        }
    }

    /// Passes the newest sample at `before` milliseconds before each instant, unless it is too old or a stale marker.
    fn newest(self, it: &Selector, before: i64, each: &mut dyn FnMut(AnswerRow)) {
        let (Some(first), Some(last)) = (self.times.first(), self.times.last()) else { return };
        let name: Arc<str> = it.metric.as_str().into();
        let wanted = Chosen { selector: it, scope: self.scope, part: self.part };
        let reach = LOOK_BACK + self.scope.edge();
        self.source.visit(&it.metric, first - before - reach, last - before, &wanted, &mut |labels, samples| {
            let mut next = 0;
            let value = |time: &i64| {
                while samples.get(next).is_some_and(|it| it.0 <= time - before) {
                    next += 1;
                }
                let newest = next.checked_sub(1).and_then(|it| samples.get(it));
                newest.filter(|it| it.0 > time - before - reach).map_or(STALE, |it| it.1)
            };
            let values = self.times.iter().map(value).collect();
            each(AnswerRow { name: Some(Arc::clone(&name)), labels: Arc::clone(labels), values });
        });
    }

    /// Passes a value for the samples in the window before each instant. `number` gets their range of indexes.
    fn windows(
        self,
        it: &Selector,
        window: i64,
        counts: bool,
        each: &mut dyn FnMut(AnswerRow),
        number: impl Fn(&Points<'_>, (usize, usize), i64) -> f64,
    ) {
        let (Some(first), Some(last)) = (self.times.first(), self.times.last()) else { return };
        let wanted = Chosen { selector: it, scope: self.scope, part: self.part };
        let reach = window + self.scope.edge();
        self.source.visit(&it.metric, first - reach, *last, &wanted, &mut |labels, samples| {
            let clean: Vec<Sample>;
            let samples = if samples.iter().all(|it| is_present(it.1)) {
                samples
            } else {
                clean = samples.iter().copied().filter(|it| is_present(it.1)).collect();
                &clean
            };
            let points = Points { samples, resets: if counts { resets(samples) } else { Vec::new() } };
            let (mut from, mut to) = (0, 0);
            let value = |time: &i64| {
                while samples.get(to).is_some_and(|it| it.0 <= *time) {
                    to += 1;
                }
                while from < to && samples.get(from).is_some_and(|it| it.0 <= time - reach) {
                    from += 1;
                }
                if from < to { number(&points, (from, to), *time) } else { STALE }
            };
            let values = self.times.iter().map(value).collect();
            each(AnswerRow { name: None, labels: Arc::clone(labels), values });
        });
    }
}

fn resets(samples: &[Sample]) -> Vec<f64> {
    let (mut before, mut lost) = (f64::NEG_INFINITY, 0.0);
    let sum = |(_, value): &Sample| {
        if *value < before {
            lost += before;
        }
        before = *value;
        lost
    };
    samples.iter().map(sum).collect()
}

impl Points<'_> {
    fn values(&self, (from, to): (usize, usize)) -> impl Iterator<Item = f64> {
        self.samples.get(from..to).unwrap_or_default().iter().map(|it| it.1)
    }

    /// Returns the growth of a counter from `start` to `end`, extrapolated from its samples to the edges of the window.
    /// If an edge is further away than the samples are apart, it extrapolates by half the distance between samples. At
    /// the start it extrapolates no further than to the point where the counter would have been zero.
    ///
    /// With `prometheus_2` it compares the distance to that point, if it is shorter, with the distance between samples:
    /// <https://github.com/prometheus/prometheus/pull/13725>.
    fn growth(&self, (from, to): (usize, usize), start: i64, end: i64, prometheus_2: bool) -> Option<f64> {
        if to - from < 2 {
            return None;
        }
        let (first, last) = (self.samples.get(from)?, self.samples.get(to - 1)?);
        let reset = self.resets.get(to - 1)? - self.resets.get(from)?;
        let growth = last.1 - first.1 + reset;
        let covered = seconds(last.0 - first.0);
        #[expect(clippy::cast_precision_loss, reason = "there are far fewer samples than 2^53")]
        let apart = covered / (to - from - 1) as f64;
        let near = |it: f64| if it < apart * 1.1 { it } else { apart / 2.0 };
        let to_zero = if growth > 0.0 && first.1 >= 0.0 { covered * (first.1 / growth) } else { f64::INFINITY };
        let to_start = seconds(first.0 - start);
        let to_start = if prometheus_2 { near(to_start.min(to_zero)) } else { near(to_start).min(to_zero) };
        let to_end = near(seconds(end - last.0));
        Some(growth * ((covered + to_start + to_end) / covered))
    }
}

/// Returns the average, computed incrementally: the sum could overflow even if the average does not.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut mean, mut count) = (STALE, 0.0);
    for value in values {
        count += 1.0;
        if count < 1.5 {
            mean = value;
        } else if !(mean.is_infinite() && (value - mean).is_nan() && !value.is_nan() && value.signum() == mean.signum())
        {
            // Infinities of the same sign stay infinite, since their difference is NaN.
            mean += (value - mean) / count;
        }
    }
    mean
}
