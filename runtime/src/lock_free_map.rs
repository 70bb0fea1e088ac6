//! A map that only grows and is read without a lock, for values that each call looks up and that are rarely inserted.

use foldhash::fast::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::{LazyLock, OnceLock};

/// The number of parts of the map. Each part is four times as large as the one before.
const PARTS: usize = 6;
const FIRST: usize = 16;
/// The number of neighbouring slots that are tried in each part. It bounds the time of a look-up for any choice of
/// keys.
const WINDOW: usize = 8;

/// Values by the hash of their key; the caller compares the keys.
#[derive(Debug)]
pub(crate) struct LockFreeMap<V>([OnceLock<Part<V>>; PARTS]);

type Part<V> = Box<[OnceLock<(u64, V)>]>;

impl<V> Default for LockFreeMap<V> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| OnceLock::new()))
    }
}

impl<V> LockFreeMap<V> {
    /// The hash of these texts in their order. It differs between processes.
    #[inline]
    pub(crate) fn hash<'a>(texts: impl Iterator<Item = &'a str>) -> u64 {
        static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::default);
        let mut hasher = STATE.build_hasher();
        for text in texts {
            hasher.write(text.as_bytes());
            hasher.write_u8(0xff);
        }
        hasher.finish()
    }

    /// The value with this hash for which `matches` is true.
    #[inline]
    pub(crate) fn get(&self, hash: u64, matches: impl Fn(&V) -> bool) -> Option<&V> {
        for part in self.0.iter().map_while(OnceLock::get) {
            for slot in window(part, hash) {
                match slot.get() {
                    Some((found, value)) if *found == hash && matches(value) => return Some(value),
                    Some(_) => {}
                    // An insertion takes the first free slot of its window, so the value is not behind a free slot.
                    None => return None,
                }
            }
        }
        None
    }

    /// Inserts a value, unless there is a matching one or no slot is free.
    pub(crate) fn insert(&self, hash: u64, value: V, matches: impl Fn(&V) -> bool) {
        let mut entry = (hash, value);
        for (index, part) in self.0.iter().enumerate() {
            let part = part.get_or_init(|| (0..FIRST << (2 * index)).map(|_| OnceLock::new()).collect());
            for slot in window(part, hash) {
                entry = match slot.set(entry) {
                    Ok(()) => return,
                    Err(entry) => entry,
                };
                if slot.get().is_some_and(|(found, value)| *found == hash && matches(value)) {
                    return;
                }
            }
        }
    }
}

fn window<T>(part: &[T], hash: u64) -> impl Iterator<Item = &T> {
    #[expect(clippy::cast_possible_truncation, reason = "any part of the hash will do")]
    let start = hash as usize;
    // The length is a power of two.
    (0..WINDOW).filter_map(move |step| part.get(start.wrapping_add(step) & (part.len() - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found() {
        let map = LockFreeMap::default();
        let number = |it: u32| it.to_string();
        let hash = |it: &str| LockFreeMap::<String>::hash([it].into_iter());
        for key in (0..3000).map(number) {
            assert_eq!(map.get(hash(&key), |known| *known == key), None);
            map.insert(hash(&key), key.clone(), |known| *known == key);
            map.insert(hash(&key), key.clone(), |known| *known == key);
        }
        let found = (0..3000).map(number).filter(|it| map.get(hash(it), |known| known == it).is_some()).count();
        assert_eq!(found, 3000);
        assert_eq!(map.0.iter().filter_map(OnceLock::get).flatten().filter_map(OnceLock::get).count(), 3000);
    }

    /// Many keys with the same hash fill each other's windows, but no look-up runs forever.
    #[test]
    fn a_flood_of_one_hash_ends() {
        let map = LockFreeMap::default();
        (0..1000).for_each(|it| map.insert(7, it, |known| *known == it));
        let found = (0..1000).filter(|it| map.get(7, |known| known == it).is_some()).count();
        assert_eq!(found, PARTS * WINDOW);
    }

    #[test]
    fn threads_that_insert_the_same_agree() {
        let map = LockFreeMap::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for key in 0..500_u64 {
                        let hash = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                        map.insert(hash, key, |known| *known == key);
                        assert_eq!(map.get(hash, |known| *known == key), Some(&key));
                    }
                });
            }
        });
        assert_eq!(map.0.iter().filter_map(OnceLock::get).flatten().filter_map(OnceLock::get).count(), 500);
    }
}
