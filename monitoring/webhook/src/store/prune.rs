//! Forgetting what is old or too much, a little at a time, so that no payload waits long for it.

use crate::payload::Status;
use crate::time::Time;
use measurand::timed_query;
use rusqlite::{Connection, Result, params};

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Days since an alert came last.
    pub days: u32,
    /// Alerts at most, and payloads that wait for the next hop at most.
    pub alerts: u64,
}

/// Rows that are deleted in one transaction.
const STEP: u64 = 1000;

/// Deletes some of what is too old or too much; says how many alerts and queued payloads, zero when all is well.
pub(crate) fn prune(db: &Connection, keep: Keep, now: Time) -> Result<(usize, usize)> {
    let oldest = now.plus_seconds(-i64::from(keep.days) * 86_400);
    let old = delete_old(db, oldest)?;
    let kept: u64 = db.prepare_cached("SELECT count(*) FROM alerts")?.query_row([], |row| row.get(0))?;
    let excess = kept.saturating_sub(keep.alerts).min(STEP);
    let resolved = delete_many(db, Status::Resolved, excess)?;
    let many = resolved + delete_many(db, Status::Firing, excess.saturating_sub(resolved as u64))?;
    let queued = delete_queued(db, oldest, keep.alerts)?;
    if old + many + queued > 0 {
        // It answers with rows, which is why `execute` is not for it.
        db.prepare_cached("PRAGMA incremental_vacuum(256)")?.query([])?.next()?;
    }
    Ok((old + many, queued))
}

/// Deletes alerts that came last before that time.
#[timed_query("delete", table = "alerts")]
fn delete_old(db: &Connection, oldest: Time) -> Result<usize> {
    let sql = "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE last_seen < ?1 ORDER BY last_seen LIMIT ?2)";
    db.prepare_cached(sql)?.execute(params![oldest.nanoseconds(), STEP])
}

/// Deletes up to so many alerts, those that came last the longest ago.
#[timed_query("delete", table = "alerts")]
fn delete_many(db: &Connection, status: Status, excess: u64) -> Result<usize> {
    if excess == 0 {
        return Ok(0);
    }
    // The plus keeps SQLite from the index by status, after which it would have to sort.
    let sql = "DELETE FROM alerts WHERE id IN
                   (SELECT id FROM alerts WHERE +status = ?1 ORDER BY last_seen LIMIT ?2)";
    db.prepare_cached(sql)?.execute(params![status.as_str(), excess])
}

/// Deletes payloads that the next hop has not taken in all that time, and the oldest where there are more than that many:
/// their alerts are kept here, and a disk filled by a next hop that is gone would refuse new ones.
#[timed_query("delete", table = "forwards")]
fn delete_queued(db: &Connection, oldest: Time, most: u64) -> Result<usize> {
    let sql = "DELETE FROM forwards WHERE id IN (
                   SELECT id FROM forwards
                   WHERE received_at < ?1 OR id <= (SELECT id FROM forwards ORDER BY id DESC LIMIT 1 OFFSET ?3)
                   ORDER BY id LIMIT ?2)";
    db.prepare_cached(sql)?.execute(params![oldest.nanoseconds(), STEP, most])
}
