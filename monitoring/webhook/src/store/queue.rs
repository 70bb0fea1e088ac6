//! The queue of payloads for the next hop. A payload is queued in the transaction that stores its alerts.

use crate::time::Time;
use measurand::timed_query;
use rusqlite::{Connection, OptionalExtension, Result, params};

/// A waiting payload.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) id: i64,
    pub(crate) body: Vec<u8>,
    pub(crate) attempts: u32,
    pub(crate) due_at: Time,
}

/// Queues a payload.
#[timed_query("insert", table = "forwards")]
pub(crate) fn enqueue(db: &Connection, body: &[u8], now: Time) -> Result<usize> {
    let mut insert = db.prepare_cached("INSERT INTO forwards (body, received_at, due_at) VALUES (?1, ?2, ?2)")?;
    insert.execute(params![body, now.nanoseconds()])
}

/// The oldest waiting payload. Later ones wait for it, so that a resolved alert does not overtake the firing one.
#[timed_query("select", table = "forwards")]
pub(crate) fn next(db: &Connection) -> Result<Option<Queued>> {
    let sql = "SELECT id, body, attempts, due_at FROM forwards WHERE rejected = 0 ORDER BY id LIMIT 1";
    let queued = |row: &rusqlite::Row<'_>| {
        Ok(Queued {
            id: row.get(0)?,
            body: row.get(1)?,
            attempts: row.get(2)?,
            due_at: Time::from_nanoseconds(row.get(3)?),
        })
    };
    db.prepare_cached(sql)?.query_row([], queued).optional()
}

/// Number of waiting payloads.
#[timed_query("select", table = "forwards")]
pub(crate) fn waiting(db: &Connection) -> Result<u64> {
    db.prepare_cached("SELECT count(*) FROM forwards WHERE rejected = 0")?.query_row([], |row| row.get(0))
}

/// Deletes a payload that the next hop has accepted.
#[timed_query("delete", table = "forwards")]
pub(crate) fn delivered(db: &Connection, id: i64) -> Result<usize> {
    db.prepare_cached("DELETE FROM forwards WHERE id = ?1")?.execute([id])
}

/// Records a failed attempt and the time of the next one.
#[timed_query("update", table = "forwards")]
pub(crate) fn defer(db: &Connection, id: i64, due_at: Time, error: &str) -> Result<usize> {
    let mut update =
        db.prepare_cached("UPDATE forwards SET attempts = attempts + 1, due_at = ?2, error = ?3 WHERE id = ?1")?;
    update.execute(params![id, due_at.nanoseconds(), error])
}

/// Keeps a payload that the next hop rejected permanently, with the reason, for the operator.
#[timed_query("update", table = "forwards")]
pub(crate) fn rejected(db: &Connection, id: i64, error: &str) -> Result<usize> {
    let sql = "UPDATE forwards SET attempts = attempts + 1, rejected = 1, error = ?2 WHERE id = ?1";
    db.prepare_cached(sql)?.execute(params![id, error])
}
