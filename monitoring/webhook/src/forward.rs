//! Forwards payloads to the next hop in order, and repeats each until the next hop has accepted it, also after
//! restarts. There is one next hop, so one thread that may block is enough.

mod client;

use crate::log;
use crate::readers::Readers;
use crate::store::{self, Queued};
use crate::time::Time;
use crate::writer::{WriteError, Writer};
use client::{Client, SendError};
use measurand::task_queue;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// Pause after an error of the database.
const TROUBLE: Duration = Duration::from_secs(5);
/// Maximum pause between two attempts.
const PAUSE_SECONDS_MAX: u64 = 300;

/// The server that payloads are forwarded to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextHop {
    /// Its address.
    pub url: String,
    /// A file with the bearer token to send.
    pub token_file: Option<PathBuf>,
    /// A file with the CA certificates to trust. Default: those of the operating system.
    pub ca_file: Option<PathBuf>,
}

/// The handle to the queue and its thread.
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: AtomicU64,
    stopping: AtomicBool,
    wake: SyncSender<()>,
}

impl Queue {
    /// Records that a payload was queued, and wakes the thread.
    pub(crate) fn added(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.measure();
        // If the channel is full, the thread has not handled the previous wake-up yet.
        let _ = self.wake.try_send(());
    }

    /// Sets the number of waiting payloads, after some were deleted.
    pub(crate) fn counted(&self, waiting: u64) {
        self.waiting.store(waiting, Ordering::Relaxed);
        self.measure();
    }

    /// Stops the thread after its current attempt.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        let _ = self.wake.try_send(());
    }

    fn removed(&self) {
        // The number stays at zero if the payload was deleted meanwhile.
        let less = |it: u64| Some(it.saturating_sub(1));
        let _ = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        self.measure();
    }

    /// Payloads that wait for the next hop.
    #[task_queue]
    fn measure(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// Starts the thread. It may be killed at any time, because the queue is in the database.
pub(crate) fn start(hop: &NextHop, readers: Arc<Readers>, writer: Writer) -> Result<Arc<Queue>, String> {
    let client = Client::new(hop)?;
    let waiting = readers.read_blocking(store::waiting);
    let waiting = waiting.map_err(|it| format!("cannot read the queue: {it}; help: check the file of `--database`"))?;
    let (wake, woken) = sync_channel(1);
    let queue = Arc::new(Queue { waiting: AtomicU64::new(waiting), stopping: AtomicBool::new(false), wake });
    queue.measure();
    let shared = Arc::clone(&queue);
    let thread = thread::Builder::new().name("forward".to_owned());
    let spawned = thread.spawn(move || run(&client, &shared, &readers, &writer, &woken));
    spawned.map_err(|it| format!("cannot start a thread: {it}; help: check the limits of the process"))?;
    Ok(queue)
}

fn run(client: &Client, queue: &Queue, readers: &Readers, writer: &Writer, woken: &Receiver<()>) {
    while !queue.stopping.load(Ordering::Relaxed) {
        let pause = match readers.read_blocking(store::next) {
            Ok(Some(queued)) => match due(&queued) {
                Some(pause) => pause,
                None if settle(&attempt(client, queued), queue, writer) => continue,
                None => return,
            },
            Ok(None) => Duration::from_secs(3600),
            Err(error) => {
                log(&format!("cannot read the queue of payloads for the next hop: {error}"));
                TROUBLE
            }
        };
        if woken.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// The time until the payload is due. Returns `None` if it is due now.
fn due(queued: &Queued) -> Option<Duration> {
    let nanoseconds = queued.due_at.nanoseconds().saturating_sub(Time::now().nanoseconds());
    let pause = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0));
    // The maximum applies even if the clock was set back by years.
    (!pause.is_zero()).then(|| pause.min(Duration::from_secs(PAUSE_SECONDS_MAX)))
}

/// The result of an attempt.
#[derive(Debug, Clone)]
struct Outcome {
    id: i64,
    verdict: Verdict,
}

#[derive(Debug, Clone)]
enum Verdict {
    Delivered,
    Rejected(String),
    Deferred(String, Time),
}

fn attempt(client: &Client, queued: Queued) -> Outcome {
    let Queued { id, body, attempts, .. } = queued;
    let verdict = match client.send(&body) {
        Ok(()) => Verdict::Delivered,
        Err(SendError { why, passes: false, .. }) => {
            log(&format!("the next hop rejected a payload permanently: {why}; it stays in the table `forwards`"));
            Verdict::Rejected(why)
        }
        Err(SendError { why, after, .. }) => {
            let seconds = pause_seconds(attempts, after);
            log(&format!("the next hop did not accept a payload: {why}; the next attempt is in {seconds} s"));
            Verdict::Deferred(why, Time::now().plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)))
        }
    };
    Outcome { id, verdict }
}

/// Stores the result of an attempt, and repeats that until it succeeds, since the next hop must not receive an accepted
/// payload again and again. Returns whether the writer still runs.
fn settle(outcome: &Outcome, queue: &Queue, writer: &Writer) -> bool {
    loop {
        let Outcome { id, verdict } = outcome.clone();
        let gone = !matches!(verdict, Verdict::Deferred(..));
        let written = writer.run_blocking(move |db| match verdict {
            Verdict::Delivered => store::delivered(db, id),
            Verdict::Rejected(why) => store::rejected(db, id, &why),
            Verdict::Deferred(why, due_at) => store::defer(db, id, due_at, &why),
        });
        match written {
            Ok(_) if gone => {
                queue.removed();
                return true;
            }
            Ok(_) => return true,
            Err(WriteError::Ended) => return false,
            Err(_) if queue.stopping.load(Ordering::Relaxed) => return false,
            Err(_) => thread::sleep(TROUBLE),
        }
    }
}

/// The pause before the next attempt: 1, 2, 4 … seconds, or longer if the next hop asks for it.
fn pause_seconds(attempts: u32, requested: Option<u64>) -> u64 {
    let doubled = 1_u64.checked_shl(attempts.min(32)).unwrap_or(PAUSE_SECONDS_MAX);
    requested.unwrap_or(0).max(doubled).min(PAUSE_SECONDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::pause_seconds;

    #[test]
    fn pauses_double_up_to_a_maximum_and_respect_the_next_hop() {
        let pauses: Vec<u64> = (0..10).map(|it| pause_seconds(it, None)).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        assert_eq!(pause_seconds(u32::MAX, None), 300);
        assert_eq!(pause_seconds(0, Some(20)), 20);
        assert_eq!(pause_seconds(0, Some(u64::MAX)), 300);
    }
}
