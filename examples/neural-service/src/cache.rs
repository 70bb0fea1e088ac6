//! A bounded cache: what was found a moment ago for a situation.

use crate::faults::{self, Fault};
use measurand::cache_lookup;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Keeps so many at most, each for so long.
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

    /// What was found for this, if that is not too old.
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

    /// Keeps what was found; where there is no place, what was not used for the longest time goes.
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
    fn the_least_recently_used_goes_first() {
        let cache = Cache::new(2, Duration::from_secs(60));
        cache.put(1, 'a');
        cache.put(2, 'b');
        assert_eq!(cache.get(&1), Some('a'));
        cache.put(3, 'c');
        assert_eq!([cache.get(&1), cache.get(&2), cache.get(&3)], [Some('a'), None, Some('c')]);
    }

    #[test]
    fn what_is_old_is_not_found() {
        let cache = Cache::new(2, Duration::ZERO);
        cache.put(1, 'a');
        assert_eq!(cache.get(&1), None);
    }
}
