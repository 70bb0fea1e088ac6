//! The series of one metric, by the text of their labels. This module does not know what a series contains.
//!
//! A call that looks up a known series takes a read lock; only a call that creates or removes a series takes the write
//! lock. A scrape takes neither: it has its own sorted list and only takes over the new series that wait in a separate
//! list.

use crate::clock::now;
use measurand_catalog::lock::{lock, read, write};
use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::mem;
use std::sync::{Arc, Mutex, RwLock};

/// All series of one metric.
#[derive(Debug)]
pub(crate) struct SeriesMap<S> {
    known: RwLock<HashSet<ByLabels<S>>>,
    fresh: Mutex<Fresh<S>>,
    sorted: Mutex<SortedSeries<S>>,
}

/// One series.
#[derive(Debug)]
pub(crate) struct Entry<S> {
    /// The text between the braces.
    pub(crate) labels: Box<str>,
    /// The creation time, in milliseconds since the epoch.
    pub(crate) created: u64,
    pub(crate) series: S,
}

/// Series in label order.
pub(crate) type SortedSeries<S> = Arc<Vec<Arc<Entry<S>>>>;

/// Changes that the sorted list does not have yet.
#[derive(Debug)]
struct Fresh<S> {
    new: Vec<Arc<Entry<S>>>,
    /// A series was removed, so the list has to be rebuilt.
    removed: bool,
}

/// Compares series by their labels.
#[derive(Debug)]
struct ByLabels<S>(Arc<Entry<S>>);

impl<S> SeriesMap<S> {
    /// Returns the series with these labels, and creates it if it is missing. Returns `None` if that would exceed the
    /// limit.
    pub(crate) fn get_below(&self, most: usize, labels: &str, make: impl FnOnce() -> S) -> Option<Arc<Entry<S>>> {
        {
            let known = read(&self.known);
            if let Some(found) = known.get(labels) {
                return Some(Arc::clone(&found.0));
            }
            if known.len() >= most {
                return None;
            }
        }
        let mut known = write(&self.known);
        let room = known.len() < most;
        known.get(labels).map(|it| Arc::clone(&it.0)).or_else(|| room.then(|| self.insert(&mut known, labels, make())))
    }

    /// Returns the series with these labels, if it exists.
    pub(crate) fn find(&self, labels: &str) -> Option<Arc<Entry<S>>> {
        read(&self.known).get(labels).map(|it| Arc::clone(&it.0))
    }

    /// Returns the series with these labels, and creates it if it is missing.
    pub(crate) fn get(&self, labels: &str, make: impl FnOnce() -> S) -> Arc<Entry<S>> {
        if let Some(found) = self.find(labels) {
            return found;
        }
        let mut known = write(&self.known);
        let found = known.get(labels).map(|it| Arc::clone(&it.0));
        found.unwrap_or_else(|| self.insert(&mut known, labels, make()))
    }

    fn insert(&self, known: &mut HashSet<ByLabels<S>>, labels: &str, series: S) -> Arc<Entry<S>> {
        let entry = Arc::new(Entry { labels: labels.into(), created: now().cast_unsigned(), series });
        known.insert(ByLabels(Arc::clone(&entry)));
        lock(&self.fresh).new.push(Arc::clone(&entry));
        entry
    }

    /// Removes a series; recordings through existing handles are no longer exported.
    pub(crate) fn remove(&self, labels: &str) {
        write(&self.known).remove(labels);
        lock(&self.fresh).removed = true;
    }

    pub(crate) fn len(&self) -> usize {
        read(&self.known).len()
    }

    /// Returns all series in label order.
    pub(crate) fn sorted(&self) -> SortedSeries<S> {
        let mut sorted = lock(&self.sorted);
        let fresh = mem::take(&mut *lock(&self.fresh));
        let mut all = Vec::new();
        if fresh.removed {
            // Only `build_info`, which has one series, removes series.
            let known = read(&self.known);
            all.extend(known.iter().map(|it| Arc::clone(&it.0)));
        } else if fresh.new.is_empty() {
            return Arc::clone(&sorted);
        } else {
            // A running scrape keeps the old list.
            all.reserve_exact(sorted.len() + fresh.new.len());
            all.extend(sorted.iter().cloned().chain(fresh.new));
        }
        all.sort_by(|a, b| a.labels.cmp(&b.labels));
        *sorted = Arc::new(all);
        Arc::clone(&sorted)
    }
}

impl<S> Default for SeriesMap<S> {
    fn default() -> Self {
        Self { known: RwLock::default(), fresh: Mutex::default(), sorted: Mutex::default() }
    }
}

impl<S> Default for Fresh<S> {
    fn default() -> Self {
        Self { new: Vec::new(), removed: false }
    }
}

impl<S> Borrow<str> for ByLabels<S> {
    fn borrow(&self) -> &str {
        &self.0.labels
    }
}

impl<S> Hash for ByLabels<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.labels.hash(state);
    }
}

impl<S> PartialEq for ByLabels<S> {
    fn eq(&self, other: &Self) -> bool {
        self.0.labels == other.0.labels
    }
}

impl<S> Eq for ByLabels<S> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(map: &SeriesMap<u8>) -> Vec<String> {
        map.sorted().iter().map(|it| it.labels.to_string()).collect()
    }

    /// The function that creates a series runs under the lock.
    #[test]
    fn a_panic_of_who_makes_a_series_leaves_the_others_alone() {
        let map = SeriesMap::default();
        map.get("a", || 0);
        for _ in 0..2 {
            let make = || map.get_below(9, "b", || panic!("on purpose"));
            assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(make)).is_err());
        }
        let threads = || {
            let _held = (map.known.write(), map.fresh.lock(), map.sorted.lock());
            panic!("on purpose");
        };
        assert!(std::thread::scope(|it| it.spawn(threads).join()).is_err() && map.known.is_poisoned());
        map.get("b", || 0);
        map.remove("a");
        map.get("c", || 0);
        assert_eq!(labels(&map), ["b", "c"]);
    }

    #[test]
    fn series_are_sorted_and_come_once() {
        let map = SeriesMap::default();
        for name in ["b", "a", "b", "c"] {
            assert!(map.get_below(3, name, || 0).is_some());
        }
        let before = map.sorted();
        assert_eq!((labels(&map), map.len()), (vec!["a".into(), "b".into(), "c".into()], 3));
        assert!(map.get_below(3, "d", || 0).is_none(), "over the limit");
        assert!(map.get_below(3, "a", || 0).is_some(), "already known");
        map.remove("b");
        map.get("aa", || 0);
        assert_eq!(labels(&map), ["a", "aa", "c"]);
        assert_eq!(before.len(), 3, "a running scrape keeps its list");
    }
}
