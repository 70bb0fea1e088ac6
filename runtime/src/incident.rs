//! A call that failed or was one of the slowest. Other calls never run this code.

use crate::failure::Failure;
use crate::fast_path::Ended;
use crate::handles::Handles;
use crate::outcome::Outcome;

/// Stores the call.
#[cold]
#[inline(never)]
pub(crate) fn note(handles: &Handles, nanoseconds: u64, outcome: &Outcome) {
    let name = outcome.result.map_or_else(Failure::name, |()| "ok");
    let ended = Ended { nanoseconds, outcome: name, kind: outcome.error_kind };
    handles.incidents.note(ended, || handles.series.origin());
}
