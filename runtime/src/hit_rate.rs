//! The share of hits of a cache. Several functions may look up the same cache.
//!
//! `tests/loom` compiles this file, too, and tries every order of the steps below.

use super::sync::{AtomicU64, Ordering};
use foldhash::HashMap;
use std::sync::{Mutex, PoisonError};

/// The look-ups of one cache since the program started.
#[derive(Debug, Default)]
pub(crate) struct HitRate {
    hits: AtomicU64,
    misses: AtomicU64,
}

impl HitRate {
    /// The hit rate of this cache. The code names the caches, so there are few.
    pub(crate) fn of(cache: String) -> &'static Self {
        static CACHES: Mutex<Option<HashMap<String, &'static HitRate>>> = Mutex::new(None);
        let mut caches = CACHES.lock().unwrap_or_else(PoisonError::into_inner);
        caches.get_or_insert_default().entry(cache).or_insert_with(|| Box::leak(Box::default()))
    }

    /// Adds a look-up, and returns the share of hits.
    pub(crate) fn add(&self, hit: bool) -> f64 {
        let cell = if hit { &self.hits } else { &self.misses };
        cell.fetch_add(1, Ordering::Relaxed);
        let (hits, misses) = (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed));
        #[expect(clippy::cast_precision_loss, reason = "a share needs no more than a few digits")]
        let (hits, lookups) = (hits as f64, (hits + misses) as f64);
        hits / lookups
    }
}
