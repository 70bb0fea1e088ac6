//! Exemplars: the traces of some observations, so that a dashboard can lead from a bucket to a trace.

use crate::clock::now;
use measurand_catalog::lock::{lock, try_lock};
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

/// Returns the trace ID of the calling thread, if there is one.
pub(crate) type TraceIds = fn() -> Option<String>;

/// An observation and its trace.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Exemplar {
    /// In billionths.
    pub(crate) value: u64,
    pub(crate) trace: String,
    /// The time of the observation, in milliseconds since the epoch.
    pub(crate) time: u64,
}

/// The newest exemplar of each bucket. If a lock is taken, the new exemplar is dropped, which is better than waiting.
#[derive(Debug)]
pub(crate) struct Exemplars(Box<[Mutex<Option<Exemplar>>]>);

/// Minimum age of an exemplar before it is replaced, so that traces are requested only now and then.
const MILLISECONDS: u64 = 1000;
/// OpenMetrics allows at most 128 characters for the labels of an exemplar.
const LONGEST: usize = 128 - "trace_id".len();

static TRACE_IDS: OnceLock<TraceIds> = OnceLock::new();
static WANTED: AtomicBool = AtomicBool::new(false);

/// Sets the source of traces; the first one stays in force.
pub(crate) fn ask(trace_ids: TraceIds) {
    let _first = TRACE_IDS.set(trace_ids);
    WANTED.store(true, Ordering::Relaxed);
}

/// Whether there is a source of traces.
#[inline]
pub(crate) fn are_wanted() -> bool {
    WANTED.load(Ordering::Relaxed)
}

impl Exemplars {
    pub(crate) fn new(buckets: usize) -> Self {
        Self((0..buckets).map(|_| Mutex::default()).collect())
    }

    /// Offers an observation that this thread has just made in a bucket.
    pub(crate) fn offer(&self, bucket: usize, value: u64) {
        self.offer_at(bucket, value, now().cast_unsigned(), current);
    }

    fn offer_at(&self, bucket: usize, value: u64, time: u64, trace: impl FnOnce() -> Option<String>) {
        let Some(mut newest) = self.0.get(bucket).and_then(try_lock) else { return };
        // An absolute difference, so that no exemplar stays forever if the clock is set back.
        if newest.as_ref().is_none_or(|it| time.abs_diff(it.time) >= MILLISECONDS)
            && let Some(trace) = trace()
        {
            *newest = Some(Exemplar { value, trace, time });
        }
    }

    pub(crate) fn newest(&self, bucket: usize) -> Option<Exemplar> {
        lock(self.0.get(bucket)?).clone()
    }
}

/// Returns the trace of this thread, if its ID needs no escaping.
pub(crate) fn current() -> Option<String> {
    let ask = TRACE_IDS.get()?;
    // The source is user code and recording must not fail. The payload is forgotten, because dropping it may panic too.
    let trace = catch_unwind(ask).map_err(std::mem::forget).ok().flatten()?;
    let plain = !trace.is_empty() && trace.len() <= LONGEST && trace.bytes().all(|it| it.is_ascii_graphic());
    (plain && !trace.contains(['"', '\\'])).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_stays_for_a_second() {
        let exemplars = Exemplars::new(2);
        let trace = |name: &str| Some(name.to_owned());
        exemplars.offer_at(1, 7, 10_000, || trace("a"));
        exemplars.offer_at(1, 8, 10_999, || panic!("too early for a new exemplar"));
        assert_eq!(exemplars.newest(1), Some(Exemplar { value: 7, trace: "a".to_owned(), time: 10_000 }));
        exemplars.offer_at(1, 9, 11_000, || None);
        assert_eq!(exemplars.newest(1).unwrap().value, 7);
        exemplars.offer_at(1, 9, 11_000, || trace("b"));
        assert_eq!(exemplars.newest(1).unwrap().value, 9);
        exemplars.offer_at(2, 9, 11_000, || panic!("no such bucket"));
        assert_eq!(exemplars.newest(0), None);
    }

    /// The source of traces is called under the lock.
    #[test]
    fn a_panic_under_the_lock_leaves_the_next_example_alone() {
        let exemplars = Exemplars::new(1);
        let panics = || exemplars.offer_at(0, 7, 10_000, || panic!("on purpose"));
        assert!(catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
        exemplars.offer_at(0, 8, 10_000, || Some("a".to_owned()));
        assert_eq!(exemplars.newest(0), Some(Exemplar { value: 8, trace: "a".to_owned(), time: 10_000 }));
    }

    /// A process has only one source, so it returns all cases in turn.
    #[test]
    fn an_id_that_needs_escaping_is_ignored() {
        fn trace_ids() -> Option<String> {
            use std::sync::atomic::AtomicUsize;
            static CALL: AtomicUsize = AtomicUsize::new(0);
            struct Angry;
            impl Drop for Angry {
                fn drop(&mut self) {
                    panic!("while it is dropped, on purpose");
                }
            }
            match CALL.fetch_add(1, Ordering::Relaxed) {
                0 => Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
                1 => Some("a\"b".to_owned()),
                2 => Some("a\nb".to_owned()),
                3 => Some("x".repeat(121)),
                4 => Some(String::new()),
                5 => panic!("on purpose"),
                6 => std::panic::panic_any(Angry),
                _ => None,
            }
        }
        ask(trace_ids);
        assert!(are_wanted());
        assert_eq!(current().as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        for _ in 1..8 {
            assert_eq!(current(), None);
        }
    }
}
