//! The queue of tasks, bounded, and the workers that take from it.

use crate::app::{App, Situation};
use crate::coordination::WORKERS;
use crate::error::{Error, Result};
use crate::faults::{self, Fault};
use crate::tasks::perform;
use measurand::task_queue;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::sleep;

/// Tasks that may wait.
const WAITING: usize = 500;

/// The way in.
#[derive(Debug)]
pub(crate) struct Queue(Sender<Situation>);

/// The way out.
#[derive(Debug)]
pub(crate) struct Waiting(Receiver<Situation>);

impl Queue {
    pub(crate) fn new() -> (Self, Waiting) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), Waiting(receiver))
    }

    /// Lets a task wait for a worker; returns how many wait then.
    pub(crate) fn put(&self, task: Situation) -> Result<usize> {
        self.0.try_send(task).map_err(|_| Error::QueueFull)?;
        Ok(self.length())
    }

    /// How many wait.
    #[task_queue(owner = "agents")]
    pub(crate) fn length(&self) -> usize {
        self.0.max_capacity() - self.0.capacity()
    }
}

/// Lets workers take tasks until the runtime ends.
pub(crate) fn start_workers(app: &Arc<App>, waiting: Waiting) {
    let waiting = Arc::new(Mutex::new(waiting.0));
    for worker in 0..WORKERS {
        tokio::spawn(run(Arc::clone(app), Arc::clone(&waiting), worker));
    }
}

async fn run(app: Arc<App>, waiting: Arc<Mutex<Receiver<Situation>>>, worker: usize) {
    loop {
        if faults::is_on(Fault::IdleWorkers) || faults::is_on(Fault::StalledLoop) {
            sleep(Duration::from_millis(50)).await;
            continue;
        }
        let Some(task) = waiting.lock().await.recv().await else { return };
        app.queue.length();
        let app = Arc::clone(&app);
        // Errors and panics are counted where they happen; the next task begins all the same.
        let _ = tokio::task::spawn_blocking(move || perform(&app, task, worker)).await;
    }
}
