//! Compiles the recorder's own file against Loom's atomics, so that no flag has to rebuild everything else.
#![cfg(test)]

mod sync {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
}

#[path = "../../../runtime/exporter/src/storage/slots.rs"]
mod slots;

use loom::sync::Arc;
use loom::thread;
use slots::{Numbers, Slots};

/// Threads that take the same slot one after the other, and fall back where it is taken, lose nothing.
#[test]
fn a_slot_passes_from_thread_to_thread() {
    loom::model(|| {
        let state = Arc::new((Slots::new(1), Numbers::new(1), Numbers::new(1)));
        let record = |state: &(Slots, Numbers, Numbers)| match state.0.take() {
            Some(slot) => {
                state.1.add_alone(0, 1);
                state.1.add_alone(0, 1);
                state.0.give_back(slot);
            }
            None => state.2.add_shared(0, 2),
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
        assert_eq!(state.1.value(0) + state.2.value(0), 6);
    });
}

/// A reader sees a number grow and never fall, while its writer changes.
#[test]
fn a_reader_sees_numbers_grow() {
    loom::model(|| {
        let state = Arc::new((Slots::new(1), Numbers::new(1)));
        let writers: Vec<_> = (0..2)
            .map(|_| {
                let state = Arc::clone(&state);
                thread::spawn(move || {
                    if let Some(slot) = state.0.take() {
                        state.1.add_alone(0, 1);
                        state.0.give_back(slot);
                    }
                })
            })
            .collect();
        let first = state.1.value(0);
        let second = state.1.value(0);
        assert!(second >= first, "{second} after {first}");
        for writer in writers {
            writer.join().unwrap();
        }
    });
}
