//! The table of embeddings: one per situation in which a pattern was learned.

use super::disturb;
use crate::embedding::Embedding;
use measurand::timed_query;
use rusqlite::{Connection, Result, params};

/// Stores the embedding of a pattern.
#[timed_query("insert", table = "embeddings", owner = "storage")]
pub(crate) fn insert(db: &Connection, pattern: i64, embedding: &Embedding) -> Result<usize> {
    disturb(db)?;
    let mut statement = db.prepare_cached("INSERT INTO embeddings (pattern, vector) VALUES (?1, ?2)")?;
    statement.execute(params![pattern, embedding.to_bytes()])
}

/// Returns the pattern with the most similar embedding, and the cosine similarity.
#[timed_query("select", table = "embeddings", owner = "storage", slo(success = 99.9, latency = "10ms" @ 95))]
pub(crate) fn nearest(db: &Connection, to: &Embedding) -> Result<Option<(i64, f32)>> {
    disturb(db)?;
    let mut statement = db.prepare_cached("SELECT pattern, vector FROM embeddings")?;
    let mut rows = statement.query([])?;
    let mut best: Option<(i64, f32)> = None;
    while let Some(row) = rows.next()? {
        let Some(embedding) = row.get_ref(1)?.as_blob().ok().and_then(Embedding::from_bytes) else { continue };
        let cosine = to.cosine(&embedding);
        if best.is_none_or(|(_, known)| cosine > known) {
            best = Some((row.get(0)?, cosine));
        }
    }
    Ok(best)
}

/// Returns the stored embeddings of a pattern.
#[timed_query("select", table = "embeddings", owner = "storage")]
pub(crate) fn of_pattern(db: &Connection, pattern: i64) -> Result<Vec<Vec<u8>>> {
    disturb(db)?;
    let mut statement = db.prepare_cached("SELECT vector FROM embeddings WHERE pattern = ?1")?;
    statement.query_map([pattern], |row| row.get(0))?.collect()
}
