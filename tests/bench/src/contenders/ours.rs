//! Annotated functions with our recorder, which is the global one like in a real program.

use super::{Failed, body};
use measurand::{Label, measured, neural_op, pattern_learned, timed_query};

/// Installs the recorder of the exporter without a server.
pub(super) fn start() {
    let _routes = measurand::exporter::router();
}

#[timed_query("select", table = "patterns")]
#[inline(never)]
pub(super) fn timed_query(number: u64) -> Result<u64, Failed> {
    body(number)
}

#[timed_query("select", table = "patterns", time = 1 in 16)]
#[inline(never)]
pub(super) fn sampled(number: u64) -> Result<u64, Failed> {
    body(number)
}

/// A label with known values.
#[derive(Debug, Clone, Copy, Label)]
pub(super) enum Table {
    Patterns,
    Trajectories,
    UserEvents,
    Memories,
}

/// Consecutive calls use different values, so no cache of the last value helps.
const TABLES: [Table; 4] = [Table::Patterns, Table::Trajectories, Table::UserEvents, Table::Memories];
const NAMES: [&str; 4] = ["patterns", "trajectories_v2", "user_events_archived", "memories"];

pub(super) fn typed_label(number: u64) -> Result<u64, Failed> {
    by_table(number, turn(TABLES, number))
}

pub(super) fn text_label(number: u64) -> Result<u64, Failed> {
    by_name(number, turn(NAMES, number))
}

fn turn<T: Copy, const N: usize>(all: [T; N], number: u64) -> T {
    #[expect(clippy::cast_possible_truncation, reason = "only the remainder counts")]
    all[number as usize % N]
}

#[timed_query("select", table = table)]
#[inline(never)]
fn by_table(number: u64, table: Table) -> Result<u64, Failed> {
    body(number)
}

#[timed_query("select", table = name)]
#[inline(never)]
fn by_name(number: u64, name: &str) -> Result<u64, Failed> {
    body(number)
}

#[neural_op("retrieval")]
#[inline(never)]
pub(super) fn neural_op(number: u64) -> Result<u64, Failed> {
    body(number)
}

#[measured]
#[inline(never)]
pub(super) fn measured(number: u64) -> Result<u64, Failed> {
    body(number)
}

#[pattern_learned]
#[inline(never)]
pub(super) fn pattern_learned(number: u64) -> Result<u64, Failed> {
    body(number)
}
