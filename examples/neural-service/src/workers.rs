//! The workers that take tasks from the queue.

use crate::app::App;
use crate::coordination::WORKERS;
use crate::faults::{self, Fault};
use crate::queue::Waiting;
use crate::situation::Situation;
use crate::tasks::perform;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::sync::mpsc::Receiver;
use tokio::time::sleep;

/// Starts the workers; they take tasks until the runtime shuts down.
pub(crate) fn start(app: &Arc<App>, waiting: Waiting) {
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
        // Errors and panics are counted where they happen; the worker continues with the next task.
        let _ = tokio::task::spawn_blocking(move || perform(&app, task, worker)).await;
    }
}
