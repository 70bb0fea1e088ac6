//! What all routes and the retention share: the database, the queue, and the bounds on what clients take.

use crate::forward::Queue;
use crate::rate_limit::{Limits, Rate};
use crate::readers::Readers;
use crate::time::Time;
use crate::writer::Writer;
use measurand_server::Access;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// What the answers are made from.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) writer: Writer,
    pub(crate) readers: Arc<Readers>,
    pub(crate) queue: Option<Arc<Queue>>,
    pub(crate) access: Arc<Access>,
    pub(crate) limits: Limits,
    pub(crate) rate: Rate,
    pub(crate) requests: Semaphore,
    /// Kibibytes of payloads that are held at once.
    pub(crate) memory: Semaphore,
    /// Seconds after which a firing alert that was not repeated is stale.
    stale_after_seconds: i64,
    /// When the disk was last written to for `/readyz`.
    pub(crate) probed: Mutex<Option<Instant>>,
    /// Bytes of the largest payload that did not reach the disk since one did.
    pub(crate) refused_bytes: AtomicU32,
}

/// Payloads of the greatest size that are held at once.
const LARGEST_AT_ONCE: usize = 16;

impl App {
    pub(crate) fn new(
        writer: Writer,
        readers: Arc<Readers>,
        queue: Option<Arc<Queue>>,
        access: Arc<Access>,
        limits: Limits,
        stale_after: Duration,
    ) -> Arc<Self> {
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
            stale_after_seconds: i64::try_from(stale_after.as_secs()).unwrap_or(i64::MAX),
            probed: Mutex::default(),
            refused_bytes: AtomicU32::default(),
        })
    }

    /// Notes whether a payload of so many bytes reached the disk.
    pub(crate) fn reached_disk(&self, bytes: u32, reached: bool) {
        if reached {
            self.refused_bytes.store(0, Ordering::Relaxed);
        } else {
            self.refused_bytes.fetch_max(bytes.max(1), Ordering::Relaxed);
        }
    }

    /// A firing alert that came last before this time is stale.
    pub(crate) fn stale_before(&self) -> Time {
        Time::now().plus_seconds(self.stale_after_seconds.saturating_neg())
    }
}
