//! The application's Tokio runtime, observed from outside.
//!
//! A thread measures the scheduling lag, not a timer of the runtime: the runtime may have no timer, a test may have
//! paused its clock (then a sleeping task spins), and Tokio's timers have a resolution of only one millisecond.

use crate::storage::metric_store::MetricStore;
use measurand_catalog::lock::lock;
use metrics::{Histogram, Key};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio_metrics::{RuntimeIntervals, RuntimeMonitor};

#[derive(Debug)]
pub(super) struct Watch {
    intervals: RuntimeIntervals,
    probe: Arc<LagProbe>,
}

/// Shared by the thread that measures and the task that answers.
#[derive(Debug, Default)]
struct LagProbe {
    asked: Mutex<Option<Instant>>,
    wake: Notify,
    /// Set when the task, and with it the runtime, has ended.
    ended: AtomicBool,
}

impl Watch {
    pub(super) fn new(handle: &Handle, lag: Histogram) -> Self {
        let probe = Arc::new(LagProbe::default());
        handle.spawn(answer(TaskEnd(Arc::clone(&probe)), lag));
        Self { intervals: RuntimeMonitor::new(handle).intervals(), probe }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.probe.ended.load(Ordering::Acquire)
    }

    /// Wakes the task. If it has not answered yet, its lag keeps growing.
    pub(super) fn ask(&self) {
        let mut asked = lock(&self.probe.asked);
        if asked.is_none() {
            *asked = Some(Instant::now());
            self.probe.wake.notify_one();
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "workers and tasks stay below 2^53")]
    pub(super) fn collect(&mut self, store: &MetricStore, busy: &mut Duration) {
        let ended = self.has_ended();
        let Some(now) = self.intervals.next() else { return };
        *busy += now.total_busy_duration;
        // The answering task is ours, not the application's.
        let tasks = now.live_tasks_count.saturating_sub(1);
        let present = |count: usize| if ended { 0.0 } else { count as f64 };
        store.set(&Key::from_static_name("tokio_workers"), present(now.workers_count));
        store.set(&Key::from_static_name("tokio_alive_tasks"), present(tasks));
        store.set(&Key::from_static_name("tokio_global_queue_depth"), present(now.global_queue_depth));
        store.set(&Key::from_static_name("tokio_busy_seconds_total"), busy.as_secs_f64());
    }
}

async fn answer(probe: TaskEnd, lag: Histogram) {
    let probe = &probe.0;
    loop {
        probe.wake.notified().await;
        let asked = lock(&probe.asked).take();
        if let Some(asked) = asked {
            lag.record(asked.elapsed());
        }
    }
}

/// Dropped with the task, when the runtime shuts down.
struct TaskEnd(Arc<LagProbe>);

impl Drop for TaskEnd {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Release);
    }
}
