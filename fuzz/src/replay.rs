//! Runs every file of every corpus, and reproducible mutations of it, through its target.

use crate::targets;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Runs the corpus in this folder, and about this many mutations, through a target.
#[track_caller]
fn replay(name: &str, mutations: u32, run: fn(&[u8])) {
    let mut seeds: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find_map(|folder| {
        let folder = folder.join("fuzz/corpus").join(name);
        folder.is_dir().then_some(folder)
    });
    let folder = folder.unwrap_or_else(|| panic!("no corpus `fuzz/corpus/{name}`"));
    for entry in fs::read_dir(folder).expect("a readable corpus") {
        let path = entry.expect("a readable corpus").path();
        seeds.push((path.clone(), fs::read(&path).expect("a readable seed")));
    }
    seeds.sort();
    assert!(seeds.len() >= 5, "{name} has only {} seeds", seeds.len());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let each = mutations / u32::try_from(seeds.len()).expect("few");
    let mut count = 0_u32;
    for (path, seed) in &seeds {
        for number in 0..=each {
            let bytes = if number == 0 { seed.clone() } else { random.mutated(seed, &seeds) };
            count += 1;
            let ran = catch_unwind(AssertUnwindSafe(|| run(&bytes)));
            let shown = || String::from_utf8_lossy(&bytes).escape_debug().to_string();
            assert!(ran.is_ok(), "mutation {number} of {}: {}", path.display(), shown());
        }
    }
    assert!(count > mutations / 2, "{name} ran only {count} times");
}

/// A xorshift generator, so every machine runs the same mutations.
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (count.max(1) as u64)).unwrap_or_default()
    }

    /// Returns the seed with a few bytes changed, removed, duplicated or copied from another seed.
    fn mutated(&mut self, seed: &[u8], seeds: &[(PathBuf, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = (at + 1 + self.below(16)).min(bytes.len());
            let byte = u8::try_from(self.below(256)).unwrap_or_default();
            match self.below(6) {
                0 => bytes.insert(at, byte),
                1 => drop(bytes.drain(at..end.max(at))),
                2 => bytes.get_mut(at).into_iter().for_each(|it| *it ^= 1 << (byte % 8)),
                3 => bytes.get_mut(at).into_iter().for_each(|it| *it = byte),
                4 => {
                    let part = bytes[at..end.max(at)].to_vec();
                    let to = self.below(bytes.len() + 1);
                    bytes.splice(to..to, part);
                }
                _ => {
                    let other = &seeds[self.below(seeds.len())].1;
                    let from = self.below(other.len());
                    let part = &other[from..(from + 1 + self.below(64)).min(other.len())];
                    bytes.splice(at..at, part.iter().copied());
                }
            }
        }
        bytes
    }
}

#[test]
fn arguments() {
    replay("arguments", 4000, targets::arguments::run);
}

#[test]
fn records() {
    replay("records", 300, targets::records::run);
}

#[test]
fn programs() {
    replay("programs", 1000, targets::programs::run);
}

#[test]
fn exposition() {
    replay("exposition", 2000, targets::exposition::run);
}

#[test]
fn queries() {
    replay("queries", 200, targets::queries::run);
}

#[test]
fn files() {
    replay("files", 500, targets::files::run);
}

#[test]
fn limits() {
    replay("limits", 100, targets::limits::run);
}

#[test]
fn payload() {
    replay("payload", 4000, targets::payload::run);
}

#[test]
fn requests() {
    replay("requests", 300, targets::requests::run);
}
