//! Workspaces that agents work in: each worker has one of its own, unless all have to share one.

use crate::faults::{self, Fault};
use measurand::coordination;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Workers, each with its agents.
pub(crate) const WORKERS: usize = 4;

/// Who works where, and for how long agents waited.
#[derive(Debug, Default)]
pub(crate) struct Coordination {
    workspaces: [Mutex<()>; WORKERS],
    waited: AtomicU64,
    all: AtomicU64,
}

impl Coordination {
    /// Works in the workspace of this worker; also tells how long the agents waited for it.
    pub(crate) fn in_workspace<T>(&self, worker: usize, work: impl FnOnce() -> T) -> (T, Duration) {
        let shared = faults::is_on(Fault::InefficientCoordination);
        let begin = Instant::now();
        let workspace = &self.workspaces[if shared { 0 } else { worker % WORKERS }];
        let _workspace = workspace.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = begin.elapsed();
        faults::wait(Fault::InefficientCoordination);
        (work(), waited)
    }

    /// Notes how long a task took, and how much of that its agents waited for each other.
    pub(crate) fn note(&self, all: Duration, waited: Duration) {
        let nanoseconds = |it: Duration| u64::try_from(it.as_nanos()).unwrap_or(u64::MAX);
        self.all.fetch_add(nanoseconds(all), Ordering::Relaxed);
        self.waited.fetch_add(nanoseconds(waited), Ordering::Relaxed);
    }

    /// The share of the agents' time since the last call that they did not wait; nothing where they had nothing to do.
    #[coordination(owner = "agents")]
    #[expect(clippy::cast_precision_loss, reason = "a century has fewer nanoseconds than that")]
    pub(crate) fn efficiency(&self) -> Option<f64> {
        let (waited, all) = (self.waited.swap(0, Ordering::Relaxed), self.all.swap(0, Ordering::Relaxed));
        (all > 0).then(|| 1.0 - waited.min(all) as f64 / all as f64)
    }
}
