//! Observations in exponential buckets, which Prometheus calls a native histogram: eight buckets per doubling, so that
//! a quantile has an error of at most four percent in any range.
//! <https://prometheus.io/docs/specs/native_histograms/>

use metrics::atomics::AtomicU64;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Eight buckets per doubling: 2^3.
pub(crate) const SCHEMA: i32 = 3;
const PER_DOUBLING: usize = 1 << SCHEMA;
/// The lowest and the highest power of two with buckets: from a nanosecond to a thousand billion, for example bytes.
/// Larger values count in the highest bucket. Smaller, zero and negative values count as zero.
const LOWEST: i32 = -30;
const HIGHEST: i32 = 40;
/// Values up to this one count as zero.
pub(crate) const ZERO: f64 = 1.0 / (1_u32 << -LOWEST) as f64;

/// The upper bounds within a doubling, as fractions of the next power of two: 2^(k/8 - 1).
const BOUNDS: [f64; PER_DOUBLING] = [
    0.545_253_866_332_628_8,
    0.594_603_557_501_360_5,
    0.648_419_777_325_504_8,
    std::f64::consts::FRAC_1_SQRT_2,
    0.771_105_412_703_970_4,
    0.840_896_415_253_714_5,
    0.917_004_043_204_671_2,
    1.0,
];

/// The buckets of one doubling, allocated for its first observation.
type Doubling = [AtomicU64; PER_DOUBLING];

/// The native cells of one series.
#[derive(Debug)]
pub(crate) struct NativeCells {
    zero: AtomicU64,
    doublings: Box<[OnceLock<Box<Doubling>>]>,
}

/// One pass over the cells of one or more series.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NativeSnapshot {
    pub(crate) zero: u64,
    /// The buckets that are not empty, by index: a bucket ends at 2^(index/8).
    pub(crate) buckets: Vec<(i32, u64)>,
}

static ENABLED: AtomicBool = AtomicBool::new(false);

/// Enables native buckets for all histograms that are created from now on.
pub(crate) fn enable() {
    ENABLED.store(true, Ordering::Relaxed);
}

pub(crate) fn is_enabled() -> bool {
    ENABLED.load(Ordering::Relaxed)
}

impl NativeCells {
    pub(crate) fn new() -> Self {
        Self { zero: AtomicU64::new(0), doublings: (LOWEST..HIGHEST).map(|_| OnceLock::new()).collect() }
    }

    /// Counts an observation, which must not be NaN.
    pub(crate) fn observe(&self, value: f64, count: u64) {
        match bucket(value) {
            Some((doubling, bucket)) => {
                let made = || Box::new(std::array::from_fn(|_| AtomicU64::new(0)));
                if let Some(cells) = self.doublings.get(doubling) {
                    cells.get_or_init(made)[bucket].fetch_add(count, Ordering::Relaxed);
                }
            }
            None => {
                self.zero.fetch_add(count, Ordering::Relaxed);
            }
        }
    }

    /// Counts a duration. Not inlined, so that histograms without native cells only pay for a comparison.
    #[cold]
    #[inline(never)]
    #[expect(clippy::cast_precision_loss, reason = "far less than the width of a bucket")]
    pub(crate) fn observe_nanoseconds(&self, nanoseconds: u64) {
        self.observe(nanoseconds as f64 / 1e9, 1);
    }

    /// Adds the observations to the snapshot.
    pub(crate) fn read(&self, snapshot: &mut NativeSnapshot) {
        snapshot.zero = snapshot.zero.wrapping_add(self.zero.load(Ordering::Relaxed));
        for (doubling, cells) in (LOWEST..).zip(&self.doublings) {
            for (index, cell) in (1..).zip(cells.get().into_iter().flat_map(|it| it.iter())) {
                let count = cell.load(Ordering::Relaxed);
                if count > 0 {
                    snapshot.add(doubling * (1 << SCHEMA) + index, count);
                }
            }
        }
    }
}

impl NativeSnapshot {
    fn add(&mut self, index: i32, count: u64) {
        match self.buckets.binary_search_by_key(&index, |it| it.0) {
            Ok(place) => {
                if let Some(known) = self.buckets.get_mut(place) {
                    known.1 = known.1.wrapping_add(count);
                }
            }
            Err(place) => self.buckets.insert(place, (index, count)),
        }
    }

    /// Returns the number of all observations.
    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().fold(self.zero, |sum, it| sum.wrapping_add(it.1))
    }
}

/// Returns the doubling and the bucket within it, or `None` for zero.
fn bucket(value: f64) -> Option<(usize, usize)> {
    if value <= ZERO {
        return None;
    }
    // The value is `part * 2^exponent`, with a part of at least 0.5 and below 1.
    let bits = value.to_bits();
    let exponent = i32::try_from(bits >> 52).unwrap_or(i32::MAX) - 1022;
    let part = f64::from_bits(bits & ((1 << 52) - 1) | 1022 << 52);
    // A power of two is the upper bound of the bucket below it.
    let (part, exponent) = if part.to_bits() == 0.5_f64.to_bits() { (1.0, exponent - 1) } else { (part, exponent) };
    if exponent > HIGHEST {
        return Some(((HIGHEST - LOWEST - 1).cast_unsigned() as usize, PER_DOUBLING - 1));
    }
    let bucket = BOUNDS.iter().position(|bound| part <= *bound).unwrap_or(PER_DOUBLING - 1);
    Some(((exponent - 1 - LOWEST).cast_unsigned() as usize, bucket))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_powers() {
        for (index, bound) in (1..).zip(BOUNDS) {
            assert!((bound - 2.0_f64.powf(f64::from(index) / 8.0 - 1.0)).abs() < 1e-16, "{index}");
        }
    }

    /// Each value is above the lower bound of its bucket, and not above the upper one.
    #[test]
    fn values_are_in_their_buckets() {
        let mut values = vec![1e-9, 2e-9, 1e-3, 0.5, 0.7, 0.75, 0.95, 1.0, 1.0_f64.next_up(), 2.0, 3.7, 1e6, 1e11];
        values.extend((-28..39).map(|it| 2.0_f64.powi(it)));
        values.extend((-230..300).map(|it| 2.0_f64.powf(f64::from(it) / 8.0) * 1.000_001));
        for value in values {
            let cells = NativeCells::new();
            cells.observe(value, 2);
            let mut snapshot = NativeSnapshot::default();
            cells.read(&mut snapshot);
            let [(index, 2)] = snapshot.buckets[..] else { panic!("{value}: {snapshot:?}") };
            let bound = |it: i32| 2.0_f64.powf(f64::from(it) / 8.0);
            assert!(
                bound(index - 1) < value * (1.0 + 1e-14) && value <= bound(index) * (1.0 + 1e-14),
                "{value} {index}"
            );
            assert_eq!(snapshot.count(), 2);
        }
    }

    #[test]
    fn values_without_a_bucket_are_counted() {
        let cells = NativeCells::new();
        for value in [0.0, -0.0, -5.0, f64::NEG_INFINITY, 1e-12, ZERO] {
            cells.observe(value, 1);
        }
        cells.observe(1e300, 1);
        cells.observe(f64::INFINITY, 1);
        let mut snapshot = NativeSnapshot::default();
        cells.read(&mut snapshot);
        cells.read(&mut snapshot);
        assert_eq!(snapshot, NativeSnapshot { zero: 12, buckets: vec![(HIGHEST * 8, 4)] });
    }
}
