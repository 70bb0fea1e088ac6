//! Deletes old and excess alerts and payloads in small steps, so that no payload waits long.

use crate::payload::Status;
use crate::time::Time;
use measurand::timed_query;
use rusqlite::{Connection, Result, params};

/// The limits of stored data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Days to keep an alert after it was received last.
    pub days: u32,
    /// Maximum number of alerts, and of payloads that wait for the next hop.
    pub alerts: u64,
}

/// Maximum number of rows that are deleted in one transaction.
const STEP: u64 = 1000;

/// Deletes some alerts and queued payloads beyond the limits. Returns the numbers of both; zero if there are none.
pub(crate) fn prune(db: &Connection, keep: Keep, now: Time) -> Result<(usize, usize)> {
    let oldest = now.plus_seconds(-i64::from(keep.days) * 86_400);
    let old = delete_old(db, oldest)?;
    let kept: u64 = db.prepare_cached("SELECT count(*) FROM alerts")?.query_row([], |row| row.get(0))?;
    let excess = kept.saturating_sub(keep.alerts).min(STEP);
    let resolved = delete_many(db, Status::Resolved, excess)?;
    let many = resolved + delete_many(db, Status::Firing, excess.saturating_sub(resolved as u64))?;
    let queued = delete_queued(db, oldest, keep.alerts)?;
    if old + many + queued > 0 {
        // This pragma returns rows, so `execute` would fail.
        db.prepare_cached("PRAGMA incremental_vacuum(256)")?.query([])?.next()?;
    }
    Ok((old + many, queued))
}

/// Deletes alerts that were received last before that time.
#[timed_query("delete", table = "alerts")]
fn delete_old(db: &Connection, oldest: Time) -> Result<usize> {
    let sql = "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE last_seen < ?1 ORDER BY last_seen LIMIT ?2)";
    db.prepare_cached(sql)?.execute(params![oldest.nanoseconds(), STEP])
}

/// Deletes up to this many alerts, those received the longest ago first.
#[timed_query("delete", table = "alerts")]
fn delete_many(db: &Connection, status: Status, excess: u64) -> Result<usize> {
    if excess == 0 {
        return Ok(0);
    }
    // The plus prevents SQLite from using the index by status, after which it would have to sort.
    let sql = "DELETE FROM alerts WHERE id IN
                   (SELECT id FROM alerts WHERE +status = ?1 ORDER BY last_seen LIMIT ?2)";
    db.prepare_cached(sql)?.execute(params![status.as_str(), excess])
}

/// Deletes payloads that have waited for the next hop too long, and the oldest ones if there are too many. Their alerts
/// stay stored. Otherwise an unreachable next hop would fill the disk, and new alerts would be refused.
#[timed_query("delete", table = "forwards")]
fn delete_queued(db: &Connection, oldest: Time, most: u64) -> Result<usize> {
    let sql = "DELETE FROM forwards WHERE id IN (
                   SELECT id FROM forwards
                   WHERE received_at < ?1 OR id <= (SELECT id FROM forwards ORDER BY id DESC LIMIT 1 OFFSET ?3)
                   ORDER BY id LIMIT ?2)";
    db.prepare_cached(sql)?.execute(params![oldest.nanoseconds(), STEP, most])
}
