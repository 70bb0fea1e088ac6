//! The thread that writes to the database. Work that arrives while the disk is busy shares the next transaction, and so
//! one fsync. Each piece of work is answered after its transaction is on disk.

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

/// Maximum number of waiting pieces of work. Further ones are refused, so that a slow disk does not fill the memory.
const WAITING_MAX: usize = 1024;
/// Maximum number of pieces of work in one transaction.
const BATCH_MAX: usize = 256;

/// Does the work, and returns a function to call when it is on disk. Dropping that function reports a failure.
type Work = Box<dyn FnOnce(&mut Connection) -> Result<Answer> + Send>;
type Answer = Box<dyn FnOnce() + Send>;

/// The handle to the thread, which stops when the last handle is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    work: mpsc::Sender<Work>,
}

/// The reason why work was not written to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteError {
    /// Too much work is waiting.
    Busy,
    /// The write failed; the log contains the reason.
    Failed,
    /// The thread has stopped.
    Ended,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "too much work waits for the disk; help: try again",
            Self::Failed => "writing to disk failed; help: read the server's log, and try again",
            Self::Ended => "the server is shutting down; help: try again",
        })
    }
}

impl Writer {
    /// Starts the thread, which holds the database lock until it has closed its connection. The returned receiver
    /// becomes true when the thread has stopped.
    pub(crate) fn start(connection: Connection, lock: Lock) -> io::Result<(Self, watch::Receiver<bool>)> {
        let (work, waiting) = mpsc::channel(WAITING_MAX);
        let (ending, ended) = watch::channel(false);
        let ending = Ending(ending);
        thread::Builder::new().name("writer".to_owned()).spawn(move || {
            // They are dropped in reverse order, after the connection.
            let (_ending, _lock) = (ending, lock);
            write(connection, waiting);
        })?;
        Ok((Self { work }, ended))
    }

    /// Does the work in a transaction, and returns its result when it is on disk. Failed work is rolled back.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T, WriteError> {
        self.run_then(work, |_| ()).await
    }

    /// Does the work as [`Writer::run`] does. Calls `then` when the work is on disk, even if the caller has been
    /// dropped.
    pub(crate) async fn run_then<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
        then: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, WriteError> {
        let (work, result) = prepared(work, then);
        self.work.try_send(work).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => WriteError::Busy,
            mpsc::error::TrySendError::Closed(_) => WriteError::Ended,
        })?;
        result.await.map_err(|_| WriteError::Failed)
    }

    /// Does the work as [`Writer::run`] does, on a thread that may block. If too much work is waiting, it waits too.
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
            // The caller may have been dropped; the work is done anyway.
            let _ = reply.send(result);
        }))
    };
    (Box::new(work), result)
}

/// Does the work in a savepoint, so that its failure does not affect the rest of the transaction.
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
    // The write-ahead log is moved into the database file, so that a copy of this file alone is complete.
    if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
        log(&format!("cannot move the write-ahead log into the database: {error}; help: copy both files for a backup"));
    }
}

/// Does all waiting work in one transaction. The error is that of the transaction, or of a piece of work that was
/// rolled back alone.
fn batch(connection: &mut Connection, first: Work, waiting: &mut mpsc::Receiver<Work>) -> Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let (mut answers, mut result, mut next) = (Vec::new(), Ok(()), Some(first));
    while let Some(work) = next.take() {
        match work(connection) {
            Ok(answer) => answers.push(answer),
            Err(error) => result = Err(error),
        }
        if connection.is_autocommit() {
            // On a full disk, SQLite rolls the whole transaction back, including the work before.
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

/// Logs write errors at most once a minute, since the log may be on the same full disk.
#[derive(Debug, Default)]
struct Trouble {
    logged: Option<Instant>,
}

impl Trouble {
    const AGAIN: Duration = Duration::from_secs(60);

    fn note(&mut self, result: Result<()>) {
        if let Err(error) = result
            && self.logged.is_none_or(|it| it.elapsed() > Self::AGAIN)
        {
            log(&format!("alerts cannot be stored: {error}; help: check whether the disk is full"));
            self.logged = Some(Instant::now());
        }
    }
}

/// Reports that the thread has stopped, even after a panic.
struct Ending(watch::Sender<bool>);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.send_replace(true);
    }
}
