//! A bounded cache of recent retrievals.

use crate::faults::{self, Fault};
use measurand::cache_lookup;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A cache of at most `most` entries; an entry expires after `keep`.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    most: usize,
    keep: Duration,
    entries: Mutex<HashMap<K, Entry<V>>>,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    since: Instant,
    used: Instant,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    pub(crate) fn new(most: usize, keep: Duration) -> Self {
        Self { most, keep, entries: Mutex::new(HashMap::with_capacity(most)) }
    }

    /// Returns the value of this key unless it has expired.
    #[cache_lookup("retrievals", owner = "learning")]
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let mut entries = self.lock();
        if faults::is_on(Fault::ColdCache) {
            entries.clear();
        }
        let entry = entries.get_mut(key).filter(|it| it.since.elapsed() < self.keep)?;
        entry.used = Instant::now();
        Some(entry.value.clone())
    }

    /// Stores a value. A full cache first drops its least recently used entry.
    pub(crate) fn put(&self, key: K, value: V) {
        let mut entries = self.lock();
        if entries.len() >= self.most && !entries.contains_key(&key) {
            let oldest = entries.iter().min_by_key(|it| it.1.used).map(|it| it.0.clone());
            oldest.and_then(|it| entries.remove(&it));
        }
        let now = Instant::now();
        entries.insert(key, Entry { value, since: now, used: now });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Entry<V>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Cache;
    use std::time::Duration;

    #[test]
    fn the_least_recently_used_entry_is_dropped_first() {
        let cache = Cache::new(2, Duration::from_secs(60));
        cache.put(1, 'a');
        cache.put(2, 'b');
        assert_eq!(cache.get(&1), Some('a'));
        cache.put(3, 'c');
        assert_eq!([cache.get(&1), cache.get(&2), cache.get(&3)], [Some('a'), None, Some('c')]);
    }

    #[test]
    fn expired_entries_are_not_returned() {
        let cache = Cache::new(2, Duration::ZERO);
        cache.put(1, 'a');
        assert_eq!(cache.get(&1), None);
    }
}
