//! Workspaces of agents: one per worker, or one for all workers while the fault `inefficient-coordination` is on.

use crate::faults::{self, Fault};
use measurand::coordination;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Number of workers; each has its own agents.
pub(crate) const WORKERS: usize = 4;

/// The workspaces, and the time that agents waited for them.
#[derive(Debug, Default)]
pub(crate) struct Coordination {
    workspaces: [Mutex<()>; WORKERS],
    waited: AtomicU64,
    all: AtomicU64,
}

impl Coordination {
    /// Runs `work` in the workspace of this worker; also returns how long the agents waited for it.
    pub(crate) fn in_workspace<T>(&self, worker: usize, work: impl FnOnce() -> T) -> (T, Duration) {
        let shared = faults::is_on(Fault::InefficientCoordination);
        let start = Instant::now();
        let workspace = &self.workspaces[if shared { 0 } else { worker % WORKERS }];
        let _workspace = workspace.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = start.elapsed();
        faults::wait(Fault::InefficientCoordination);
        (work(), waited)
    }

    /// Adds a task's duration and the part of it that its agents waited for each other.
    pub(crate) fn note(&self, all: Duration, waited: Duration) {
        let nanoseconds = |it: Duration| u64::try_from(it.as_nanos()).unwrap_or(u64::MAX);
        self.all.fetch_add(nanoseconds(all), Ordering::Relaxed);
        self.waited.fetch_add(nanoseconds(waited), Ordering::Relaxed);
    }

    /// The share of time since the last call in which agents did not wait; `None` if there was no task.
    #[coordination(owner = "agents")]
    #[expect(clippy::cast_precision_loss, reason = "a ratio does not need the exact nanoseconds")]
    pub(crate) fn efficiency(&self) -> Option<f64> {
        let (waited, all) = (self.waited.swap(0, Ordering::Relaxed), self.all.swap(0, Ordering::Relaxed));
        (all > 0).then(|| 1.0 - waited.min(all) as f64 / all as f64)
    }
}
