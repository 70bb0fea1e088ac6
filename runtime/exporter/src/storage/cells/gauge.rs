//! A number that goes up and down.
//!
//! `tests/loom` compiles this file too and tries every order of its steps.

use super::sync::{AtomicU64, Ordering};
use metrics::GaugeFn;

/// The cell of one gauge series: the bits of an `f64`, exact for integers up to 2^53.
#[derive(Debug, Default)]
pub(crate) struct GaugeCells(AtomicU64);

impl GaugeCells {
    pub(crate) fn value(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }

    fn add(&self, value: f64) {
        let mut old = self.0.load(Ordering::Relaxed);
        loop {
            let new = (f64::from_bits(old) + value).to_bits();
            match self.0.compare_exchange_weak(old, new, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(newer) => old = newer,
            }
        }
    }
}

impl GaugeFn for GaugeCells {
    fn increment(&self, value: f64) {
        self.add(value);
    }

    fn decrement(&self, value: f64) {
        self.add(-value);
    }

    fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }
}
