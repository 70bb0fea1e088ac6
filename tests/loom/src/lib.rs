//! Compiles the recorder's own file against Loom's atomics, so that no flag has to rebuild everything else.
#![cfg(test)]

mod sync {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
}

#[path = "../../../runtime/exporter/src/storage/slots.rs"]
mod slots;
#[path = "../../../runtime/exporter/src/storage/turns.rs"]
mod turns;

use loom::sync::Arc;
use loom::thread;
use slots::{Block, Numbers, Slots};
use turns::Turns;

fn sum(numbers: &Numbers) -> u64 {
    numbers.places().map(|it| it.value(0)).sum()
}

/// Threads that take the same slot one after the other, and fall back where it is taken, lose nothing.
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

/// What a thread puts into its slot is what the next one that takes the slot finds.
#[test]
fn a_slot_is_found_as_it_was_left() {
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
        // Who came first found nothing; who came second, if the slot was free again, what the first one had left.
        assert!(matches!((mine, theirs), (Some(0), Some(2) | None) | (Some(1) | None, Some(0))), "{mine:?} {theirs:?}");
    });
}

/// A reader sees a number grow and never fall, while its writer changes.
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

/// Numbers that move from the block to shards lose nothing, whoever still writes into the block, and whoever has no slot.
#[test]
fn a_series_that_turns_hot_loses_nothing() {
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

/// A scrape that begins after another one ended sees at least what that one saw, although they run on two threads that
/// share nothing else.
#[test]
fn a_later_scrape_sees_no_less() {
    loom::model(|| {
        let state = Arc::new((Turns::new(), Numbers::new(1, 1)));
        let scrapes = [0, 1].map(|_| {
            let state = Arc::clone(&state);
            thread::spawn(move || {
                let begin = state.0.pass();
                let seen = sum(&state.1);
                (begin, seen, state.0.pass())
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
