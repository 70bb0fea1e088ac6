//! The duration of the last timed call of a series. Untimed calls are recorded with it.

use std::sync::atomic::{AtomicU64, Ordering};

/// The duration in nanoseconds. All threads share it, so it is written only after a request: for functions of which
/// only some calls are timed.
#[derive(Debug)]
pub(crate) struct LastDuration(AtomicU64);

/// The duration is requested, but not known yet.
const REQUESTED: u64 = 1;

impl LastDuration {
    pub(crate) const fn none() -> Self {
        Self(AtomicU64::new(0))
    }

    /// The duration; 0 or 1 if there is none yet.
    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether there is no duration yet, so a call must be timed.
    #[inline]
    pub(crate) fn is_missing(&self) -> bool {
        self.get() <= REQUESTED
    }

    /// Requests the duration from the next timed call on.
    pub(crate) fn request(&self) {
        if self.get() == 0 {
            self.0.store(REQUESTED, Ordering::Relaxed);
        }
    }

    /// Replaces the duration; if the recorder's cells store durations too, only the first time.
    #[inline]
    pub(crate) fn put(&self, nanoseconds: u64, elsewhere: bool) {
        let last = self.get();
        if last == REQUESTED || (last > REQUESTED && !elsewhere) {
            self.0.store(nanoseconds.max(REQUESTED + 1), Ordering::Relaxed);
        }
    }
}
