//! Annotated functions and an exporter. `cargo run -p quickstart` prints the addresses to open.

#[expect(clippy::print_stdout, reason = "the example prints to its user")]
mod load;

use measurand::{measured, neural_op, timed_query, verified};
use rusqlite::{Connection, Result, params};

/// Stores one pattern with its confidence.
#[timed_query("insert", table = "patterns")]
fn store(db: &Connection, name: &str, confidence: f64) -> Result<usize> {
    db.execute("INSERT INTO patterns (name, confidence) VALUES (?1, ?2)", params![name, confidence])
}

/// Finds the best patterns.
///
/// # Runbook
/// Check whether another process locks the database file, then whether the disk is full.
#[timed_query("select", table = "patterns", owner = "storage")]
fn best(db: &Connection, table: &str) -> Result<Vec<String>> {
    let mut query = db.prepare(&format!("SELECT name FROM {table} ORDER BY confidence DESC LIMIT 10"))?;
    query.query_map([], |row| row.get(0))?.collect()
}

/// Learns from one observation.
#[neural_op("learning")]
fn learn(db: &Connection, step: u32) -> Result<usize> {
    store(db, &format!("pattern-{step}"), f64::from(step % 100) / 100.0)
}

/// Retrieves the best patterns learned so far.
#[neural_op("retrieval")]
fn retrieve(db: &Connection, table: &str) -> Result<Vec<String>> {
    best(db, table)
}

/// Scores the patterns that the agent `coder` found.
#[verified(agent_id = "coder")]
fn verify(found: &[String]) -> f64 {
    if found.is_empty() { 0.0 } else { 0.97 }
}

/// One iteration of the application: learns, retrieves and verifies.
#[measured]
fn turn(db: &Connection, step: u32, table: &str) -> Result<()> {
    learn(db, step)?;
    let found = retrieve(db, table)?;
    verify(&found);
    Ok(())
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    load::run(turn).await
}
