//! Handshakes take turns. Each one computes for up to some milliseconds, on a thread that also answers scrapes.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use tokio::sync::Semaphore;
use tokio::task::yield_now;

/// Runs one step of one handshake at a time.
#[derive(Debug)]
pub(crate) struct Handshakes(Semaphore);

impl Handshakes {
    /// Creates the turns. A handshake that waits for its client holds no turn, so clients that stop half way do not
    /// delay others.
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(1))
    }

    /// Runs the work step by step. Before each step all other ready tasks run.
    pub(crate) async fn take<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            // The semaphore is never closed.
            let turn = self.0.acquire().await;
            yield_now().await;
            let step = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
            drop(turn);
            if let Poll::Ready(done) = step {
                return done;
            }
            woken().await;
        }
    }
}

/// Returns when this task is woken. Only the future of the previous step can wake it.
async fn woken() {
    let mut has_waited = false;
    poll_fn(|_| if std::mem::replace(&mut has_waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}
