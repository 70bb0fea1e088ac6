//! The time of day, for samples, incidents and exemplars.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the epoch, 0 or more.
pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    i64::try_from(now).unwrap_or(i64::MAX)
}
