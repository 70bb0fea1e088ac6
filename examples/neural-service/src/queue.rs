//! The bounded queue of tasks.

use crate::error::{Error, Result};
use crate::situation::Situation;
use measurand::task_queue;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// Maximum number of waiting tasks.
const WAITING: usize = 500;

/// The sender of the queue.
#[derive(Debug)]
pub(crate) struct Queue(Sender<Situation>);

/// The receiver of the queue.
#[derive(Debug)]
pub(crate) struct Waiting(pub(crate) Receiver<Situation>);

impl Queue {
    pub(crate) fn new() -> (Self, Waiting) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), Waiting(receiver))
    }

    /// Adds a task and returns the new length of the queue.
    pub(crate) fn put(&self, task: Situation) -> Result<usize> {
        self.0.try_send(task).map_err(|_| Error::QueueFull)?;
        Ok(self.length())
    }

    /// Number of waiting tasks.
    #[task_queue(owner = "agents")]
    pub(crate) fn length(&self) -> usize {
        self.0.max_capacity() - self.0.capacity()
    }
}
