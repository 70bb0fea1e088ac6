//! Stores alerts. All functions run inside the writer's transaction.

use crate::payload::{Alert, Pairs, Payload, Status};
use crate::time::Time;
use measurand::timed_query;
use rusqlite::{Connection, OptionalExtension, Result, params};
use serde::Serialize;

/// The result of storing a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Stored {
    /// Number of alerts in the payload.
    pub(crate) received: u64,
    /// Number of new alerts.
    pub(crate) new: u64,
    /// Number of alerts that were stored before, with the same fingerprint and start time.
    pub(crate) repeated: u64,
}

/// Stores all alerts of a payload.
pub(crate) fn store(db: &Connection, payload: &Payload, now: Time) -> Result<Stored> {
    let mut stored = Stored { received: 0, new: 0, repeated: 0 };
    for alert in &payload.alerts {
        stored.received += 1;
        let known = find(db, alert)?;
        let (id, changed) = if let Some((id, status)) = known {
            update(db, id, payload, alert, now)?;
            stored.repeated += 1;
            (id, status != alert.status.as_str())
        } else {
            stored.new += 1;
            (insert(db, payload, alert, now)?, true)
        };
        if changed {
            change(db, id, alert, now)?;
        }
    }
    Ok(stored)
}

/// Finds an alert by its fingerprint and start time.
#[timed_query("select", table = "alerts")]
fn find(db: &Connection, alert: &Alert) -> Result<Option<(i64, String)>> {
    let mut query = db.prepare_cached("SELECT id, status FROM alerts WHERE fingerprint = ?1 AND starts_at = ?2")?;
    let key = params![alert.fingerprint, alert.starts_at.nanoseconds()];
    query.query_row(key, |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// Stores a new alert.
///
/// # Runbook
/// Check whether the disk is full, then whether another program locks the database file.
#[timed_query("insert", table = "alerts", severity = "P0")]
fn insert(db: &Connection, payload: &Payload, alert: &Alert, now: Time) -> Result<i64> {
    let mut insert = db.prepare_cached(
        "INSERT INTO alerts (fingerprint, starts_at, ends_at, status, name, severity, labels, annotations, receiver,
             group_key, generator_url, external_url, count, first_seen, last_seen)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 1, ?13, ?13)",
    )?;
    insert.insert(params![
        alert.fingerprint,
        alert.starts_at.nanoseconds(),
        alert.ends_at.map(Time::nanoseconds),
        alert.status.as_str(),
        alert.label("alertname"),
        alert.label("severity"),
        json(&alert.labels),
        json(&alert.annotations),
        payload.receiver,
        payload.group_key,
        alert.generator_url,
        payload.external_url,
        now.nanoseconds(),
    ])
}

/// Updates an alert that was stored before. The latest payload wins, even if it arrives out of order: showing a
/// resolved alert as firing is less harmful than the opposite, and `changes` contains both.
///
/// # Runbook
/// Check whether the disk is full, then whether another program locks the database file.
#[timed_query("update", table = "alerts", severity = "P0")]
fn update(db: &Connection, id: i64, payload: &Payload, alert: &Alert, now: Time) -> Result<usize> {
    let mut update = db.prepare_cached(
        "UPDATE alerts SET status = ?2, ends_at = ?3, annotations = ?4, receiver = ?5, group_key = ?6,
             generator_url = ?7, external_url = ?8, last_seen = ?9, count = count + 1
         WHERE id = ?1",
    )?;
    update.execute(params![
        id,
        alert.status.as_str(),
        alert.ends_at.map(Time::nanoseconds),
        json(&alert.annotations),
        payload.receiver,
        payload.group_key,
        alert.generator_url,
        payload.external_url,
        now.nanoseconds(),
    ])
}

/// Records that an alert started to fire or was resolved.
#[timed_query("insert", table = "changes")]
fn change(db: &Connection, id: i64, alert: &Alert, now: Time) -> Result<usize> {
    let status: Status = alert.status;
    db.prepare_cached("INSERT INTO changes (alert, seen_at, status, ends_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id, now.nanoseconds(), status.as_str(), alert.ends_at.map(Time::nanoseconds)])
}

/// Writes this many bytes, to test whether the disk has room for a payload. [`unprobe`] deletes them in another
/// transaction, because a row that is created and deleted in one transaction is not written to disk.
#[timed_query("insert", table = "probe")]
pub(crate) fn probe(db: &Connection, bytes: u32) -> Result<()> {
    let mut insert = db.prepare_cached("INSERT OR REPLACE INTO probe (id, body) VALUES (1, zeroblob(?1))")?;
    insert.execute([bytes]).map(drop)
}

/// Deletes the bytes that [`probe`] wrote.
#[timed_query("delete", table = "probe")]
pub(crate) fn unprobe(db: &Connection) -> Result<()> {
    db.prepare_cached("DELETE FROM probe")?.execute([]).map(drop)
}

fn json(pairs: &Pairs) -> String {
    // Serializing a map of strings cannot fail.
    serde_json::to_string(pairs).unwrap_or_default()
}
