//! The state that all routes and the retention task share: the database, the queue and the limits.

use crate::forward::Queue;
use crate::rate_limit::{Limits, Rate};
use crate::readers::Readers;
use crate::settings::Settings;
use crate::time::Time;
use crate::writer::Writer;
use measurand_server::Access;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::Semaphore;

/// The shared state.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) writer: Writer,
    pub(crate) readers: Arc<Readers>,
    pub(crate) queue: Option<Arc<Queue>>,
    pub(crate) access: Arc<Access>,
    pub(crate) limits: Limits,
    pub(crate) rate: Rate,
    pub(crate) requests: Semaphore,
    /// Permits for the memory of payloads, in KiB.
    pub(crate) memory: Semaphore,
    /// The `RUNBOOK.md` that `/runbook` shows.
    pub(crate) runbook: Option<PathBuf>,
    /// Seconds after which a firing alert without a repeat is stale.
    stale_after_seconds: i64,
    /// The time of the last successful write for `/readyz`.
    pub(crate) probed: Mutex<Option<Instant>>,
    /// Size of the largest payload that could not be written since the last success; 0 if there is none.
    pub(crate) refused_bytes: AtomicU32,
}

/// Number of payloads of the maximum size that fit in memory at once.
const LARGEST_AT_ONCE: usize = 16;

impl App {
    pub(crate) fn new(
        writer: Writer,
        readers: Arc<Readers>,
        queue: Option<Arc<Queue>>,
        access: Arc<Access>,
        settings: &Settings,
    ) -> Arc<Self> {
        let limits = settings.limits;
        let largest = limits.body_bytes as usize / 1024 + 1;
        Arc::new(Self {
            writer,
            readers,
            queue,
            access,
            limits,
            rate: Rate::new(&limits),
            requests: Semaphore::new(limits.requests.max(1) as usize),
            memory: Semaphore::new(largest * LARGEST_AT_ONCE),
            runbook: settings.runbook.clone(),
            stale_after_seconds: i64::try_from(settings.stale_after.as_secs()).unwrap_or(i64::MAX),
            probed: Mutex::default(),
            refused_bytes: AtomicU32::default(),
        })
    }

    /// Records whether a payload of this size was written to disk.
    pub(crate) fn reached_disk(&self, bytes: u32, reached: bool) {
        if reached {
            self.refused_bytes.store(0, Ordering::Relaxed);
        } else {
            self.refused_bytes.fetch_max(bytes.max(1), Ordering::Relaxed);
        }
    }

    /// The time before which a firing alert must have been received last to be stale.
    pub(crate) fn stale_before(&self) -> Time {
        Time::now().plus_seconds(self.stale_after_seconds.saturating_neg())
    }
}
