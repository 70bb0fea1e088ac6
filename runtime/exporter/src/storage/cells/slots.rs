//! Numbers that one thread at a time writes, and the slots that give a thread the right to write.
//!
//! An atomic addition costs half as much as reading the clock, because the processor has to own the cache line and
//! finish all earlier writes. A thread that is the only writer can add by a load and a store, at no measurable cost. So
//! threads take slots, and each slot has its own numbers.
//!
//! `tests/loom` compiles this file too and tries every order of its steps.

use super::sync::{AtomicBool, AtomicU64, Ordering};

/// The slots, and whether each is taken.
#[derive(Debug)]
pub(crate) struct Slots(Box<[AtomicBool]>);

impl Slots {
    pub(crate) fn new(count: usize) -> Self {
        Self((0..count).map(|_| AtomicBool::new(false)).collect())
    }

    /// Takes a slot for the caller alone, until it is given back.
    pub(crate) fn take(&self) -> Option<usize> {
        // Acquire, to see all numbers that the previous thread with this slot has written.
        self.0.iter().position(|taken| !taken.swap(true, Ordering::Acquire))
    }

    /// Gives back a slot; the caller must not write its numbers any more.
    pub(crate) fn give_back(&self, slot: usize) {
        if let Some(taken) = self.0.get(slot) {
            taken.store(false, Ordering::Release);
        }
    }
}

/// Some numbers that any thread adds to, in minimal memory. They wrap around like `u64`.
#[derive(Debug)]
pub(crate) struct Block(Box<[AtomicU64]>);

impl Block {
    pub(crate) fn new(count: usize) -> Self {
        Self((0..count).map(|_| AtomicU64::new(0)).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds to a number; an index out of range is ignored.
    #[inline]
    pub(crate) fn add(&self, number: usize, value: u64) {
        if let Some(number) = self.0.get(number) {
            number.fetch_add(value, Ordering::Relaxed);
        }
    }

    /// Adds to a wide number.
    pub(crate) fn add_wide(&self, number: Wide, value: u64) {
        if let (Some(low), Some(high)) = (self.0.get(number.low), self.0.get(number.high)) {
            add_wide(low, high, value);
        }
    }

    pub(crate) fn value(&self, number: usize) -> u64 {
        self.0.get(number).map_or(0, |it| it.load(Ordering::Relaxed))
    }

    pub(crate) fn wide(&self, number: Wide) -> u128 {
        // Acquire, so that the low half is not older than the turns in the high half.
        let high = self.0.get(number.high).map_or(0, |it| it.load(Ordering::Acquire));
        wide(high, self.value(number.low))
    }
}

fn add_wide(low: &AtomicU64, high: &AtomicU64, value: u64) {
    let value = value.min(WIDE_STEP);
    if turned(low.fetch_add(value, Ordering::Relaxed), value) {
        // Release, see `wide`.
        high.fetch_add(1, Ordering::Release);
    }
}

/// The indexes of the two halves of a number that may exceed `u64`: the low half, and the number of turns of its top
/// bit.
///
/// A reader takes the high half first. It may then be late by one turn, which the top bit of the low half reveals. So
/// no reader sees a sum that fell, although the halves are written one after the other. One addition is less than 2^63,
/// so that no turn is missed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wide {
    pub(crate) low: usize,
    pub(crate) high: usize,
}

/// The largest single addition to a wide number.
pub(crate) const WIDE_STEP: u64 = u64::MAX >> 1;

fn turned(old: u64, value: u64) -> bool {
    (old ^ old.wrapping_add(value)) >> 63 != 0
}

fn wide(high: u64, low: u64) -> u128 {
    let turns = high.wrapping_add((high ^ (low >> 63)) & 1);
    (u128::from(turns >> 1) << 64) | u128::from(low)
}

/// Number of numbers in one cache line.
const LINE: usize = 16;

/// 128 bytes, because processors fetch cache lines of 64 bytes in pairs.
#[derive(Debug)]
#[repr(align(128))]
struct CacheLine([AtomicU64; LINE]);

/// The same numbers at several places; each place is written by one thread, or shared by some. They wrap around like
/// `u64`. Each is monotone for every reader, and nothing else is published through it, so relaxed operations suffice.
///
/// The first lines of all places are adjacent in memory. They hold the numbers that every recording writes, which are
/// found with one comparison and one addition.
#[derive(Debug)]
pub(crate) struct Numbers {
    first: Box<[CacheLine]>,
    /// The second lines of all places, then their third ones.
    more: Box<[CacheLine]>,
}

/// The numbers at one place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    numbers: &'a Numbers,
    first: &'a CacheLine,
    index: usize,
}

impl Numbers {
    pub(crate) fn new(places: usize, count: usize) -> Self {
        let lines = |count| (0..count).map(|_| CacheLine(std::array::from_fn(|_| AtomicU64::new(0)))).collect();
        Self { first: lines(places), more: lines(count.saturating_sub(1) / LINE * places) }
    }

    /// Returns the numbers at a place, if it exists.
    #[inline]
    pub(crate) fn place(&self, place: usize) -> Option<Place<'_>> {
        self.first.get(place).map(|first| Place { numbers: self, first, index: place })
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = Place<'_>> {
        self.first.iter().enumerate().map(|(index, first)| Place { numbers: self, first, index })
    }
}

impl Place<'_> {
    #[inline]
    fn number(&self, number: usize) -> Option<&AtomicU64> {
        if let Some(number) = self.first.0.get(number) {
            return Some(number);
        }
        let line = self.index + (number / LINE - 1) * self.numbers.first.len();
        Some(&self.numbers.more.get(line)?.0[number % LINE])
    }

    /// Adds to a number of the caller's own slot; an index out of range is ignored.
    #[inline]
    pub(crate) fn add_alone(self, number: usize, value: u64) {
        if let Some(number) = self.number(number) {
            number.store(number.load(Ordering::Relaxed).wrapping_add(value), Ordering::Relaxed);
        }
    }

    /// Replaces a number of the caller's own slot. Returns whether the index exists.
    #[inline]
    pub(crate) fn put_alone(self, number: usize, value: u64) -> bool {
        self.number(number).map(|it| it.store(value, Ordering::Relaxed)).is_some()
    }

    /// Adds to a number that other threads add to as well.
    #[inline]
    pub(crate) fn add_shared(self, number: usize, value: u64) {
        if let Some(number) = self.number(number) {
            number.fetch_add(value, Ordering::Relaxed);
        }
    }

    /// Adds to a wide number of the caller's own slot.
    #[inline]
    pub(crate) fn add_wide_alone(self, number: Wide, value: u64) {
        let (Some(low), Some(high)) = (self.number(number.low), self.number(number.high)) else { return };
        let (old, value) = (low.load(Ordering::Relaxed), value.min(WIDE_STEP));
        low.store(old.wrapping_add(value), Ordering::Relaxed);
        if turned(old, value) {
            high.store(high.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
        }
    }

    /// Adds to a wide number that other threads add to as well.
    pub(crate) fn add_wide_shared(self, number: Wide, value: u64) {
        if let (Some(low), Some(high)) = (self.number(number.low), self.number(number.high)) {
            add_wide(low, high, value);
        }
    }

    pub(crate) fn wide(self, number: Wide) -> u128 {
        let high = self.number(number.high).map_or(0, |it| it.load(Ordering::Acquire));
        wide(high, self.value(number.low))
    }

    #[inline]
    pub(crate) fn value(self, number: usize) -> u64 {
        self.number(number).map_or(0, |it| it.load(Ordering::Relaxed))
    }
}
