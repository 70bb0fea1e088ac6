//! Numbers that many threads add to at once. If two cores share a cache line, the contention costs more than the rest
//! of a recording. So each thread adds to its own shard, and a reader sums over the shards.
//!
//! Shards are large, and of a hundred thousand series only few are ever busy. So all threads start in one small block
//! of atomics, and a series gets shards only when it turns out to be hot.

use super::slots::{Block, Numbers, Place, Slots, Wide};
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::Instant;

/// Some numbers, each the sum over the block and all shards; they wrap around like `u64`.
#[derive(Debug)]
pub(crate) struct Shards {
    block: Block,
    heat: Heat,
    /// One entry per slot, written only by the thread with that slot; then those for threads without a slot.
    hot: OnceLock<Numbers>,
}

/// The recent rate of writes to the block. Colliding writes of threads are lost, which only delays the result.
#[derive(Debug, Default)]
struct Heat(AtomicU64);

/// A series with this many recordings within [`HOT_MILLISECONDS`] is hot: far more than a series for which contention
/// is noticeable, and far less than a busy function makes.
const HOT_RECORDINGS: u64 = 1024;
const HOT_MILLISECONDS: u32 = 1000;

/// The calling thread's slot, valid only on this thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot(usize, PhantomData<*const ()>);

impl Slot {
    #[inline]
    pub(crate) fn mine() -> Self {
        Self(SLOT.with(Cell::get), PhantomData)
    }
}

/// The shard that the calling thread adds to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shard<'a> {
    shards: &'a Shards,
    /// The entry that only this thread writes, if the series is hot.
    alone: Option<Place<'a>>,
}

impl Shard<'_> {
    /// Adds to a number; an index out of range is ignored.
    #[inline]
    pub(crate) fn add(self, number: usize, value: u64) {
        match self.alone {
            Some(place) => place.add_alone(number, value),
            None => self.shards.add_slowly(number, value, NONE, 0),
        }
    }

    /// Returns a number of the calling thread alone; 0 if the thread has no shard of its own.
    #[inline]
    pub(crate) fn alone(self, number: usize) -> u64 {
        self.alone.map_or(0, |it| it.value(number))
    }

    /// Replaces a number of the calling thread alone. Returns whether it has its own shard.
    #[inline]
    pub(crate) fn put(self, number: usize, value: u64) -> bool {
        self.alone.is_some_and(|it| it.put_alone(number, value))
    }

    /// Adds to two numbers; a reader may see one before the other.
    #[inline]
    pub(crate) fn add_both(self, first: (usize, u64), second: (usize, u64)) {
        match self.alone {
            Some(place) => {
                place.add_alone(first.0, first.1);
                place.add_alone(second.0, second.1);
            }
            None => self.shards.add_slowly(first.0, first.1, second.0, second.1),
        }
    }

    /// Adds to a number that may exceed `u64`.
    #[inline]
    pub(crate) fn add_wide(self, number: Wide, value: u64) {
        match self.alone {
            Some(place) => place.add_wide_alone(number, value),
            None => self.shards.add_wide_slowly(number, value),
        }
    }
}

impl Shards {
    /// Creates `count` numbers, all 0.
    pub(crate) fn new(count: usize) -> Self {
        Self { block: Block::new(count), heat: Heat::default(), hot: OnceLock::new() }
    }

    /// Returns the calling thread's shard. Call it before computing values that are needed afterwards: looking up the
    /// thread is a function call, before which they would have to be saved.
    #[inline]
    pub(crate) fn mine(&self) -> Shard<'_> {
        self.of(Slot::mine())
    }

    /// Returns the shard of a slot that is already known.
    #[inline]
    pub(crate) fn of(&self, slot: Slot) -> Shard<'_> {
        Shard { shards: self, alone: self.hot.get().and_then(|it| it.place(slot.0)) }
    }

    /// Four scalar arguments, so that the fast path needs no stack for them.
    #[inline(never)]
    fn add_slowly(&self, number: usize, value: u64, second: usize, other: u64) {
        let Some(hot) = self.hot.get() else {
            self.block.add(number, value);
            self.block.add(second, other);
            if self.heat.recorded() {
                self.hot.get_or_init(|| Numbers::new(slot_count() + shared_count(), self.block.len()));
            }
            return;
        };
        if let Some(place) = hot.place(slot()) {
            place.add_alone(number, value);
            place.add_alone(second, other);
        } else if let Some(place) = hot.place(slot_count() + thread_number() % shared_count()) {
            place.add_shared(number, value);
            place.add_shared(second, other);
        }
    }

    #[inline(never)]
    fn add_wide_slowly(&self, number: Wide, value: u64) {
        let Some(hot) = self.hot.get() else { return self.block.add_wide(number, value) };
        if let Some(place) = hot.place(slot()) {
            place.add_wide_alone(number, value);
        } else if let Some(place) = hot.place(slot_count() + thread_number() % shared_count()) {
            place.add_wide_shared(number, value);
        }
    }

    fn shards(&self) -> impl Iterator<Item = Place<'_>> {
        self.hot.get().into_iter().flat_map(Numbers::places)
    }

    /// Returns a number: the sum over the block and the shards.
    pub(crate) fn sum(&self, number: usize) -> u64 {
        self.shards().fold(self.block.value(number), |sum, it| sum.wrapping_add(it.value(number)))
    }

    /// Returns a number that may exceed `u64`: the sum over the block and the shards.
    pub(crate) fn wide_sum(&self, number: Wide) -> u128 {
        self.shards().fold(self.block.wide(number), |sum, it| sum.wrapping_add(it.wide(number)))
    }

    /// Adds the numbers from index `first` on to the entries of `places`.
    pub(crate) fn read(&self, first: usize, places: &mut [u64]) {
        let add = |place: &mut u64, value| *place = place.wrapping_add(value);
        places.iter_mut().zip(first..).for_each(|(place, number)| add(place, self.block.value(number)));
        for shard in self.shards() {
            places.iter_mut().zip(first..).for_each(|(place, number)| add(place, shard.value(number)));
        }
    }

    /// Whether threads have their own shards.
    #[cfg(test)]
    pub(crate) fn is_hot(&self) -> bool {
        self.hot.get().is_some()
    }
}

impl Heat {
    /// Counts a recording. Returns whether the series is hot.
    #[inline]
    fn recorded(&self) -> bool {
        // The lower half counts the recordings since the time in the upper half.
        let heat = self.0.load(Ordering::Relaxed) + 1;
        self.0.store(heat, Ordering::Relaxed);
        heat.is_multiple_of(HOT_RECORDINGS) && self.is_hot(heat)
    }

    #[cold]
    fn is_hot(&self, heat: u64) -> bool {
        static BEGIN: OnceLock<Instant> = OnceLock::new();
        #[expect(clippy::cast_possible_truncation, reason = "it wraps after 49 days, and so do differences")]
        let now = BEGIN.get_or_init(Instant::now).elapsed().as_millis() as u32;
        let since = (heat >> 32) as u32;
        self.0.store(u64::from(now) << 32, Ordering::Relaxed);
        now.wrapping_sub(since) <= HOT_MILLISECONDS
    }
}

/// Returns the number of threads with a slot: two per processor, since a runtime has one worker per processor and other
/// threads record too.
fn slot_count() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| (2 * available_parallelism().map_or(1, usize::from)).next_power_of_two().clamp(2, 32))
}

/// Returns the number of shards that threads without a slot share.
fn shared_count() -> usize {
    slot_count() / 2
}

fn slots() -> &'static Slots {
    static SLOTS: OnceLock<Slots> = OnceLock::new();
    SLOTS.get_or_init(|| Slots::new(slot_count()))
}

/// The value of a thread without a slot.
const NONE: usize = usize::MAX;
/// The value of a thread that has not asked for a slot yet.
const UNKNOWN: usize = usize::MAX - 1;

thread_local! {
    // Without a destructor, so that it can be read while the thread ends.
    static SLOT: Cell<usize> = const { Cell::new(UNKNOWN) };
}

/// Returns the slot when the thread ends.
struct Lease(usize);

impl Drop for Lease {
    fn drop(&mut self) {
        // Destructors that run later may still record.
        SLOT.with(|it| it.set(NONE));
        slots().give_back(self.0);
    }
}

/// Returns the calling thread's slot, or a number beyond all slots.
fn slot() -> usize {
    let slot = SLOT.with(Cell::get);
    if slot == UNKNOWN { take_slot() } else { slot }
}

#[cold]
fn take_slot() -> usize {
    thread_local! {
        static LEASE: Cell<Option<Lease>> = const { Cell::new(None) };
    }
    // A thread that is already ending gets no slot, because it could not give it back.
    let slot = LEASE.try_with(|lease| {
        let slot = slots().take()?;
        lease.set(Some(Lease(slot)));
        Some(slot)
    });
    let slot = slot.ok().flatten().unwrap_or(NONE);
    SLOT.with(|it| it.set(slot));
    slot
}

/// Returns a small number for each thread without a slot, in sequence, so that they spread over the shared shards.
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

    /// More recordings than make a series hot.
    const MANY: u64 = 3 * HOT_RECORDINGS;

    #[test]
    fn numbers_are_apart_and_sum_over_threads() {
        let shards = Shards::new(40);
        // More threads than slots, sequentially and at once; the series turns hot meanwhile.
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
        assert!(shards.is_hot());
    }

    #[test]
    fn threads_without_a_slot_have_no_place() {
        for count in [1, 16, 17, 40, 200] {
            let numbers = Numbers::new(3, count);
            assert_eq!(numbers.places().count(), 3);
            for place in 0..4 {
                assert_eq!(numbers.place(place).is_some(), place < 3, "{count} {place}");
            }
            assert!(numbers.place(NONE).is_none() && numbers.place(UNKNOWN).is_none(), "{count}");
        }
    }

    #[test]
    fn only_hot_series_get_shards() {
        let rare = Shards::new(1);
        (0..HOT_RECORDINGS - 1).for_each(|_| rare.mine().add(0, 1));
        assert!(!rare.is_hot());
        // Recordings before a pause are dropped: otherwise the same number over a year would be hot.
        rare.heat.0.store((u64::from(u32::MAX / 2) << 32) | (HOT_RECORDINGS - 1), Ordering::Relaxed);
        rare.mine().add(0, 1);
        assert!(!rare.is_hot());
        (0..HOT_RECORDINGS).for_each(|_| rare.mine().add(0, 1));
        assert!(rare.is_hot());
        assert_eq!(rare.sum(0), 2 * HOT_RECORDINGS);
    }

    /// While a thread ends, a destructor records after the slot was given back.
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
        let shards: &'static Shards = Box::leak(Box::new(Shards::new(1)));
        (0..MANY).for_each(|_| shards.mine().add(0, 1));
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
        assert_eq!(shards.sum(0), MANY + 5);
    }
}
