//! The one thread that writes. Payloads that come while the disk is busy share the next transaction, and so one fsync;
//! each is answered after that transaction is on the disk. It knows no payload: work comes as closures.

#[cfg(test)]
mod tests;

use crate::log;
use crate::store::Lock;
use rusqlite::{Connection, Result};
use std::fmt;
use std::io;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};

/// Work that may wait; more is refused, so that a slow disk does not fill the memory.
const WAITING_MAX: usize = 1024;
/// Work that shares one transaction.
const BATCH_MAX: usize = 256;

/// Does the work now, and returns what to do when it is on the disk. To drop that tells who waits that it failed.
type Work = Box<dyn FnOnce(&mut Connection) -> Result<Answer> + Send>;
type Answer = Box<dyn FnOnce() + Send>;

/// The way to the thread. The thread ends when the last one of these is gone.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    work: mpsc::Sender<Work>,
}

/// Why something is not on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteError {
    /// Too much waits already.
    Busy,
    /// It did not get there; the log says why.
    Failed,
    /// The thread has ended.
    Ended,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "too much waits for the disk; try again",
            Self::Failed => "it did not reach the disk, and the server's log says why; try again",
            Self::Ended => "the server ends; try again",
        })
    }
}

impl Writer {
    /// Starts the thread, which keeps the lock of the database until its connection is closed. What it returns beside the
    /// way to it becomes true when the thread has ended.
    pub(crate) fn start(connection: Connection, lock: Lock) -> io::Result<(Self, watch::Receiver<bool>)> {
        let (work, waiting) = mpsc::channel(WAITING_MAX);
        let (ending, ended) = watch::channel(false);
        let ending = Ending(ending);
        thread::Builder::new().name("writer".to_owned()).spawn(move || {
            // They are dropped in the order from the last to the first, behind the connection.
            let (_ending, _lock) = (ending, lock);
            write(connection, waiting);
        })?;
        Ok((Self { work }, ended))
    }

    /// Does the work in a transaction, and returns its result when it is on the disk. Work that fails leaves nothing behind.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T, WriteError> {
        self.run_then(work, |_| ()).await
    }

    /// The same; `then` is called as soon as the work is on the disk, even if whoever asked for it has gone by then.
    pub(crate) async fn run_then<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
        then: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, WriteError> {
        let (work, result) = prepared(work, then);
        self.work.try_send(work).map_err(|it| match it {
            mpsc::error::TrySendError::Full(_) => WriteError::Busy,
            mpsc::error::TrySendError::Closed(_) => WriteError::Ended,
        })?;
        result.await.map_err(|_| WriteError::Failed)
    }

    /// The same for a thread that may block. It waits where there is too much.
    pub(crate) fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T, WriteError> {
        let (work, result) = prepared(work, |_| ());
        self.work.blocking_send(work).map_err(|_| WriteError::Ended)?;
        result.blocking_recv().map_err(|_| WriteError::Failed)
    }
}

fn prepared<T: Send + 'static>(
    work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    then: impl FnOnce(&T) + Send + 'static,
) -> (Work, oneshot::Receiver<T>) {
    let (reply, result) = oneshot::channel();
    let work = move |connection: &mut Connection| -> Result<Answer> {
        let result = alone(connection, work)?;
        Ok(Box::new(move || {
            then(&result);
            // Whoever asked may have gone; the work is done all the same.
            let _ = reply.send(result);
        }))
    };
    (Box::new(work), result)
}

/// Does the work so that its failure undoes it and nothing else of the transaction.
fn alone<T>(connection: &mut Connection, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    let savepoint = connection.savepoint()?;
    let result = work(&savepoint)?;
    savepoint.commit()?;
    Ok(result)
}

fn write(mut connection: Connection, mut waiting: mpsc::Receiver<Work>) {
    let mut trouble = Trouble::default();
    while let Some(first) = waiting.blocking_recv() {
        trouble.note(batch(&mut connection, first, &mut waiting));
    }
    // What the log holds goes into the file, so that a copy of the file alone is whole.
    if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
        log(&format!("the database's log stays beside it: {error}"));
    }
}

/// Does all work that waits in one transaction. The error is of the transaction, or of a piece of work that left it whole.
fn batch(connection: &mut Connection, first: Work, waiting: &mut mpsc::Receiver<Work>) -> Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let (mut answers, mut result, mut next) = (Vec::new(), Ok(()), Some(first));
    while let Some(work) = next.take() {
        match work(connection) {
            Ok(answer) => answers.push(answer),
            Err(error) => result = Err(error),
        }
        if connection.is_autocommit() {
            // A full disk ends the transaction by itself, and with it the work before.
            return result;
        }
        next = if answers.len() < BATCH_MAX { waiting.try_recv().ok() } else { None };
    }
    if let Err(error) = connection.execute_batch("COMMIT") {
        if !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK")?;
        }
        return Err(error);
    }
    for answer in answers {
        answer();
    }
    result
}

/// Says at most once a minute that writing fails: a full disk must not be filled with lines about it.
#[derive(Debug, Default)]
struct Trouble {
    told: Option<Instant>,
}

impl Trouble {
    const AGAIN: Duration = Duration::from_secs(60);

    fn note(&mut self, result: Result<()>) {
        if let Err(error) = result
            && self.told.is_none_or(|it| it.elapsed() > Self::AGAIN)
        {
            log(&format!("alerts cannot be stored: {error}; see whether the disk is full"));
            self.told = Some(Instant::now());
        }
    }
}

/// Tells that the thread has ended, also when it panicked.
struct Ending(watch::Sender<bool>);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.send_replace(true);
    }
}
