//! Compiles the recorder's own files against Loom's atomics. No `--cfg` flag has to rebuild other crates.
#![cfg(test)]

mod sync {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
}

mod orderings;

#[path = "../../../runtime/exporter/src/storage/cells/gauge.rs"]
mod gauge;
#[expect(dead_code, reason = "the model constructs its own value")]
#[path = "../../../runtime/src/hit_rate.rs"]
mod hit_rate;
#[path = "../../../runtime/exporter/src/storage/cells/scrape_fence.rs"]
mod scrape_fence;
#[path = "../../../runtime/exporter/src/storage/cells/slots.rs"]
mod slots;

use gauge::GaugeCells;
use hit_rate::HitRate;
use loom::sync::Arc;
use loom::thread;
use metrics::GaugeFn as _;
use scrape_fence::ScrapeFence;
use slots::{Block, Numbers, Slots, WIDE_STEP, Wide};

fn sum(numbers: &Numbers) -> u64 {
    numbers.places().map(|it| it.value(0)).sum()
}

/// Threads that take the same slot in turn, or use the shared place while it is taken, lose no value.
#[test]
fn a_slot_passes_from_thread_to_thread() {
    loom::model(|| {
        let state = Arc::new((Slots::new(1), Numbers::new(2, 1)));
        let record = |state: &(Slots, Numbers)| match state.0.take() {
            Some(slot) => {
                let place = state.1.place(slot).unwrap();
                place.add_alone(0, 1);
                place.add_alone(0, 1);
                state.0.give_back(slot);
            }
            None => state.1.place(1).unwrap().add_shared(0, 2),
        };
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let state = Arc::clone(&state);
                thread::spawn(move || record(&state))
            })
            .collect();
        record(&state);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(sum(&state.1), 6);
    });
}

/// A thread that takes a slot finds the value of the previous thread.
#[test]
fn the_next_thread_finds_the_values_of_a_slot() {
    loom::model(|| {
        let state = Arc::new((Slots::new(1), Numbers::new(1, 1)));
        let replace = |state: &(Slots, Numbers), value| {
            state.0.take().map(|slot| {
                let place = state.1.place(slot).unwrap();
                let found = place.value(0);
                assert!(place.put_alone(0, value));
                state.0.give_back(slot);
                found
            })
        };
        let other = {
            let state = Arc::clone(&state);
            thread::spawn(move || replace(&state, 1))
        };
        let mine = replace(&state, 2);
        let theirs = other.join().unwrap();
        // The first thread finds 0. The second finds the value of the first, or the slot is still taken.
        assert!(matches!((mine, theirs), (Some(0), Some(2) | None) | (Some(1) | None, Some(0))), "{mine:?} {theirs:?}");
    });
}

/// A reader never sees a value decrease while the slot passes from writer to writer.
#[test]
fn a_reader_sees_numbers_grow() {
    loom::model(|| {
        let state = Arc::new((Slots::new(1), Numbers::new(1, 1)));
        let writers: Vec<_> = (0..2)
            .map(|_| {
                let state = Arc::clone(&state);
                thread::spawn(move || {
                    if let Some(slot) = state.0.take() {
                        state.1.place(slot).unwrap().add_alone(0, 1);
                        state.0.give_back(slot);
                    }
                })
            })
            .collect();
        let first = sum(&state.1);
        let second = sum(&state.1);
        assert!(second >= first, "{second} after {first}");
        for writer in writers {
            writer.join().unwrap();
        }
    });
}

/// When a series moves from the block to shards, writes into the block and by threads without a slot still count.
#[test]
fn a_series_that_becomes_hot_loses_nothing() {
    loom::model(|| {
        let block = Block::new(1);
        let numbers = Numbers::new(2, block.len());
        let state = Arc::new((block, Slots::new(1), numbers));
        let record = |state: &(Block, Slots, Numbers)| {
            state.0.add(0, 1);
            match state.1.take() {
                Some(slot) => {
                    state.2.place(slot).unwrap().add_alone(0, 1);
                    state.1.give_back(slot);
                }
                None => state.2.place(1).unwrap().add_shared(0, 1),
            }
        };
        let thread = thread::spawn({
            let state = Arc::clone(&state);
            move || record(&state)
        });
        record(&state);
        thread.join().unwrap();
        assert_eq!(state.0.value(0) + sum(&state.2), 4);
    });
}

/// A scrape that starts after another one ended sees at least the same values, even if the two threads share only the
/// fence.
#[test]
fn a_later_scrape_sees_no_less() {
    loom::model(|| {
        let state = Arc::new((ScrapeFence::new(), Numbers::new(1, 1)));
        let scrapes = [0, 1].map(|_| {
            let state = Arc::clone(&state);
            thread::spawn(move || {
                let start = state.0.order();
                let seen = sum(&state.1);
                (start, seen, state.0.order())
            })
        });
        state.1.place(0).unwrap().add_alone(0, 1);
        let [a, b] = scrapes.map(|it| it.join().unwrap());
        for (first, second) in [(a, b), (b, a)] {
            if first.2 < second.0 {
                assert!(second.1 >= first.1, "{second:?} after {first:?}");
            }
        }
    });
}

const WIDE: Wide = Wide { low: 0, high: 1 };

/// A reader never sees a sum beyond 64 bits decrease or exceed the added values.
#[test]
fn a_wide_sum_only_grows() {
    loom::model(|| {
        let numbers = Arc::new(Numbers::new(1, 2));
        let writer = {
            let numbers = Arc::clone(&numbers);
            thread::spawn(move || (0..3).for_each(|_| numbers.place(0).unwrap().add_wide_alone(WIDE, WIDE_STEP)))
        };
        let sum = || numbers.place(0).unwrap().wide(WIDE);
        let (first, second) = (sum(), sum());
        assert!(second >= first && second <= 3 * u128::from(WIDE_STEP), "{second} after {first}");
        writer.join().unwrap();
        assert_eq!(sum(), 3 * u128::from(WIDE_STEP));
    });
}

/// A sum beyond 64 bits also only grows with several concurrent writers, in the block and in the shared place.
#[test]
fn a_shared_wide_sum_only_grows() {
    loom::model(|| {
        let state = Arc::new((Block::new(2), Numbers::new(1, 2)));
        let writers: Vec<_> = [true, false]
            .into_iter()
            .map(|early| {
                let state = Arc::clone(&state);
                thread::spawn(move || {
                    state.0.add_wide(WIDE, WIDE_STEP);
                    if early {
                        state.1.place(0).unwrap().add_wide_shared(WIDE, WIDE_STEP);
                    }
                })
            })
            .collect();
        let (first, second) = (state.0.wide(WIDE), state.0.wide(WIDE));
        assert!(second >= first && second <= 2 * u128::from(WIDE_STEP), "{second} after {first}");
        for it in writers {
            it.join().unwrap();
        }
        assert_eq!(state.0.wide(WIDE) + state.1.place(0).unwrap().wide(WIDE), 3 * u128::from(WIDE_STEP));
    });
}

/// Concurrent increments and decrements of a gauge all count.
#[test]
fn a_gauge_loses_no_step() {
    loom::model(|| {
        let cells = Arc::new(GaugeCells::default());
        let other = Arc::clone(&cells);
        let thread = thread::spawn(move || other.increment(1.0));
        cells.increment(2.0);
        thread.join().unwrap();
        cells.decrement(0.5);
        assert_eq!(cells.value().to_bits(), 2.5_f64.to_bits());
        cells.set(7.0);
        assert_eq!(cells.value().to_bits(), 7.0_f64.to_bits());
    });
}

/// A hit rate is always between 0 and 1, because each look-up sees at least itself.
#[test]
fn a_hit_rate_is_between_0_and_1() {
    loom::model(|| {
        let hit_rate = Arc::new(HitRate::default());
        let other = Arc::clone(&hit_rate);
        let thread = thread::spawn(move || other.add(false));
        let shares = [hit_rate.add(true), thread.join().unwrap()];
        assert!(shares.iter().all(|it| (0.0..=1.0).contains(it)), "{shares:?}");
        // The two concurrent look-ups may miss each other; a later one counts both.
        assert_eq!(hit_rate.add(true).to_bits(), (2.0_f64 / 3.0).to_bits());
    });
}
