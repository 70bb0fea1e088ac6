//! Numbers that many threads add to at once. Two cores that share a cache line cost each other more than all the rest of
//! a recording, so each thread adds to a shard of its own and a reader sums over the shards.
//!
//! A shard is made when a thread first records into it: a series that nobody records takes no lines at all, and one
//! that a single thread records takes one shard, however many processors there are.

use super::slots::{Numbers, Slots};
use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

/// Some numbers, each the sum over all shards; they wrap around as `u64` does.
#[derive(Debug)]
pub(crate) struct Shards {
    count: usize,
    /// By slot, each written by the thread that has the slot.
    alone: Box<[OnceLock<Numbers>]>,
    /// For the threads without a slot.
    shared: Box<[OnceLock<Numbers>]>,
}

/// How a series is shared between threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharding {
    /// One shard for all: for what is rare.
    One,
    /// A shard for each thread.
    Threads,
}

/// The calling thread's shard.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shard<'a> {
    numbers: &'a Numbers,
    alone: bool,
}

impl Shard<'_> {
    /// Adds to a number; an index that is out of range is ignored.
    #[inline]
    pub(crate) fn add(self, number: usize, value: u64) {
        if self.alone { self.numbers.add_alone(number, value) } else { self.numbers.add_shared(number, value) }
    }
}

impl Shards {
    /// So many numbers, all 0.
    pub(crate) fn new(count: usize, sharding: Sharding) -> Self {
        let (alone, shared) = match sharding {
            Sharding::One => (0, 1),
            Sharding::Threads => (slot_count(), slot_count() / 2),
        };
        let empty = |count| (0..count).map(|_| OnceLock::new()).collect();
        Self { count, alone: empty(alone), shared: empty(shared) }
    }

    /// The calling thread's shard.
    #[inline]
    pub(crate) fn mine(&self) -> Shard<'_> {
        match self.alone.get(slot()) {
            Some(shard) => Shard { numbers: self.made(shard), alone: true },
            None => self.shared(),
        }
    }

    #[inline(never)]
    fn shared(&self) -> Shard<'_> {
        // There is at least one.
        let shard = &self.shared[thread_number() % self.shared.len()];
        Shard { numbers: self.made(shard), alone: false }
    }

    #[inline]
    fn made<'a>(&self, shard: &'a OnceLock<Numbers>) -> &'a Numbers {
        match shard.get() {
            Some(numbers) => numbers,
            None => self.make(shard),
        }
    }

    #[cold]
    fn make<'a>(&self, shard: &'a OnceLock<Numbers>) -> &'a Numbers {
        shard.get_or_init(|| Numbers::new(self.count))
    }

    fn shards(&self) -> impl Iterator<Item = &Numbers> {
        self.alone.iter().chain(&self.shared).filter_map(OnceLock::get)
    }

    /// A number: the sum over the shards.
    pub(crate) fn sum(&self, number: usize) -> u64 {
        self.shards().fold(0, |sum, it| sum.wrapping_add(it.value(number)))
    }

    /// A number that may exceed `u64` when its shards are added.
    pub(crate) fn wide_sum(&self, number: usize) -> u128 {
        self.shards().map(|it| u128::from(it.value(number))).sum()
    }
}

/// How many threads have a slot: two for each processor, since a runtime has as many workers, and others record too.
fn slot_count() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| (2 * available_parallelism().map_or(1, usize::from)).next_power_of_two().clamp(2, 32))
}

fn slots() -> &'static Slots {
    static SLOTS: OnceLock<Slots> = OnceLock::new();
    SLOTS.get_or_init(|| Slots::new(slot_count()))
}

/// What a thread without a slot has.
const NONE: usize = usize::MAX;
/// What a thread has that was not asked yet.
const UNKNOWN: usize = usize::MAX - 1;

thread_local! {
    // Without a destructor, so that it can be read while a thread ends.
    static SLOT: Cell<usize> = const { Cell::new(UNKNOWN) };
}

/// Gives the slot back when the thread ends.
struct Lease(usize);

impl Drop for Lease {
    fn drop(&mut self) {
        // Destructors that run after this one may still record.
        SLOT.with(|it| it.set(NONE));
        slots().give_back(self.0);
    }
}

/// The calling thread's slot, or a number beyond all slots.
#[inline]
fn slot() -> usize {
    let slot = SLOT.with(Cell::get);
    if slot == UNKNOWN { take_slot() } else { slot }
}

#[cold]
fn take_slot() -> usize {
    thread_local! {
        static LEASE: Cell<Option<Lease>> = const { Cell::new(None) };
    }
    // Where the thread already ends there is nobody to give it back.
    let slot = LEASE.try_with(|lease| {
        let slot = slots().take()?;
        lease.set(Some(Lease(slot)));
        Some(slot)
    });
    let slot = slot.ok().flatten().unwrap_or(NONE);
    SLOT.with(|it| it.set(slot));
    slot
}

/// A small number for each thread without a slot, given in turn, so that they spread over the shared shards.
fn thread_number() -> usize {
    thread_local! {
        static NUMBER: Cell<usize> = const { Cell::new(NONE) };
    }
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NUMBER.with(|number| {
        if number.get() == NONE {
            number.set(NEXT.fetch_add(1, Ordering::Relaxed) % NONE);
        }
        number.get()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_apart_and_sum_over_threads() {
        for sharding in [Sharding::One, Sharding::Threads] {
            let shards = Shards::new(40, sharding);
            // More threads than slots, one after the other and at once.
            for _ in 0..3 {
                std::thread::scope(|scope| {
                    for _ in 0..100 {
                        scope.spawn(|| (0..40).for_each(|it| shards.mine().add(it, it as u64 + 1)));
                    }
                });
            }
            for number in 0..40 {
                assert_eq!(shards.sum(number), 300 * (number as u64 + 1));
            }
        }
    }

    /// A destructor of a thread that ends records after the slot was given back.
    #[test]
    fn a_thread_that_ends_still_counts() {
        struct Late(&'static Shards);
        impl Drop for Late {
            fn drop(&mut self) {
                self.0.mine().add(0, 1);
            }
        }
        thread_local! {
            static LATE: Cell<Option<Late>> = const { Cell::new(None) };
        }
        let shards: &'static Shards = Box::leak(Box::new(Shards::new(1, Sharding::Threads)));
        for early in [true, false] {
            let record = move || {
                if early {
                    LATE.set(Some(Late(shards)));
                }
                shards.mine().add(0, 1);
                LATE.set(Some(Late(shards)));
            };
            std::thread::spawn(record).join().unwrap();
        }
        // The value that was replaced counts too.
        assert_eq!(shards.sum(0), 5);
    }
}
