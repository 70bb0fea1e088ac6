//! A call that somebody may want to look at: it failed, or was one of the slowest. Never on the path of all others.

use crate::direct::{Ended, Origin};
use crate::handles::Handles;
use crate::names;
use crate::verdict::{Outcome, Verdict};
use measurand_catalog::{ERROR_OUTCOMES, record};

/// Remembers the call.
#[cold]
#[inline(never)]
pub(crate) fn note(handles: &Handles, nanoseconds: u64, verdict: &Verdict) {
    let outcome = match verdict.outcome {
        Outcome::Ok => "ok",
        Outcome::Failed(failure) => ERROR_OUTCOMES[failure as usize],
    };
    let series = handles.series;
    let record = series.record();
    let origin = || Origin {
        function: (!record.is_empty()).then(|| {
            let field = |key| record::field(record, key);
            [field("module"), names::with_number(record).unwrap_or_else(|| field("function")), field("line")]
        }),
        family: series.family.name,
        labels: series.labels().map(|(name, value)| (name, value.to_owned())).collect(),
    };
    handles.incidents.note(Ended { nanoseconds, outcome, kind: verdict.kind }, origin);
}
