//! Work that takes its time without ever waiting, in turns with all the rest: handshakes are arithmetic, up to some
//! milliseconds of it, on a thread that has scrapes to answer too.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use tokio::sync::Semaphore;
use tokio::task::yield_now;

/// Who is next.
#[derive(Debug)]
pub(crate) struct Turns(Semaphore);

impl Turns {
    /// One at a time. Who waits for its client has no turn, so that clients which stop half way keep nobody waiting.
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(1))
    }

    /// Does the work step by step, and lets all that is ready come before each step.
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

/// Returns when this task is woken: by what the step before waits for, since nothing else knows of it.
async fn woken() {
    let mut has_waited = false;
    poll_fn(|_| if std::mem::replace(&mut has_waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}
