//! Calls under a recorder that may be dropped, such as that of a test. The gauge of calls in flight that goes up at the
//! start of a call must be the one that goes down at its end, so this module stores it in between. The call itself does
//! not store it and stays two registers large, because a larger call would slow down every call under the global
//! recorder.

use crate::catch_panic::catch_panic;
use crate::handles::{CLOCK, Sink};
use crate::series::Series;
use measurand_catalog::Role;
use metrics::Gauge;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The gauges by the start of their call, in several maps: threads without a recorder come here too, and must not wait.
static GAUGES: [Mutex<BTreeMap<u64, Gauge>>; PARTS] = [const { Mutex::new(BTreeMap::new()) }; PARTS];
const PARTS: usize = 16;

/// Starts a call. Returns the clock's raw reading; `None` if the recorder panicked.
#[cold]
#[inline(never)]
pub(crate) fn start(series: &'static Series) -> Option<u64> {
    catch_panic(|| {
        let start = CLOCK.raw().max(1);
        if series.family.metric(Role::InFlight).is_none() {
            return start;
        }
        let in_flight = series.with_lookup(|it| it.gauge(Role::InFlight));
        in_flight.increment(1.0);
        keep(start, in_flight)
    })
}

/// The gauge of the call that started at this reading, if it has one.
pub(crate) fn take(series: &Series, start: u64) -> Option<Gauge> {
    series.family.metric(Role::InFlight)?;
    part(start).lock().unwrap_or_else(PoisonError::into_inner).remove(&start)
}

/// Stores the gauge under this reading, or under the next reading that is free.
fn keep(mut start: u64, gauge: Gauge) -> u64 {
    let mut gauges = part(start).lock().unwrap_or_else(PoisonError::into_inner);
    while gauges.contains_key(&start) {
        start += PARTS as u64;
    }
    gauges.insert(start, gauge);
    start
}

#[expect(clippy::cast_possible_truncation, reason = "only the remainder counts")]
fn part(start: u64) -> &'static Mutex<BTreeMap<u64, Gauge>> {
    &GAUGES[start as usize % PARTS]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two processors may read the same time.
    #[test]
    fn calls_that_start_at_once_are_kept_apart() {
        let starts: Vec<u64> = (0..3).map(|_| keep(u64::MAX / 2, Gauge::noop())).collect();
        let apart = starts.windows(2).all(|it| it[0] < it[1]);
        assert!(apart, "{starts:?}");
        for start in starts {
            let mut gauges = part(start).lock().unwrap();
            assert!(gauges.remove(&start).is_some() && gauges.remove(&start).is_none());
        }
    }
}
