//! The duration of the last timed call of a series, which stands for the calls that are not timed.

use std::sync::atomic::{AtomicU64, Ordering};

/// In nanoseconds. All threads share it, so it is written only if it was requested: for functions of which some calls are
/// timed.
#[derive(Debug)]
pub(crate) struct LastDuration(AtomicU64);

/// The duration is requested and not known yet.
const REQUESTED: u64 = 1;

impl LastDuration {
    pub(crate) const fn none() -> Self {
        Self(AtomicU64::new(0))
    }

    /// 0 or 1 if there is none yet.
    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether a call has to be timed, so that there is one.
    #[inline]
    pub(crate) fn is_missing(&self) -> bool {
        self.get() <= REQUESTED
    }

    /// Requests the duration, from now on.
    pub(crate) fn request(&self) {
        if self.get() == 0 {
            self.0.store(REQUESTED, Ordering::Relaxed);
        }
    }

    /// Replaces it; only the first time if the recorder's cells remember durations as well.
    #[inline]
    pub(crate) fn put(&self, nanoseconds: u64, elsewhere: bool) {
        let last = self.get();
        if last == REQUESTED || (last > REQUESTED && !elsewhere) {
            self.0.store(nanoseconds.max(REQUESTED + 1), Ordering::Relaxed);
        }
    }
}
