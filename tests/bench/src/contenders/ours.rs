//! Annotated functions, on our recorder, which is the global one as in a program.

use super::{Failed, body};
use measurand::{measured, neural_op, pattern_learned, timed_query};

/// Nobody listens; the recorder is the same.
pub(super) fn start() {
    let _routes = measurand::exporter::router();
}

#[timed_query("select", table = "patterns")]
#[inline(never)]
pub(super) fn timed_query(number: u64) -> Result<u64, Failed> {
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
