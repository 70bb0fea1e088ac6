//! The database: one SQLite file in WAL mode with one connection for writing and several for reading.
//!
//! It knows tables and transactions, but not how patterns are learned.

pub(crate) mod embeddings;
pub(crate) mod patterns;
pub(crate) mod trajectories;

use crate::error::Result;
use crate::faults::{self, Fault};
use measurand::db_connection;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const READERS: usize = 4;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS patterns (
    id         INTEGER PRIMARY KEY,
    kind       TEXT    NOT NULL,
    actions    TEXT    NOT NULL UNIQUE,
    -- The actions, one byte each.
    packed     BLOB    NOT NULL,
    confidence REAL    NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    uses       INTEGER NOT NULL DEFAULT 0,
    used_at    INTEGER NOT NULL DEFAULT 0,
    payload    BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS patterns_by_use ON patterns (used_at);
CREATE TABLE IF NOT EXISTS embeddings (
    pattern INTEGER NOT NULL REFERENCES patterns (id) ON DELETE CASCADE,
    vector  BLOB    NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS embeddings_by_pattern ON embeddings (pattern);
CREATE TABLE IF NOT EXISTS trajectories (
    id      INTEGER PRIMARY KEY,
    task    TEXT    NOT NULL,
    start   INTEGER NOT NULL,
    goal    INTEGER NOT NULL,
    actions TEXT    NOT NULL,
    reward  REAL    NOT NULL
) STRICT;
";

/// The database file and its connections.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: [Mutex<Connection>; READERS],
    turn: AtomicUsize,
}

impl Store {
    /// Opens `patterns.sqlite` in this folder; creates it if it is missing.
    pub(crate) fn open(directory: &Path) -> Result<Self> {
        let path = directory.join("patterns.sqlite");
        let writer = connect(&path)?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        // A power failure may lose the latest transactions but does not corrupt the database.
        writer.pragma_update(None, "synchronous", "NORMAL")?;
        writer.execute_batch(TABLES)?;
        let reader = || connect(&path).map(Mutex::new);
        let readers = [reader()?, reader()?, reader()?, reader()?];
        Ok(Self { writer: Mutex::new(writer), readers, turn: AtomicUsize::new(0), path })
    }

    /// Calls `work` with the connection for writing.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // A panic in `work` may have left a transaction open.
        if !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK")?;
        }
        work(&connection)
    }

    /// Calls `work` with a connection for reading.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % READERS;
        work(&self.readers[turn].lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Opens a new connection to check that the database can be reached.
    pub(crate) fn check(&self) -> Result<()> {
        let missing = self.path.join("missing");
        let broken = faults::strikes(Fault::ConnectionErrors);
        let connection = connect(if broken { &missing } else { &self.path })?;
        Ok(connection.query_row("SELECT 1", [], |_| Ok(()))?)
    }
}

/// Connects to the database file.
///
/// # Runbook
/// Check whether the disk is full, and whether the file exists and belongs to the service's user.
#[db_connection(owner = "storage")]
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Applies the faults `slow-queries` and `failing-queries` to a query.
fn disturb(connection: &Connection) -> rusqlite::Result<()> {
    faults::wait(Fault::SlowQueries);
    if faults::strikes(Fault::FailingQueries) {
        connection.query_row("SELECT * FROM no_such_table", [], |_| Ok(()))?;
    }
    Ok(())
}
