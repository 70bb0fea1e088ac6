//! The order of scrapes. Numbers are written and read without any order between them, so that recording costs nothing;
//! but a scrape that begins after another one ended must see at least what that one saw, on whatever thread it runs.
//!
//! This file is also compiled by `tests/loom`, which tries every order of the steps below.

use super::sync::{AtomicU64, Ordering};

/// Passed at the begin and at the end of each scrape.
#[derive(Debug)]
pub(crate) struct ScrapeFence(AtomicU64);

impl ScrapeFence {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// All that was read before any earlier `order` has been read before whatever is read after this one. Nobody waits.
    /// Returns how many there were before.
    pub(crate) fn order(&self) -> u64 {
        // A chain of read-modify-writes: each acquires what the one before it released.
        self.0.fetch_add(1, Ordering::AcqRel)
    }
}
