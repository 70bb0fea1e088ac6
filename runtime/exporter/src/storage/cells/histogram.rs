//! Observations by upper bound, and timed calls.

use super::exemplars::{self, Exemplar, Exemplars};
#[cfg(feature = "native-histograms")]
use super::native_histogram::{self, NativeCells, NativeSnapshot};
use super::shards::{Shard, Shards, Slot};
use super::slots::Wide;
use metrics::HistogramFn;
use std::sync::{Arc, OnceLock};

/// The cells of one histogram series: a number for each bucket, one for the values above all bounds, and the sum.
///
/// A timed call starts and ends in these cells, so that one shard gets all its writes: in flight = started − observed.
#[derive(Debug)]
pub(crate) struct HistogramCells {
    bounds: Bounds,
    shards: Shards,
    /// Created when exemplars are enabled.
    exemplars: OnceLock<Exemplars>,
    /// Present if native histograms were enabled when it was created.
    #[cfg(feature = "native-histograms")]
    native: Option<NativeCells>,
}

/// Upper bounds in ascending order, shared by the series of a metric.
pub(crate) type Bounds = Arc<[Bound]>;

/// The inclusive upper bound of a bucket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    value: f64,
    /// The longest duration in nanoseconds that is within the bound, so that integers are compared without a division.
    nanoseconds: u64,
}

/// One pass over the cells. The count is the last of the cumulative numbers, so they are consistent even while calls
/// record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Observations of each bucket alone; the last number is for values above all bounds.
    pub(crate) buckets: Vec<u64>,
    /// The sum of the observations in billionths.
    pub(crate) sum: u128,
}

/// The indexes of the numbers: those that every call writes come next to those of the lowest buckets.
const SUM: usize = 0;
const BEGUN: usize = 1;
/// The duration of this shard's newest timed call, which stands for untimed calls. The upper bits hold the index of its
/// bucket, to avoid a search.
const NEWEST: usize = 2;
const FIRST_BUCKET: usize = 3;

/// A thread offers this many first observations of a bucket as exemplars, and then one in this many.
const EACH: u64 = 64;

/// The sum is in billionths, because integers can be added by one instruction, in any order, with the same result.
/// Calls add nanoseconds, which fill `u64` after centuries. Other observations, such as bytes, add their integer part
/// to a separate number after the buckets; their fractions carry.
const PARTS: f64 = 1e9;
/// The longest duration that one call adds: two years in nanoseconds. A longer one is a mistake and would fill `u64`.
const LONGEST: u64 = (1 << LONGEST_BITS) - 1;
const LONGEST_BITS: u32 = 56;
/// The largest other observation that is added; up to it all integers are exact.
const LARGEST: f64 = 9_007_199_254_740_992.0;

impl Bound {
    #[cfg(feature = "native-histograms")]
    pub(crate) fn value(&self) -> f64 {
        self.value
    }
}

impl HistogramCells {
    pub(crate) fn new(bounds: &Bounds) -> Self {
        Self {
            bounds: Arc::clone(bounds),
            shards: Shards::new(behind_buckets(bounds.len()) + 2),
            exemplars: OnceLock::new(),
            #[cfg(feature = "native-histograms")]
            native: native_histogram::is_enabled().then(NativeCells::new),
        }
    }

    /// Adds the observations to the snapshot, which has an entry for each bucket.
    pub(crate) fn read(&self, snapshot: &mut Snapshot) {
        self.shards.read(FIRST_BUCKET, &mut snapshot.buckets);
        let whole = u128::from(self.shards.sum(self.whole())) * 1_000_000_000;
        snapshot.sum = snapshot.sum.wrapping_add(self.shards.wide_sum(self.sum())).wrapping_add(whole);
    }

    /// Returns the index of the sum's integer parts.
    fn whole(&self) -> usize {
        behind_buckets(self.bounds.len())
    }

    /// Returns the indexes of the rest of the sum.
    fn sum(&self) -> Wide {
        Wide { low: SUM, high: self.whole() + 1 }
    }

    /// Adds the native buckets, if there are any, to the snapshot.
    #[cfg(feature = "native-histograms")]
    pub(crate) fn read_native(&self, snapshot: &mut NativeSnapshot) {
        if let Some(native) = &self.native {
            native.read(snapshot);
        }
    }

    /// Returns the number of calls that started and were not observed yet.
    pub(crate) fn in_flight(&self) -> i64 {
        // The ends are read first: a call that ends between the two reads was also seen to start. In the other order it
        // would only be seen to end.
        let buckets = FIRST_BUCKET..=FIRST_BUCKET + self.bounds.len();
        let ended = buckets.fold(0_u64, |sum, it| sum.wrapping_add(self.shards.sum(it)));
        self.shards.sum(BEGUN).wrapping_sub(ended).cast_signed()
    }

    /// Starts a call. Each has to be observed once.
    #[inline]
    pub(crate) fn begin(&self) {
        self.shards.mine().add(BEGUN, 1);
    }

    /// Ends a started call.
    #[inline]
    pub(crate) fn end(&self, nanoseconds: u64) {
        self.end_in(self.shards.mine(), nanoseconds);
    }

    /// Ends a timed call that stands for untimed ones. Returns whether its duration is remembered for them.
    #[inline]
    pub(crate) fn end_sample(&self, nanoseconds: u64) -> bool {
        let shard = self.shards.mine();
        let place = FIRST_BUCKET + self.end_in(shard, nanoseconds);
        match u8::try_from(place) {
            Ok(place) if !self.is_looked_at() => {
                shard.put(NEWEST, nanoseconds.min(LONGEST) | u64::from(place) << LONGEST_BITS)
            }
            // Untimed calls have to take the slow path too, or the index does not fit into the bits.
            _ => {
                shard.put(NEWEST, 0);
                false
            }
        }
    }

    /// Ends an untimed call. Its duration is that of the newest timed call of this thread, or `otherwise` if none is
    /// remembered.
    #[inline]
    pub(crate) fn end_untimed(&self, slot: Slot, otherwise: impl FnOnce() -> u64) {
        let shard = self.shards.of(slot);
        let newest = shard.alone(NEWEST);
        if newest == 0 {
            return self.end_untimed_slowly(otherwise());
        }
        let place = (newest >> LONGEST_BITS) as usize;
        shard.add_both((place, 1), (SUM, newest & LONGEST));
    }

    /// Separate, so that the fast path needs no stack.
    #[inline(never)]
    fn end_untimed_slowly(&self, nanoseconds: u64) {
        self.end_in(self.shards.mine(), nanoseconds);
    }

    /// Whether an observation also goes to native buckets or exemplars.
    #[inline]
    #[cfg_attr(
        not(feature = "native-histograms"),
        expect(clippy::unused_self, reason = "without the feature there are only exemplars")
    )]
    fn is_looked_at(&self) -> bool {
        #[cfg(feature = "native-histograms")]
        if self.native.is_some() {
            return true;
        }
        exemplars::are_wanted()
    }

    /// Returns the index of the bucket.
    #[inline]
    fn end_in(&self, shard: Shard<'_>, nanoseconds: u64) -> usize {
        #[cfg(feature = "native-histograms")]
        if let Some(native) = &self.native {
            native.observe_nanoseconds(nanoseconds);
        }
        // Most observations are in the first buckets.
        let bucket = self.bounds.iter().position(|it| nanoseconds <= it.nanoseconds).unwrap_or(self.bounds.len());
        shard.add_both((FIRST_BUCKET + bucket, 1), (SUM, nanoseconds.min(LONGEST)));
        if exemplars::are_wanted() {
            self.offer(bucket, nanoseconds);
        }
        bucket
    }

    /// Offers an observation as an exemplar: the first ones of a bucket, then one in [`EACH`], since getting the time
    /// and the trace takes longer than most calls. It looks the shard up again, because passing it would force it into
    /// memory.
    #[cold]
    #[inline(never)]
    fn offer(&self, bucket: usize, value: u64) {
        let seen = self.shards.mine().alone(FIRST_BUCKET + bucket);
        if seen < EACH || seen.is_multiple_of(EACH) {
            self.exemplars.get_or_init(|| Exemplars::new(self.bounds.len() + 1)).offer(bucket, value);
        }
    }

    /// Returns the newest exemplar of a bucket.
    pub(crate) fn exemplar(&self, bucket: usize) -> Option<Exemplar> {
        self.exemplars.get()?.newest(bucket)
    }

    fn observe(&self, value: f64, count: u64) {
        #[cfg(feature = "native-histograms")]
        if let Some(native) = self.native.as_ref().filter(|_| !value.is_nan()) {
            native.observe(value, count);
        }
        let shard = self.shards.mine();
        // A NaN is not below any bound.
        let bucket = self.bounds.iter().position(|it| value <= it.value).unwrap_or(self.bounds.len());
        shard.add_both((BEGUN, count), (FIRST_BUCKET + bucket, count));
        let (whole, rest) = parts(value);
        shard.add_wide(self.sum(), rest.saturating_mul(count));
        if whole > 0 {
            shard.add(self.whole(), whole.saturating_mul(count));
        }
        if exemplars::are_wanted() {
            self.offer(bucket, whole.saturating_mul(1_000_000_000).saturating_add(rest));
        }
    }
}

impl HistogramFn for HistogramCells {
    fn record(&self, value: f64) {
        self.observe(value, 1);
    }

    fn record_many(&self, value: f64, count: usize) {
        self.observe(value, count as u64);
    }
}

/// Returns the bounds of a metric's buckets.
pub(crate) fn bounds(values: &[f64]) -> Bounds {
    values.iter().map(|it| Bound { value: *it, nanoseconds: whole_nanoseconds(*it) }).collect()
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the casts saturate, and neighbours are checked"
)]
fn whole_nanoseconds(seconds: f64) -> u64 {
    let near = (seconds * PARTS) as u64;
    let is_within = |it: &u64| *it as f64 / PARTS <= seconds;
    (near.saturating_sub(2)..=near.saturating_add(2)).rev().find(is_within).unwrap_or(0)
}

impl Snapshot {
    /// Resets all numbers, for this number of buckets.
    pub(crate) fn clear(&mut self, buckets: usize) {
        self.buckets.clear();
        self.buckets.resize(buckets, 0);
        self.sum = 0;
    }

    /// Returns the sum of the observations.
    #[expect(clippy::cast_precision_loss, reason = "a sum so large is not exact in the text of a scrape either")]
    pub(crate) fn seconds(&self) -> f64 {
        self.sum as f64 / PARTS
    }

    /// Returns the number of all observations.
    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, it| sum.wrapping_add(*it))
    }
}

/// Returns the amount that an observation adds to the sum: the integer part, and the rest in billionths. Both are 0 for
/// negative and infinite values and NaN.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the casts saturate, and make NaN 0")]
fn parts(value: f64) -> (u64, u64) {
    let value = if value == f64::INFINITY { 0.0 } else { value.clamp(0.0, LARGEST) };
    let whole = value.trunc();
    (whole as u64, ((value - whole) * PARTS + 0.5) as u64)
}

/// Returns the first index after the buckets, including the one above all bounds.
fn behind_buckets(bounds: usize) -> usize {
    FIRST_BUCKET + bounds + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the bucket of an observation, and the billionths that it adds.
    fn check(value: f64, bucket: usize, sum: u128) {
        let cells = HistogramCells::new(&bounds(&[0.1, 0.5, 1.0]));
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
    fn values_that_are_not_durations_do_no_harm() {
        check(f64::NAN, 3, 0);
        check(f64::INFINITY, 3, 0);
        check(f64::NEG_INFINITY, 0, 0);
        check(-5.0, 0, 0);
        check(f64::MIN_POSITIVE / 2.0, 0, 0);
        check(f64::MAX, 3, (1 << 53) * 1_000_000_000);
    }

    /// Observations of a megabyte each overflow `u64` with billionths after twenty thousand of them, and scores after a
    /// month.
    #[test]
    fn a_sum_is_as_large_as_it_gets() {
        let cells = HistogramCells::new(&bounds(&[1.0]));
        let mut before = 0;
        for number in 1..=3000_u64 {
            cells.record_many(1e6 + 0.25, 100);
            cells.record_many(0.75, 1_000_000_000);
            let mut snapshot = Snapshot::default();
            snapshot.clear(2);
            cells.read(&mut snapshot);
            let expected = u128::from(number) * (100_000_025 + 750_000_000) * 1_000_000_000;
            assert_eq!((snapshot.sum, snapshot.sum > before), (expected, true));
            before = snapshot.sum;
        }
        assert!(cells.shards.is_hot() && before > u128::from(u64::MAX) * 130);
    }

    #[test]
    fn many_at_once_count_as_many() {
        let cells = HistogramCells::new(&bounds(&[1.0]));
        cells.record_many(0.25, 4);
        let mut snapshot = Snapshot::default();
        snapshot.clear(2);
        cells.read(&mut snapshot);
        assert_eq!((snapshot.count(), snapshot.sum), (4, 1_000_000_000));
    }

    /// A duration in nanoseconds belongs to the same bucket as the same duration in seconds.
    #[test]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "same cast as in the facade; positive"
    )]
    fn nanoseconds_are_compared_as_seconds_are() {
        let seconds = [1e-9, 3.3e-7, 1e-4, 5e-4, 1e-3, 0.01, 0.1, 0.3, 1.0, 2.5, 60.0, 86_400.0, 1e7];
        for (bound, value) in bounds(&seconds).iter().zip(seconds) {
            for near in -3..=3 {
                let nanoseconds = ((value * 1e9) as u64).saturating_add_signed(near);
                assert_eq!(
                    nanoseconds <= bound.nanoseconds,
                    nanoseconds as f64 / 1e9 <= value,
                    "{nanoseconds} {value}"
                );
            }
        }
        assert_eq!(whole_nanoseconds(f64::INFINITY), u64::MAX);
        assert_eq!(whole_nanoseconds(-1.0), 0);
    }

    /// For all durations and bucket positions: in the block, in the first line, after it, and beyond the index bits
    /// that are remembered with the duration.
    #[test]
    fn a_call_that_is_not_timed_counts_like_the_newest_that_was() {
        let cells = HistogramCells::new(&bounds(&(1..=300).map(|it| f64::from(it) / 1e9).collect::<Vec<_>>()));
        let (mut newest, mut buckets, mut sum) = (0, vec![0; 301], 0);
        for hot in [false, true] {
            for nanoseconds in [1, 5, 17, 253, 254, 300, 301, 1 << 55, 1 << 60] {
                if !cells.end_sample(nanoseconds) {
                    newest = nanoseconds;
                }
                (0..600).for_each(|_| cells.end_untimed(Slot::mine(), || newest));
                buckets[usize::try_from(nanoseconds - 1).unwrap().min(300)] += 601;
                sum += u128::from(nanoseconds.min(LONGEST)) * 601;
            }
            assert!(cells.shards.is_hot(), "{hot}");
        }
        let mut snapshot = Snapshot::default();
        snapshot.clear(301);
        cells.read(&mut snapshot);
        // Single durations are capped, and their large sum wraps around when it is read.
        assert_eq!(snapshot.buckets, buckets);
        assert_eq!(snapshot.sum & u128::from(u64::MAX), sum & u128::from(u64::MAX));
    }

    #[test]
    fn a_call_is_in_flight_until_it_is_observed() {
        let cells = HistogramCells::new(&bounds(&[1.0]));
        cells.begin();
        cells.begin();
        assert_eq!(cells.in_flight(), 2);
        cells.record(0.5);
        assert_eq!(cells.in_flight(), 2);
        cells.end(5);
        cells.end_untimed(Slot::mine(), || 7);
        assert_eq!(cells.in_flight(), 0);
        let mut snapshot = Snapshot::default();
        snapshot.clear(2);
        cells.read(&mut snapshot);
        assert_eq!((snapshot.buckets, snapshot.sum), (vec![3, 0], 500_000_012));
    }
}
