//! Passing payloads on to a next hop: in their order, until it has taken them, across restarts. One thread, which may
//! block, since there is one next hop.

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

/// After the database could not be read or written.
const TROUBLE: Duration = Duration::from_secs(5);
/// Between two attempts at most.
const PAUSE_SECONDS_MAX: u64 = 300;

/// Where payloads are passed on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextHop {
    /// The address.
    pub url: String,
    /// A file with a bearer token.
    pub token_file: Option<PathBuf>,
    /// A file with the certificates to trust, instead of the operating system's.
    pub ca_file: Option<PathBuf>,
}

/// What the rest of the server sees of the queue.
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: AtomicU64,
    stopping: AtomicBool,
    wake: SyncSender<()>,
}

impl Queue {
    /// Tells that a payload was queued.
    pub(crate) fn added(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.measure();
        // When it is full, the thread has yet to see that there is something.
        let _ = self.wake.try_send(());
    }

    /// Tells how many there are, after some were forgotten.
    pub(crate) fn counted(&self, waiting: u64) {
        self.waiting.store(waiting, Ordering::Relaxed);
        self.measure();
    }

    /// Ends the thread, after the attempt that it is at.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        let _ = self.wake.try_send(());
    }

    fn removed(&self) {
        // Never below zero, whatever was forgotten meanwhile.
        let less = |it: u64| Some(it.saturating_sub(1));
        let _ = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        self.measure();
    }

    /// Payloads that the next hop has not taken yet.
    #[task_queue]
    fn measure(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// Starts the thread. It ends with the program; whatever it was about to do is in the database.
pub(crate) fn start(hop: &NextHop, readers: Arc<Readers>, writer: Writer) -> Result<Arc<Queue>, String> {
    let client = Client::new(hop)?;
    let waiting = readers.read_blocking(store::waiting).map_err(|it| format!("cannot read the queue: {it}"))?;
    let (wake, woken) = sync_channel(1);
    let queue = Arc::new(Queue { waiting: AtomicU64::new(waiting), stopping: AtomicBool::new(false), wake });
    queue.measure();
    let shared = Arc::clone(&queue);
    let thread = thread::Builder::new().name("forward".to_owned());
    thread.spawn(move || run(&client, &shared, &readers, &writer, &woken)).map_err(|it| it.to_string())?;
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
                log(&format!("the queue of payloads for the next hop cannot be read: {error}"));
                TROUBLE
            }
        };
        if woken.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// How long until the payload is due, or nothing if it is.
fn due(queued: &Queued) -> Option<Duration> {
    let nanoseconds = queued.due_at.nanoseconds().saturating_sub(Time::now().nanoseconds());
    let pause = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0));
    // A clock that was set back must not delay for years.
    (!pause.is_zero()).then(|| pause.min(Duration::from_secs(PAUSE_SECONDS_MAX)))
}

/// What became of an attempt.
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
            log(&format!("the next hop refuses a payload for good: {why}; it is kept in the table `forwards`"));
            Verdict::Rejected(why)
        }
        Err(SendError { why, after, .. }) => {
            let seconds = pause_seconds(attempts, after);
            log(&format!("the next hop does not take a payload: {why}; the next attempt is in {seconds} s"));
            Verdict::Deferred(why, Time::now().plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)))
        }
    };
    Outcome { id, verdict }
}

/// Writes down what became of an attempt; says whether there is still somebody who writes. It is tried until it is
/// written, since the next hop must not get again and again what it has taken.
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

/// 1, 2, 4 … seconds, or what the next hop asks for.
fn pause_seconds(attempts: u32, asked: Option<u64>) -> u64 {
    let doubled = 1_u64.checked_shl(attempts.min(32)).unwrap_or(PAUSE_SECONDS_MAX);
    asked.unwrap_or(0).max(doubled).min(PAUSE_SECONDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::pause_seconds;

    #[test]
    fn pauses_double_up_to_a_bound_and_heed_the_next_hop() {
        let pauses: Vec<u64> = (0..10).map(|it| pause_seconds(it, None)).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        assert_eq!(pause_seconds(u32::MAX, None), 300);
        assert_eq!(pause_seconds(0, Some(20)), 20);
        assert_eq!(pause_seconds(0, Some(u64::MAX)), 300);
    }
}
