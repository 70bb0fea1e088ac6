//! Observations by upper bound.

use super::shards::Shards;
use metrics::HistogramFn;
use std::sync::Arc;

/// The cells of one histogram series: a number for each bucket, one for all above, and the sum.
#[derive(Debug)]
pub(crate) struct HistogramCells {
    bounds: Arc<[f64]>,
    shards: Shards,
}

/// One pass over the cells. The count is the last of the cumulative numbers, so that they cannot contradict each other,
/// whatever is recorded meanwhile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Observations in each bucket alone; the last one is for those above all bounds.
    pub(crate) buckets: Vec<u64>,
    /// The sum of the observations in billionths.
    pub(crate) sum: u128,
}

/// The sum is kept in billionths: integers can be added by one instruction and in any order with the same result.
const PARTS: f64 = 1e9;
/// The most that one observation adds: two years in seconds. More is a mistake, and would make the sum wrap around.
const LARGEST: i64 = 1 << 56;

impl HistogramCells {
    pub(crate) fn new(bounds: &Arc<[f64]>) -> Self {
        Self { bounds: Arc::clone(bounds), shards: Shards::new(bounds.len() + 2) }
    }

    /// Adds what was observed to the snapshot, which has a place for each bucket.
    pub(crate) fn read(&self, snapshot: &mut Snapshot) {
        self.shards.read(&mut snapshot.buckets);
        snapshot.sum += self.shards.wide_sum(self.bounds.len() + 1);
    }

    #[inline]
    fn observe(&self, value: f64, count: u64) {
        let shard = self.shards.mine();
        // Most observations are in the first buckets. A NaN is below no bound.
        let bucket = self.bounds.iter().position(|bound| value <= *bound).unwrap_or(self.bounds.len());
        shard.add_both((bucket, count), (self.bounds.len() + 1, parts(value).saturating_mul(count)));
    }
}

impl HistogramFn for HistogramCells {
    #[inline]
    fn record(&self, value: f64) {
        self.observe(value, 1);
    }

    fn record_many(&self, value: f64, count: usize) {
        self.observe(value, count as u64);
    }
}

impl Snapshot {
    /// Forgets everything, and makes room for so many buckets.
    pub(crate) fn clear(&mut self, buckets: usize) {
        self.buckets.clear();
        self.buckets.resize(buckets, 0);
        self.sum = 0;
    }

    /// All observations.
    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, it| sum.wrapping_add(*it))
    }
}

/// What an observation adds to the sum: nothing when it is negative or no number at all.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates, and makes NaN 0")]
fn parts(value: f64) -> u64 {
    if value == f64::INFINITY { 0 } else { ((value * PARTS + 0.5) as i64).clamp(0, LARGEST) as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The observation, the bucket it belongs to, and what it adds in billionths.
    fn check(value: f64, bucket: usize, sum: u128) {
        let cells = HistogramCells::new(&Arc::from([0.1, 0.5, 1.0]));
        cells.record(value);
        let mut snapshot = Snapshot::default();
        snapshot.clear(4);
        cells.read(&mut snapshot);
        let mut expected = vec![0; 4];
        expected[bucket] = 1;
        assert_eq!(snapshot, Snapshot { buckets: expected, sum }, "{value}");
    }

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        check(0.0, 0, 0);
        check(-0.0, 0, 0);
        check(0.1, 0, 100_000_000);
        check(0.1_f64.next_up(), 1, 100_000_000);
        check(0.5, 1, 500_000_000);
        check(0.97, 2, 970_000_000);
        check(1.0, 2, 1_000_000_000);
        check(1.0_f64.next_up(), 3, 1_000_000_000);
    }

    #[test]
    fn values_that_are_no_durations_do_no_harm() {
        check(f64::NAN, 3, 0);
        check(f64::INFINITY, 3, 0);
        check(f64::NEG_INFINITY, 0, 0);
        check(-5.0, 0, 0);
        check(f64::MIN_POSITIVE / 2.0, 0, 0);
        check(f64::MAX, 3, 1 << 56);
    }

    #[test]
    fn many_at_once_count_as_many() {
        let cells = HistogramCells::new(&Arc::from([1.0]));
        cells.record_many(0.25, 4);
        let mut snapshot = Snapshot::default();
        snapshot.clear(2);
        cells.read(&mut snapshot);
        assert_eq!((snapshot.count(), snapshot.sum), (4, 1_000_000_000));
    }
}
