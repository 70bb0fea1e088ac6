//! The last failures and the slowest calls of annotated functions, for the live page: a bounded number per series.
//!
//! For a successful call that is not among the slowest, the cost is one load and one comparison. Any other call tries a
//! lock and drops its incident if the lock is taken: losing an incident is better than waiting.

use crate::clock::now;
use crate::history::KEPT;
use crate::storage::cells::current_trace;
use measurand_catalog::lock::{lock, try_lock};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// Maximum number of failures, and of slow calls, per series.
const MOST: usize = 20;
/// Maximum number of series with incidents. Each takes less than 4 KiB.
const MOST_SERIES: usize = 1000;

/// If the clock is set back by less than this, in milliseconds, it is only being adjusted.
const SLACK: i64 = 60_000;

/// The incidents of one series.
#[derive(Debug, Default)]
pub struct Incidents {
    /// The duration in nanoseconds above which a call is one of the slowest.
    slow: AtomicU64,
    kept: OnceLock<Option<Arc<SeriesIncidents>>>,
}

/// The function, the family and the labels that incidents belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The module, the name and the line of the annotated function; `None` if several functions share the series.
    pub function: Option<[&'static str; 3]>,
    /// The family's name.
    pub family: &'static str,
    /// The labels of the series.
    pub labels: Vec<(&'static str, String)>,
}

/// The outcome of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The duration in nanoseconds; 0 if the call was not timed.
    pub nanoseconds: u64,
    /// `ok`, or one of [`measurand_catalog::ERROR_OUTCOMES`].
    pub outcome: &'static str,
    /// The kind of the error, if its type provides one.
    pub kind: Option<&'static str>,
}

/// A failed or slow call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Incident {
    /// The time of its end, in milliseconds since the epoch.
    pub(crate) time: i64,
    pub(crate) ended: Ended,
    pub(crate) trace: Option<String>,
}

/// The incidents of one series and their origin.
#[derive(Debug)]
pub(crate) struct SeriesIncidents {
    pub(crate) origin: Origin,
    lists: Mutex<Lists>,
}

/// The lists are sorted: the newest failure and the slowest call come last.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Lists {
    pub(crate) failures: VecDeque<Incident>,
    pub(crate) slowest: VecDeque<Incident>,
}

/// Whether incidents are recorded. `false` until a live page is served.
static WANTED: AtomicBool = AtomicBool::new(false);
static ALL: Mutex<Vec<Arc<SeriesIncidents>>> = Mutex::new(Vec::new());

/// Records incidents from now on.
pub(crate) fn keep() {
    WANTED.store(true, Ordering::Relaxed);
}

/// Returns all incidents of the last hour, by series.
pub(crate) fn all() -> Vec<(Origin, Lists)> {
    let all = lock(&ALL).clone();
    let now = now();
    let of = |it: Arc<SeriesIncidents>| {
        let lists = lock(&it.lists).clone();
        (it.origin.clone(), lists.of_hour(now))
    };
    all.into_iter().map(of).collect()
}

impl Incidents {
    /// Whether a call of this duration is one of the slowest.
    #[inline]
    #[must_use]
    pub fn concern(&self, nanoseconds: u64) -> bool {
        nanoseconds > self.slow.load(Ordering::Relaxed)
    }

    /// Records a call that failed or was one of the slowest.
    #[cold]
    #[inline(never)]
    pub fn note(&self, ended: Ended, origin: impl FnOnce() -> Origin) {
        let kept = self.kept.get_or_init(|| WANTED.load(Ordering::Relaxed).then(|| register(origin())).flatten());
        let Some(kept) = kept else {
            // Incidents are disabled, so no later call has to look again.
            self.slow.store(u64::MAX, Ordering::Relaxed);
            return;
        };
        if let Some(slow) = kept.add(ended) {
            self.slow.store(slow, Ordering::Relaxed);
        }
    }
}

fn register(origin: Origin) -> Option<Arc<SeriesIncidents>> {
    let mut all = lock(&ALL);
    if all.len() >= MOST_SERIES {
        return None;
    }
    let kept = Arc::new(SeriesIncidents { origin, lists: Mutex::default() });
    all.push(Arc::clone(&kept));
    Some(kept)
}

impl SeriesIncidents {
    /// Adds a call that ends now, unless another thread holds the lists.
    fn add(&self, ended: Ended) -> Option<u64> {
        let mut lists = try_lock(&self.lists)?;
        Some(lists.add(Incident { time: now(), ended, trace: current_trace() }))
    }
}

impl Lists {
    /// Adds an incident. Returns the duration in nanoseconds above which the next call is one of the slowest.
    fn add(&mut self, it: Incident) -> u64 {
        let oldest = it.time - i64::from(KEPT) * 1000;
        if it.ended.outcome != "ok" {
            if self.failures.len() >= MOST {
                self.failures.pop_front();
            }
            self.failures.push_back(it.clone());
        }
        // Only the slowest of the last hour are kept: older ones, such as the slow first calls of a program, are
        // dropped. So are those whose time lies in the future because the clock was set back.
        let newest = it.time + SLACK;
        self.slowest.retain(|it| (oldest..=newest).contains(&it.time));
        if it.ended.nanoseconds > 0 {
            let place = self.slowest.partition_point(|other| other.ended.nanoseconds < it.ended.nanoseconds);
            self.slowest.insert(place, it);
            if self.slowest.len() > MOST {
                self.slowest.pop_front();
            }
        }
        if self.slowest.len() < MOST { 0 } else { self.slowest.front().map_or(0, |it| it.ended.nanoseconds) }
    }

    /// Keeps the incidents of the last hour, without those whose time lies in the future because the clock was set
    /// back.
    fn of_hour(mut self, now: i64) -> Self {
        let hour = now - i64::from(KEPT) * 1000..=now + SLACK;
        self.failures.retain(|it| hour.contains(&it.time));
        self.slowest.retain(|it| hour.contains(&it.time));
        self
    }

    /// Adds the incidents of another series.
    pub(crate) fn merge(&mut self, other: Self) {
        self.failures.extend(other.failures);
        self.failures.make_contiguous().sort_by_key(|it| it.time);
        self.slowest.extend(other.slowest);
        self.slowest.make_contiguous().sort_by_key(|it| it.ended.nanoseconds);
        for list in [&mut self.failures, &mut self.slowest] {
            list.drain(..list.len().saturating_sub(MOST));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(time: i64, nanoseconds: u64, outcome: &'static str) -> Incident {
        Incident { time, ended: Ended { nanoseconds, outcome, kind: None }, trace: None }
    }

    fn durations(lists: &Lists) -> Vec<u64> {
        lists.slowest.iter().map(|it| it.ended.nanoseconds).collect()
    }

    #[test]
    fn the_slowest_and_the_newest_are_kept() {
        let mut lists = Lists::default();
        for number in 1..=19 {
            assert_eq!(lists.add(call(1000, number * 10, "ok")), 0, "the list is not full");
        }
        assert_eq!(lists.add(call(1000, 5, "error")), 5);
        assert_eq!(lists.add(call(1001, 1000, "ok")), 10);
        assert_eq!((lists.slowest.len(), durations(&lists)[0], lists.failures.len()), (20, 10, 1));
        for time in 0..30 {
            lists.add(call(time, 0, "panic"));
        }
        assert_eq!((lists.failures.len(), lists.failures[19].time), (20, 29));
        assert_eq!(lists.slowest.len(), 20, "an untimed call is not slow");
        // An hour later the old calls are dropped, so every call is slow again.
        assert_eq!(lists.add(call(1_000_000_000, 1, "ok")), 0);
        assert_eq!(durations(&lists), [1]);
        // The clock is set back by a day: slow calls from the future must not hide those of today.
        let mut back = Lists::default();
        for (time, nanoseconds) in
            [(1_000_000_000, 1), (1_000_000_000 - 86_400_000, 2), (1_000_000_000 - 86_400_001, 3)]
        {
            back.add(call(time, nanoseconds, "ok"));
        }
        assert_eq!(durations(&back), [2, 3]);
        let mut other = Lists::default();
        other.add(call(5, 7, "error"));
        other.merge(lists);
        assert_eq!((durations(&other), other.failures.len()), (vec![1, 7], 20));
    }

    #[test]
    fn of_a_machine_that_slept_or_was_set_back_the_last_hour_is_kept() {
        const HOUR: i64 = 3_600_000;
        let mut lists = Lists::default();
        lists.add(call(HOUR, 5, "error"));
        // Five hours later by the clock, which then turns out to be wrong.
        lists.add(call(6 * HOUR, 7, "error"));
        assert_eq!(durations(&lists), [7]);
        assert_eq!(lists.clone().of_hour(6 * HOUR).failures.len(), 1);
        lists.add(call(HOUR + 1, 9, "error"));
        let back = lists.of_hour(HOUR + 1);
        assert_eq!(back.failures.iter().map(|it| it.time).collect::<Vec<_>>(), [HOUR, HOUR + 1]);
        assert_eq!(durations(&back), [9]);
    }

    #[test]
    fn a_panic_of_who_held_the_lists_does_not_close_them() {
        let origin = Origin { function: None, family: "poisoned", labels: Vec::new() };
        let kept = SeriesIncidents { origin, lists: Mutex::default() };
        let panicked = std::thread::scope(|scope| {
            let holding = || {
                let _lists = kept.lists.lock();
                panic!("on purpose");
            };
            scope.spawn(holding).join()
        });
        assert!(panicked.is_err() && kept.lists.is_poisoned());
        assert_eq!(kept.add(Ended { nanoseconds: 5, outcome: "error", kind: None }), Some(0));
        let lists = lock(&kept.lists);
        assert_eq!((lists.failures.len(), lists.slowest.len()), (1, 1));
    }

    #[test]
    fn without_a_live_page_nothing_is_kept() {
        let incidents = Incidents::default();
        assert!(incidents.concern(1) && !incidents.concern(0));
        let ended = Ended { nanoseconds: 5, outcome: "ok", kind: None };
        incidents.note(ended, || panic!("the origin is not needed"));
        assert!(!incidents.concern(u64::MAX));
    }
}
