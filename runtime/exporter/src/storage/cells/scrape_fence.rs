//! The order of scrapes. Numbers are written and read without any order between them, so that recording is cheap. But a
//! scrape that starts after another one has ended must see at least the same values, on any thread.
//!
//! `tests/loom` compiles this file too and tries every order of its steps.

use super::sync::{AtomicU64, Ordering};

/// Passed at the start and at the end of each scrape.
#[derive(Debug)]
pub(crate) struct ScrapeFence(AtomicU64);

impl ScrapeFence {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Orders reads: all reads before an earlier `order` happen before all reads after this one. It never blocks.
    /// Returns the number of earlier calls.
    pub(crate) fn order(&self) -> u64 {
        // A chain of read-modify-writes: each acquires what the previous one released.
        self.0.fetch_add(1, Ordering::AcqRel)
    }
}
