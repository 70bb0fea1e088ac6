//! A gauge of calls in flight: it moves by whole steps, twice per call, from many threads at once. Threads would
//! contend for a single cell, so steps are counted in shards.

use super::gauge::GaugeCells;
use super::histogram::HistogramCells;
use super::shards::Shards;
use measurand_catalog::lock::lock;
use metrics::GaugeFn;
use std::sync::{Arc, Mutex};

/// The cells of one in-flight series.
#[derive(Debug)]
pub(crate) struct InFlightCells {
    /// All whole steps up, and all whole steps down. They are separate, so that a step need not wait for the previous
    /// one.
    steps: Shards,
    /// Values from `set`, and fractional steps. Exact with one writer; a concurrent `set` may miss some steps.
    rest: GaugeCells,
    /// Cells whose started calls also count here. Locked when a series is created and when it is read.
    calls: Mutex<Vec<Arc<HistogramCells>>>,
}

/// The indexes of the steps up and down.
const UP: usize = 0;
const DOWN: usize = 1;

const ONE: u64 = 1.0_f64.to_bits();
/// The largest step that is counted exactly.
const LARGEST: f64 = 9_007_199_254_740_992.0;

impl InFlightCells {
    pub(crate) fn new() -> Self {
        Self { steps: Shards::new(2), rest: GaugeCells::default(), calls: Mutex::default() }
    }

    /// Also counts the calls in these cells, from now on.
    pub(crate) fn count_in(&self, cells: &Arc<HistogramCells>) {
        let mut known = lock(&self.calls);
        if !known.iter().any(|it| Arc::ptr_eq(it, cells)) {
            known.push(Arc::clone(cells));
        }
    }

    pub(crate) fn value(&self) -> f64 {
        self.rest.value() + self.steps().max(0.0)
    }

    #[expect(clippy::cast_possible_wrap, clippy::cast_precision_loss, reason = "two's complement, far below 2^53")]
    fn steps(&self) -> f64 {
        // The ends are read first: a call that ends between the two reads was also seen to start. In the other order it
        // would only be seen to end.
        let down = self.steps.sum(DOWN);
        let steps = self.steps.sum(UP).wrapping_sub(down) as i64;
        let calls = lock(&self.calls);
        calls.iter().fold(steps, |sum, it| sum.wrapping_add(it.in_flight())) as f64
    }

    #[inline(never)]
    fn step(&self, value: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::float_cmp,
            reason = "whole or not"
        )]
        let whole = (value as i64) as f64 == value;
        if value.abs() <= LARGEST && whole {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and small enough")]
            self.steps.mine().add(if value < 0.0 { DOWN } else { UP }, value.abs() as u64);
        } else {
            self.rest.increment(value);
        }
    }
}

impl GaugeFn for InFlightCells {
    // Almost every step is 1, which needs no further checks.
    #[inline]
    fn increment(&self, value: f64) {
        if value.to_bits() == ONE { self.steps.mine().add(UP, 1) } else { self.step(value) }
    }

    #[inline]
    fn decrement(&self, value: f64) {
        if value.to_bits() == ONE { self.steps.mine().add(DOWN, 1) } else { self.step(-value) }
    }

    fn set(&self, value: f64) {
        self.rest.set(value - self.steps());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_many_threads_are_exact() {
        let cells = InFlightCells::new();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        cells.increment(1.0);
                        cells.decrement(1.0);
                    }
                    cells.increment(1.0);
                });
            }
        });
        assert_eq!(cells.value().to_bits(), 8.0_f64.to_bits());
    }

    #[test]
    fn a_set_value_counts_from_there() {
        let cells = InFlightCells::new();
        cells.increment(3.0);
        cells.set(10.0);
        cells.decrement(1.0);
        cells.increment(0.5);
        assert_eq!(cells.value().to_bits(), 9.5_f64.to_bits());
    }
}
