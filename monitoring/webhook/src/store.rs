//! The database: an SQLite file, opened so that committed data survives a power cut.

mod prune;
mod queue;
mod read;
mod write;

pub use prune::Keep;
pub(crate) use prune::prune;
pub(crate) use queue::{Queued, defer, delivered, enqueue, next, rejected, waiting};
pub(crate) use read::{AlertRow, Change, Filter, List, State, Totals, alert, list, severities, totals, watchdog};
pub(crate) use write::{Stored, probe, store, unprobe};

use measurand::db_connection;
use rusqlite::{Connection, OpenFlags};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The application id `Mwhk`, by which this program and the command `file` recognise the database.
const APPLICATION: i32 = 0x4d77_686b;
/// The version of the tables below. A change of them needs a migration step in `prepare`.
const VERSION: i32 = 1;

const TABLES: &str = "
CREATE TABLE alerts (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    fingerprint   TEXT    NOT NULL,
    starts_at     INTEGER NOT NULL,
    ends_at       INTEGER,
    status        TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    severity      TEXT    NOT NULL,
    labels        TEXT    NOT NULL,
    annotations   TEXT    NOT NULL,
    receiver      TEXT    NOT NULL,
    group_key     TEXT    NOT NULL,
    generator_url TEXT    NOT NULL,
    external_url  TEXT    NOT NULL,
    count         INTEGER NOT NULL,
    first_seen    INTEGER NOT NULL,
    last_seen     INTEGER NOT NULL,
    UNIQUE (fingerprint, starts_at)
) STRICT;
-- Each index ends in the order of the lists, so that a page of many alerts needs no sorting.
CREATE INDEX alerts_by_status ON alerts (status, id);
CREATE INDEX alerts_by_status_and_severity ON alerts (status, severity, id);
CREATE INDEX alerts_by_severity ON alerts (severity, id);
CREATE INDEX alerts_by_name ON alerts (name, id);
CREATE INDEX alerts_by_age ON alerts (last_seen);
-- Each time an alert started to fire or was resolved, in the order of arrival, which Alertmanager may mix up.
CREATE TABLE changes (
    alert   INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    seen_at INTEGER NOT NULL,
    status  TEXT    NOT NULL,
    ends_at INTEGER
) STRICT;
CREATE INDEX changes_by_alert ON changes (alert);
-- Payloads that the next hop has not accepted yet, with their original bytes.
CREATE TABLE forwards (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    body        BLOB    NOT NULL,
    received_at INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    due_at      INTEGER NOT NULL,
    rejected    INTEGER NOT NULL DEFAULT 0,
    error       TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX forwards_by_state ON forwards (rejected, id);
";

/// Also created in databases of earlier versions, which ignore it.
const PROBE: &str =
    "CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL) STRICT";

/// Number of bytes written at startup, to detect a full disk.
const PROBE_BYTES: u32 = 64 << 10;

/// The database file, locked for this process while the value lives.
#[derive(Debug)]
pub(crate) struct Database {
    path: PathBuf,
    lock: Lock,
}

/// The lock of the database, held while one of these lives. It must outlive all connections: SQLite's own locks of a
/// file are released as soon as the process closes any handle to that file.
pub(crate) type Lock = Arc<File>;

impl Database {
    /// Locks the file, and creates missing tables. Returns the connection for writing.
    pub(crate) fn open(path: &Path) -> Result<(Self, Connection), String> {
        let shown = path.display();
        let failed = |error: &dyn std::fmt::Display| {
            format!("cannot use the database `{shown}`: {error}; help: name a writable file with `--database`")
        };
        check_kind(path).map_err(|it| failed(&it))?;
        let file = create(path).map_err(|it| failed(&it))?;
        let lock = to_lock(path, file).map_err(|it| failed(&it))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(format!(
                    "the database `{shown}` is in use by another measurand-webhook; help: stop it, or name another \
                     file with `--database`"
                ));
            }
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
        check_names(&lock).map_err(|it| failed(&it))?;
        let connection = connect(path, OpenFlags::default()).map_err(|it| failed(&it))?;
        prepare(&connection).map_err(|it| failed(&it))?;
        Ok((Self { path: path.to_owned(), lock: Arc::new(lock) }, connection))
    }

    /// The lock, for a writer that may outlive this value.
    pub(crate) fn lock(&self) -> Lock {
        Arc::clone(&self.lock)
    }

    /// Opens a connection for reading, which the writing one does not block.
    pub(crate) fn reader(&self) -> rusqlite::Result<Connection> {
        connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
    }
}

/// Creates the file if it is missing. Only its owner can read it, since alerts may be confidential. SQLite gives the
/// files beside it the same permissions.
fn create(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Checks that the database and the files that SQLite keeps beside it are regular files, if they exist. Opening a pipe
/// would block.
fn check_kind(path: &Path) -> Result<(), String> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        let file = PathBuf::from(file);
        if std::fs::metadata(&file).is_ok_and(|it| !it.is_file()) {
            return Err(format!("`{}` is not a regular file", file.display()));
        }
    }
    Ok(())
}

/// Locks the database file itself, so that other paths to it are locked too. The lock is of another kind than SQLite's
/// own locks and does not conflict with them.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on other platforms")]
fn to_lock(_: &Path, database: File) -> std::io::Result<File> {
    Ok(database)
}

/// Locks a file beside the database, because on other platforms a locked file cannot be read.
#[cfg(not(unix))]
fn to_lock(path: &Path, _: File) -> std::io::Result<File> {
    let path = PathBuf::from(format!("{}.lock", path.canonicalize()?.display()));
    OpenOptions::new().create(true).truncate(false).write(true).open(path)
}

/// Refuses hard links. SQLite names its log after the database, so opening another name would miss the data in the log.
#[cfg(unix)]
fn check_names(database: &File) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let names = database.metadata().map_err(|it| it.to_string())?.nlink();
    if names > 1 {
        return Err(format!(
            "the file has {names} names (hard links), and its log belongs to one of them; remove the others"
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_names(_: &File) -> Result<(), String> {
    Ok(())
}

/// Opens a connection to the database.
#[db_connection]
fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    // Backups and the command `sqlite3` may lock the file for a moment.
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    // The schema of an arbitrary file may be malicious.
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> Result<(), String> {
    let failed = |it: rusqlite::Error| it.to_string();
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0)).map_err(failed);
    let (application, version) = (number("application_id")?, number("user_version")?);
    let empty = number("schema_version")? == 0;
    if !empty && application != APPLICATION {
        return Err("it is the database of another program".to_owned());
    }
    if version > VERSION {
        return Err(format!(
            "it was created by a newer version (its tables have version {version}, this one supports {VERSION})"
        ));
    }
    // Pages of deleted rows are freed in steps. This must be set before the first table is created.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(failed)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    // A commit returns when the log is on disk.
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    if empty {
        let mark = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};");
        connection.execute_batch(&format!("BEGIN IMMEDIATE;{TABLES}{mark}COMMIT;")).map_err(failed)?;
    }
    connection.execute_batch(PROBE).map_err(failed)?;
    // Detects missing write permission or a full disk at startup instead of with the first alert.
    probe(connection, PROBE_BYTES).and_then(|()| unprobe(connection)).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::Database;

    #[test]
    fn a_commit_is_on_disk() {
        let directory = tempfile::tempdir().unwrap();
        let (_database, connection) = Database::open(&directory.path().join("alerts.db")).unwrap();
        let ask =
            |name| connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0)).unwrap();
        assert_eq!(ask("synchronous"), 2.into(), "which is FULL");
        assert_eq!(ask("journal_mode"), "wal".to_owned().into());
        assert_eq!(ask("foreign_keys"), 1.into());
    }
}
