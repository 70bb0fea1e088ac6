//! Observations by upper bound, and calls that are timed.

use super::exemplars::{self, Exemplar, Exemplars};
#[cfg(feature = "native-histograms")]
use super::native_histogram::{self, NativeCells, NativeSnapshot};
use super::shards::{Shard, Shards, Slot};
use super::slots::Wide;
use metrics::HistogramFn;
use std::sync::{Arc, OnceLock};

/// The cells of one histogram series: a number for each bucket, one for all above, and the sum.
///
/// A call that is timed begins and ends here, so that one shard takes all that it leaves: how many are in flight is how
/// many more have begun than were observed.
#[derive(Debug)]
pub(crate) struct HistogramCells {
    bounds: Bounds,
    shards: Shards,
    /// There once somebody says in which trace a call is made.
    exemplars: OnceLock<Exemplars>,
    /// There if native histograms were enabled when it was made.
    #[cfg(feature = "native-histograms")]
    native: Option<NativeCells>,
}

/// Upper bounds in rising order; those of a metric are shared by its series.
pub(crate) type Bounds = Arc<[Bound]>;

/// An upper bound, which belongs to its bucket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    value: f64,
    /// The longest duration in nanoseconds that, in seconds, is not above it: integers are compared without a division.
    nanoseconds: u64,
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

/// The places of the numbers: those that every call touches beside those of the lowest buckets.
const SUM: usize = 0;
const BEGUN: usize = 1;
/// How long the newest timed call of this shard took, which stands for those that are not timed; and in the upper bits the
/// place of its bucket, so that nobody looks for it again.
const NEWEST: usize = 2;
const FIRST_BUCKET: usize = 3;

/// So many observations of a bucket by a thread are offered as examples, and then one in so many.
const EACH: u64 = 64;

/// The sum is kept in billionths: integers can be added by one instruction and in any order with the same result. Calls
/// add nanoseconds, which fill `u64` after centuries; observations of anything else, bytes for example, add their whole part
/// to a number of its own behind the buckets, and their fractions carry.
const PARTS: f64 = 1e9;
/// The longest duration that one call adds, two years in nanoseconds: more is a mistake, and would fill `u64`.
const LONGEST: u64 = (1 << LONGEST_BITS) - 1;
const LONGEST_BITS: u32 = 56;
/// The most that one other observation adds, up to which numbers are whole.
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

    /// Adds what was observed to the snapshot, which has a place for each bucket.
    pub(crate) fn read(&self, snapshot: &mut Snapshot) {
        self.shards.read(FIRST_BUCKET, &mut snapshot.buckets);
        let whole = u128::from(self.shards.sum(self.whole())) * 1_000_000_000;
        snapshot.sum = snapshot.sum.wrapping_add(self.shards.wide_sum(self.sum())).wrapping_add(whole);
    }

    /// Where the whole parts stand of what is observed.
    fn whole(&self) -> usize {
        behind_buckets(self.bounds.len())
    }

    /// Where the rest of the sum stands.
    fn sum(&self) -> Wide {
        Wide { low: SUM, high: self.whole() + 1 }
    }

    /// Adds what native buckets there are to the snapshot.
    #[cfg(feature = "native-histograms")]
    pub(crate) fn read_native(&self, snapshot: &mut NativeSnapshot) {
        if let Some(native) = &self.native {
            native.read(snapshot);
        }
    }

    /// How many calls have begun and were not observed yet.
    pub(crate) fn in_flight(&self) -> i64 {
        // What ends between the two reads was seen to begin; the other way round it would end only.
        let buckets = FIRST_BUCKET..=FIRST_BUCKET + self.bounds.len();
        let ended = buckets.fold(0_u64, |sum, it| sum.wrapping_add(self.shards.sum(it)));
        self.shards.sum(BEGUN).wrapping_sub(ended).cast_signed()
    }

    /// A call begins. Each has to be observed once.
    #[inline]
    pub(crate) fn begin(&self) {
        self.shards.mine().add(BEGUN, 1);
    }

    /// A call that has begun ends.
    #[inline]
    pub(crate) fn end(&self, nanoseconds: u64) {
        self.end_in(self.shards.mine(), nanoseconds);
    }

    /// The same for a call that stands for others; says whether it will be remembered for them.
    #[inline]
    pub(crate) fn end_sample(&self, nanoseconds: u64) -> bool {
        let shard = self.shards.mine();
        let place = FIRST_BUCKET + self.end_in(shard, nanoseconds);
        match u8::try_from(place) {
            Ok(place) if !self.is_looked_at() => {
                shard.put(NEWEST, nanoseconds.min(LONGEST) | u64::from(place) << LONGEST_BITS)
            }
            // Those that it stands for have to come by here as well; or it is beyond the bits.
            _ => {
                shard.put(NEWEST, 0);
                false
            }
        }
    }

    /// The same for a call that was not timed. It takes as long as the newest one of this thread that was, or as told if
    /// none is remembered.
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

    /// Apart, so that the fast path needs no stack.
    #[inline(never)]
    fn end_untimed_slowly(&self, nanoseconds: u64) {
        self.end_in(self.shards.mine(), nanoseconds);
    }

    /// Whether an observation does more than to be counted and added.
    #[inline]
    #[cfg_attr(not(feature = "native-histograms"), expect(clippy::unused_self, reason = "there is no other kind then"))]
    fn is_looked_at(&self) -> bool {
        #[cfg(feature = "native-histograms")]
        if self.native.is_some() {
            return true;
        }
        exemplars::are_wanted()
    }

    /// Returns in which bucket it is.
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

    /// Offers an observation as an example: each of the first ones of a bucket, then one in some, since finding out the time
    /// and the trace takes longer than most calls. It finds the shard again, which would have to lie in memory to be given.
    #[cold]
    #[inline(never)]
    fn offer(&self, bucket: usize, value: u64) {
        let seen = self.shards.mine().alone(FIRST_BUCKET + bucket);
        if seen < EACH || seen.is_multiple_of(EACH) {
            self.exemplars.get_or_init(|| Exemplars::new(self.bounds.len() + 1)).offer(bucket, value);
        }
    }

    /// The newest example of a bucket.
    pub(crate) fn exemplar(&self, bucket: usize) -> Option<Exemplar> {
        self.exemplars.get()?.newest(bucket)
    }

    fn observe(&self, value: f64, count: u64) {
        #[cfg(feature = "native-histograms")]
        if let Some(native) = self.native.as_ref().filter(|_| !value.is_nan()) {
            native.observe(value, count);
        }
        let shard = self.shards.mine();
        // A NaN is below no bound.
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

/// The bounds of a metric's buckets.
pub(crate) fn bounds(values: &[f64]) -> Bounds {
    values.iter().map(|it| Bound { value: *it, nanoseconds: whole_nanoseconds(*it) }).collect()
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the casts saturate, and the neighbours are tried"
)]
fn whole_nanoseconds(seconds: f64) -> u64 {
    let near = (seconds * PARTS) as u64;
    let is_within = |it: &u64| *it as f64 / PARTS <= seconds;
    (near.saturating_sub(2)..=near.saturating_add(2)).rev().find(is_within).unwrap_or(0)
}

impl Snapshot {
    /// Forgets everything, and makes room for so many buckets.
    pub(crate) fn clear(&mut self, buckets: usize) {
        self.buckets.clear();
        self.buckets.resize(buckets, 0);
        self.sum = 0;
    }

    /// The sum of the observations.
    #[expect(clippy::cast_precision_loss, reason = "a sum so large is not exact in the text of a scrape either")]
    pub(crate) fn seconds(&self) -> f64 {
        self.sum as f64 / PARTS
    }

    /// All observations.
    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, it| sum.wrapping_add(*it))
    }
}

/// What an observation adds to the sum, its whole part and the rest in billionths: nothing when it is negative or no number
/// at all.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the casts saturate, and make NaN 0")]
fn parts(value: f64) -> (u64, u64) {
    let value = if value == f64::INFINITY { 0.0 } else { value.clamp(0.0, LARGEST) };
    let whole = value.trunc();
    (whole as u64, ((value - whole) * PARTS + 0.5) as u64)
}

/// The first place behind the buckets, of which one is above all bounds.
fn behind_buckets(bounds: usize) -> usize {
    FIRST_BUCKET + bounds + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The observation, the bucket it belongs to, and what it adds in billionths.
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
    fn values_that_are_no_durations_do_no_harm() {
        check(f64::NAN, 3, 0);
        check(f64::INFINITY, 3, 0);
        check(f64::NEG_INFINITY, 0, 0);
        check(-5.0, 0, 0);
        check(f64::MIN_POSITIVE / 2.0, 0, 0);
        check(f64::MAX, 3, (1 << 53) * 1_000_000_000);
    }

    /// Answers of a megabyte each fill `u64` with billionths after twenty thousand of them, and scores after a month.
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

    /// An integer stands in the bucket where the same duration in seconds stands.
    #[test]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "as the facade gets it; positive"
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

    /// Whatever it took, and wherever its bucket lies: in the block, in the first line, behind it, and beyond what is
    /// remembered with the duration.
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
        // What is added at once is cut, and the sum of so much turns around as it is read.
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
