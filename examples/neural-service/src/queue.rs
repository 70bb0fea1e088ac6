//! The queue of tasks, which is bounded.

use crate::error::{Error, Result};
use crate::situation::Situation;
use measurand::task_queue;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// Tasks that may wait.
const WAITING: usize = 500;

/// The way in.
#[derive(Debug)]
pub(crate) struct Queue(Sender<Situation>);

/// The way out.
#[derive(Debug)]
pub(crate) struct Waiting(pub(crate) Receiver<Situation>);

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
