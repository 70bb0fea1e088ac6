//! Numbers that many threads add to at once. Two cores that share a cache line cost each other more than all the rest of
//! a recording, so each thread adds to a shard of its own and a reader sums over the shards.

use metrics::atomics::AtomicU64;
use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

/// Numbers in one line.
const LINE: usize = 16;

/// 128 bytes: processors fetch cache lines of 64 bytes in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line([AtomicU64; LINE]);

/// Some numbers, each the sum over all shards; they wrap around as `u64` does.
#[derive(Debug)]
pub(crate) struct Shards {
    lines: Box<[Line]>,
    lines_per_shard: usize,
    mask: usize,
}

/// One shard of all the numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shard<'a>(&'a [Line]);

impl Shard<'_> {
    /// Adds to a number; an index that is out of range is ignored.
    #[inline]
    pub(crate) fn add(self, number: usize, value: u64) {
        if let Some(line) = self.0.get(number / LINE) {
            // Nothing else is published through these numbers, and each alone is monotone for every reader.
            line.0[number % LINE].fetch_add(value, Ordering::Relaxed);
        }
    }
}

impl Shards {
    /// So many numbers, all 0, in so many shards, of which there is at least one and a power of two.
    pub(crate) fn new(numbers: usize, shards: usize) -> Self {
        let shards = shards.max(1).next_power_of_two();
        let lines_per_shard = numbers.div_ceil(LINE).max(1);
        let lines = (0..shards * lines_per_shard).map(|_| Line::default()).collect();
        Self { lines, lines_per_shard, mask: shards - 1 }
    }

    /// The calling thread's shard.
    #[inline]
    pub(crate) fn mine(&self) -> Shard<'_> {
        let start = (thread_index() & self.mask) * self.lines_per_shard;
        Shard(self.lines.get(start..start + self.lines_per_shard).unwrap_or_default())
    }

    /// A number: the sum over the shards.
    pub(crate) fn sum(&self, number: usize) -> u64 {
        let lines = self.lines.iter().skip(number / LINE).step_by(self.lines_per_shard);
        lines.fold(0, |sum, line| sum.wrapping_add(line.0[number % LINE].load(Ordering::Relaxed)))
    }

    /// A number that may exceed `u64` when its shards are added.
    pub(crate) fn wide_sum(&self, number: usize) -> u128 {
        let lines = self.lines.iter().skip(number / LINE).step_by(self.lines_per_shard);
        lines.map(|line| u128::from(line.0[number % LINE].load(Ordering::Relaxed))).sum()
    }
}

/// How many shards pay: one for each processor, as a power of two, and never more than eight.
pub(crate) fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| available_parallelism().map_or(1, usize::from).next_power_of_two().min(8))
}

/// A small number for each thread that records, given in turn, so that a pool of workers spreads over all shards.
#[inline]
fn thread_index() -> usize {
    const NONE: usize = usize::MAX;
    thread_local! {
        // Without a destructor, so that it can be read while a thread ends.
        static INDEX: Cell<usize> = const { Cell::new(NONE) };
    }
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    INDEX.with(|index| {
        if index.get() == NONE {
            index.set(NEXT.fetch_add(1, Ordering::Relaxed) % NONE);
        }
        index.get()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_apart_and_sum_over_threads() {
        let shards = Shards::new(40, 4);
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| (0..40).for_each(|it| shards.mine().add(it, it as u64 + 1)));
            }
        });
        for number in 0..40 {
            assert_eq!(shards.sum(number), 6 * (number as u64 + 1));
        }
    }
}
