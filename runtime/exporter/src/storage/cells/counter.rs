//! A number that only grows.

use super::shards::{Shards, Slot};
use measurand_catalog::lock::lock;
use metrics::CounterFn;
use std::sync::Mutex;

/// The cells of one counter series.
#[derive(Debug)]
pub(crate) struct CounterCells(Shards);

impl CounterCells {
    pub(crate) fn new() -> Self {
        Self(Shards::new(1))
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.sum(0)
    }

    #[inline]
    pub(crate) fn count_one(&self, slot: Slot) {
        self.0.of(slot).add(0, 1);
    }
}

impl CounterFn for CounterCells {
    #[inline]
    fn increment(&self, value: u64) {
        self.0.mine().add(0, value);
    }

    /// Raises the counter to the value, if it is lower. This is rare, so one lock for all counters is enough. Without
    /// the lock two threads could each add the difference.
    fn absolute(&self, value: u64) {
        static RAISING: Mutex<()> = Mutex::new(());
        let _raising = lock(&RAISING);
        self.0.mine().add(0, value.saturating_sub(self.value()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absolute_value_only_raises() {
        let cells = CounterCells::new();
        cells.increment(3);
        cells.absolute(2);
        assert_eq!(cells.value(), 3);
        cells.absolute(10);
        cells.increment(1);
        assert_eq!(cells.value(), 11);
    }
}
