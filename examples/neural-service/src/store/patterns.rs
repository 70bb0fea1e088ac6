//! The table of patterns: successful sequences of actions, each with a confidence.

use super::disturb;
use crate::world;
use measurand::{PatternType, memory_compression, pattern_memory, patterns_active, patterns_unused, timed_query};
use rusqlite::{Connection, OptionalExtension, Result, params};

/// One pattern.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern {
    pub(crate) id: i64,
    pub(crate) kind: PatternType,
    pub(crate) actions: String,
    pub(crate) confidence: f64,
}

/// Seconds for which a pattern counts as active after its last use.
const USED_SECONDS: i64 = 60;

/// The name of a pattern type in the table.
pub(crate) const fn kind_name(kind: PatternType) -> &'static str {
    match kind {
        PatternType::Coordination => "coordination",
        PatternType::Optimization => "optimization",
        PatternType::Prediction => "prediction",
    }
}

fn kind_named(name: &str) -> PatternType {
    match name {
        "coordination" => PatternType::Coordination,
        "optimization" => PatternType::Optimization,
        _ => PatternType::Prediction,
    }
}

/// Stores a pattern unless it exists already. Returns its number and whether it is new.
#[timed_query("insert", table = "patterns", owner = "storage")]
pub(crate) fn insert(db: &Connection, kind: PatternType, actions: &[usize], confidence: f64) -> Result<(i64, bool)> {
    disturb(db)?;
    let text = "INSERT INTO patterns (kind, actions, packed, confidence, used_at) VALUES (?1, ?2, ?3, ?4, unixepoch()) \
        ON CONFLICT (actions) DO UPDATE SET uses = uses + 1 RETURNING id, uses = 0";
    let packed: Vec<u8> = actions.iter().filter_map(|it| u8::try_from(*it).ok()).collect();
    let row = params![kind_name(kind), world::names(actions), packed, confidence];
    db.prepare_cached(text)?.query_row(row, |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Stores `count` patterns that no retrieval finds, each with a payload of `bytes` bytes.
#[timed_query("insert", table = "patterns", owner = "storage")]
pub(crate) fn insert_ballast(db: &Connection, name: &str, count: usize, bytes: usize) -> Result<usize> {
    let text = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
        INSERT INTO patterns (kind, actions, packed, confidence, payload) \
        SELECT 'prediction', ?1 || i, x'', 0.8, zeroblob(?3) FROM n";
    db.execute(text, params![name, i64::try_from(count).unwrap_or(i64::MAX), i64::try_from(bytes).unwrap_or(0)])
}

/// Removes the patterns of [`insert_ballast`] with this name.
#[timed_query("delete", table = "patterns", owner = "storage")]
pub(crate) fn delete_ballast(db: &Connection, name: &str) -> Result<usize> {
    db.execute("DELETE FROM patterns WHERE actions GLOB ?1 || '[0-9]*'", [name])
}

/// Returns the pattern with this number.
#[timed_query("select", table = "patterns", owner = "storage")]
pub(crate) fn find(db: &Connection, id: i64) -> Result<Option<Pattern>> {
    disturb(db)?;
    let mut statement = db.prepare_cached("SELECT kind, actions, confidence FROM patterns WHERE id = ?1")?;
    let pattern = |row: &rusqlite::Row<'_>| {
        let kind = kind_named(&row.get::<_, String>(0)?);
        Ok(Pattern { id, kind, actions: row.get(1)?, confidence: row.get(2)? })
    };
    statement.query_row([id], pattern).optional()
}

/// Returns the number of the pattern with these actions.
#[timed_query("select", table = "patterns", owner = "storage")]
pub(crate) fn of_actions(db: &Connection, actions: &str) -> Result<Option<i64>> {
    disturb(db)?;
    db.prepare_cached("SELECT id FROM patterns WHERE actions = ?1")?.query_row([actions], |row| row.get(0)).optional()
}

/// Updates the confidence of a pattern and the time of its last use.
#[timed_query("update", table = "patterns", owner = "storage")]
pub(crate) fn set_confidence(db: &Connection, id: i64, confidence: f64) -> Result<usize> {
    disturb(db)?;
    let text = "UPDATE patterns SET confidence = ?2, used_at = unixepoch() WHERE id = ?1";
    db.prepare_cached(text)?.execute(params![id, confidence])
}

/// Keeps the `keep` patterns with the highest confidence and deletes the others.
#[timed_query("delete", table = "patterns", owner = "storage")]
pub(crate) fn forget(db: &Connection, keep: u32) -> Result<usize> {
    disturb(db)?;
    let text = "DELETE FROM patterns WHERE payload IS NULL AND id IN \
        (SELECT id FROM patterns WHERE payload IS NULL ORDER BY confidence DESC, id LIMIT -1 OFFSET ?1)";
    db.prepare_cached(text)?.execute([keep])
}

/// Returns all learned patterns.
#[timed_query("select", table = "patterns", owner = "storage")]
pub(crate) fn all(db: &Connection) -> Result<Vec<Pattern>> {
    disturb(db)?;
    let mut statement =
        db.prepare_cached("SELECT kind, actions, confidence, id FROM patterns WHERE payload IS NULL ORDER BY id")?;
    let pattern = |row: &rusqlite::Row<'_>| {
        let kind = kind_named(&row.get::<_, String>(0)?);
        Ok(Pattern { id: row.get(3)?, kind, actions: row.get(1)?, confidence: row.get(2)? })
    };
    statement.query_map([], pattern)?.collect()
}

/// Size of all patterns and embeddings in bytes.
#[pattern_memory]
pub(crate) fn memory_bytes(db: &Connection) -> Result<i64> {
    let text = "SELECT (SELECT coalesce(sum(length(actions) + length(packed) + coalesce(length(payload), 0)), 0) FROM patterns) \
        + (SELECT coalesce(sum(length(vector)), 0) FROM embeddings)";
    db.prepare_cached(text)?.query_row([], |row| row.get(0))
}

/// Size of all packed actions divided by the size of their names.
#[memory_compression]
pub(crate) fn compression(db: &Connection) -> Result<Option<f64>> {
    let text = "SELECT sum(length(packed)) * 1.0 / sum(length(actions)) FROM patterns WHERE length(packed) > 0";
    db.prepare_cached(text)?.query_row([], |row| row.get(0))
}

/// Number of patterns used within the last minute.
#[patterns_active]
pub(crate) fn active(db: &Connection) -> Result<i64> {
    count(db, "SELECT count(*) FROM patterns WHERE used_at >= unixepoch() - ?1")
}

/// Number of patterns not used within the last minute.
#[patterns_unused]
pub(crate) fn unused(db: &Connection) -> Result<i64> {
    count(db, "SELECT count(*) FROM patterns WHERE used_at < unixepoch() - ?1")
}

fn count(db: &Connection, text: &str) -> Result<i64> {
    db.prepare_cached(text)?.query_row([USED_SECONDS], |row| row.get(0))
}
