//! Calls under a recorder that may go away, such as that of a test. The number of calls in flight has to go down where it
//! went up, so the gauge is kept from the start of such a call to its end. It is kept here and not in the call, which stays
//! two registers large: every call under a program's own recorder pays for what a call carries.

use crate::catch_panic::catch_panic;
use crate::handles::{CLOCK, Sink};
use crate::series::Series;
use measurand_catalog::Role;
use metrics::Gauge;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// By the start of the call. In parts, since threads without any recorder come here as well and must not wait.
static GAUGES: [Mutex<BTreeMap<u64, Gauge>>; PARTS] = [const { Mutex::new(BTreeMap::new()) }; PARTS];
const PARTS: usize = 16;

/// Starts a call, and returns the clock's raw reading; `None` if the recorder panicked.
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

/// Keeps the gauge under this reading, or under the next one that no other call in flight has.
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

    /// Two processors may read the same from their clocks.
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
