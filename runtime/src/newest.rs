//! How long the newest timed call of a series took, which stands for those that are not timed.

use std::sync::atomic::{AtomicU64, Ordering};

/// In nanoseconds. All threads share it, so it is written only where somebody asks: for functions of which some calls are
/// timed.
#[derive(Debug)]
pub(crate) struct Newest(AtomicU64);

/// That somebody asks, and there is none yet.
const ASKED: u64 = 1;

impl Newest {
    pub(crate) const fn none() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Zero or next to nothing if there is none yet.
    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether a call has to be timed, so that there is one.
    #[inline]
    pub(crate) fn is_missing(&self) -> bool {
        self.get() <= ASKED
    }

    /// Asks for one, and for newer ones from now on.
    pub(crate) fn ask(&self) {
        if self.get() == 0 {
            self.0.store(ASKED, Ordering::Relaxed);
        }
    }

    /// Replaces it, or gives the first one where calls are remembered elsewhere as well.
    #[inline]
    pub(crate) fn put(&self, nanoseconds: u64, elsewhere: bool) {
        let newest = self.get();
        if newest == ASKED || (newest > ASKED && !elsewhere) {
            self.0.store(nanoseconds.max(ASKED + 1), Ordering::Relaxed);
        }
    }
}
