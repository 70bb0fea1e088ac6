//! Every memory ordering weaker than `SeqCst` has a model in this crate or is independent: no other data depends on the
//! atomic, so no order can be lost. The test fails if a file gets another weak ordering.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// All weak orderings: the file, their number, and the reason why they are correct.
const ALL: [(&str, usize, Why); 19] = [
    (
        "exporter/src/storage/cells/slots.rs",
        17,
        Why::Model(&["a_slot_passes_from_thread_to_thread", "a_wide_sum_only_grows", "a_shared_wide_sum_only_grows"]),
    ),
    ("exporter/src/storage/cells/scrape_fence.rs", 1, Why::Model(&["a_later_scrape_sees_no_less"])),
    ("exporter/src/storage/cells/gauge.rs", 5, Why::Model(&["a_gauge_loses_no_step"])),
    ("src/hit_rate.rs", 3, Why::Model(&["a_hit_rate_is_between_0_and_1"])),
    // A lost step only delays the move to shards; the number of a thread is arbitrary.
    ("exporter/src/storage/cells/shards.rs", 4, Why::Alone),
    // Independent buckets, and whether there are any. A scrape reads the classic buckets of the same histogram from
    // other cells, so the two may differ by one observation.
    ("exporter/src/storage/cells/native_histogram.rs", 6, Why::Alone),
    // Whether exemplars are enabled; the hook itself is in a `OnceLock`.
    ("exporter/src/storage/cells/exemplars.rs", 2, Why::Alone),
    // An atomic maximum, and whether a counter has another source.
    ("exporter/src/storage/series.rs", 4, Why::Alone),
    // A threshold that may be one call out of date; the lists are behind a lock.
    ("exporter/src/incidents.rs", 5, Why::Alone),
    // Settings.
    ("exporter/src/storage/facade_limit.rs", 2, Why::Alone),
    ("exporter/src/render/protobuf.rs", 1, Why::Alone),
    ("exporter/src/platform.rs", 1, Why::Alone),
    ("exporter/src/recorder.rs", 1, Why::Alone),
    ("exporter/src/render.rs", 1, Why::Alone),
    ("exporter/src/global.rs", 1, Why::Alone),
    // Whether a runtime has shut down; it is read at most once too often.
    ("exporter/src/platform/runtime.rs", 2, Why::Alone),
    // Whether the warning was printed; the swap prints it once.
    ("src/missing.rs", 2, Why::Alone),
    // The last duration; any recent one is valid.
    ("src/last_duration.rs", 3, Why::Alone),
    // The limit is a setting. The number of series changes only under the lock; reads without the lock are a hint.
    ("src/series_limit.rs", 4, Why::Alone),
];

enum Why {
    /// Loom tests of this crate cover it.
    Model(&'static [&'static str]),
    /// No other data depends on it.
    Alone,
}

#[test]
fn every_weak_ordering_has_a_reason() {
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtime");
    let mut found = BTreeMap::new();
    for folder in ["src", "exporter/src"] {
        look(&runtime.join(folder), &runtime, &mut found);
    }
    // The endpoint shares no other atomics with recording calls.
    found.retain(|file, _| {
        !["exporter/src/history", "exporter/src/http", "exporter/src/live"].iter().any(|it| file.starts_with(it))
    });
    let expected: BTreeMap<String, usize> = ALL.iter().map(|it| (it.0.to_owned(), it.1)).collect();
    assert_eq!(found, expected, "review the new orderings, add a model or a reason, and update the table");
    let models = include_str!("lib.rs");
    for name in ALL.iter().filter_map(|it| if let Why::Model(names) = it.2 { Some(names) } else { None }).flatten() {
        assert!(models.contains(&format!("fn {name}()")), "there is no model `{name}`");
    }
}

fn look(folder: &Path, root: &Path, found: &mut BTreeMap<String, usize>) {
    for entry in fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()) {
        if entry.is_dir() {
            look(&entry, root, found);
        } else if entry.extension().is_some_and(|it| it == "rs") {
            let text = fs::read_to_string(&entry).unwrap();
            // Unit tests may use any ordering.
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            let weak = ["Relaxed)", "Relaxed,", "Acquire)", "Release)", "AcqRel)"];
            let count = weak.iter().map(|it| code.matches(it).count()).sum();
            if count > 0 {
                let name = entry.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                found.insert(name, count);
            }
        }
    }
}
