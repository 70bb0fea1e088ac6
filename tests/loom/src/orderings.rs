//! Every ordering that is weaker than the strongest has a model in this crate, or stands alone: nothing else is written or
//! read because of it, so that there is no order to lose. A file that gets another one has to be looked at.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Where orderings stand, how many there are, and why they are right.
const ALL: [(&str, usize, Why); 19] = [
    (
        "exporter/src/storage/cells/slots.rs",
        17,
        Why::Model(&["a_slot_passes_from_thread_to_thread", "a_wide_sum_only_grows", "a_shared_wide_sum_only_grows"]),
    ),
    ("exporter/src/storage/cells/scrape_fence.rs", 1, Why::Model(&["a_later_scrape_sees_no_less"])),
    ("exporter/src/storage/cells/gauge.rs", 5, Why::Model(&["a_gauge_loses_no_step"])),
    ("src/hit_rate.rs", 3, Why::Model(&["a_share_is_a_share"])),
    // Lost steps make a series hot later; the number of a thread is any.
    ("exporter/src/storage/cells/shards.rs", 4, Why::Alone),
    // Buckets that are added to, each by itself; and whether there are any. What a scrape says of a histogram twice, in
    // other buckets, it reads from other cells, which may be one observation apart.
    ("exporter/src/storage/cells/native_histogram.rs", 6, Why::Alone),
    // Whether anybody asks; who is asked stands in a `OnceLock`.
    ("exporter/src/storage/cells/exemplars.rs", 2, Why::Alone),
    // A maximum in one step, and whether a counter has another source.
    ("exporter/src/storage/series.rs", 4, Why::Alone),
    // A threshold that may be late by a call; what it lets through is behind a lock.
    ("exporter/src/incidents.rs", 5, Why::Alone),
    // Settings.
    ("exporter/src/storage/cardinality.rs", 2, Why::Alone),
    ("exporter/src/render/protobuf.rs", 1, Why::Alone),
    ("exporter/src/platform.rs", 1, Why::Alone),
    ("exporter/src/recorder.rs", 1, Why::Alone),
    ("exporter/src/render.rs", 1, Why::Alone),
    ("exporter/src/global.rs", 1, Why::Alone),
    // A runtime that has ended is not watched any more; it is asked once too often at most.
    ("exporter/src/platform/runtime.rs", 2, Why::Alone),
    // Whether the warning was given; the swap gives it once.
    ("src/missing.rs", 2, Why::Alone),
    // The last duration, which any later or earlier one may replace.
    ("src/last_duration.rs", 3, Why::Alone),
    // The limit is a setting; the number of series is written under the lock alone, and looked at before it as a hint.
    ("src/label_table.rs", 4, Why::Alone),
];

enum Why {
    /// Tests of this crate that try every order.
    Model(&'static [&'static str]),
    Alone,
}

#[test]
fn every_weak_ordering_has_its_reason() {
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtime");
    let mut found = BTreeMap::new();
    for folder in ["src", "exporter/src"] {
        look(&runtime.join(folder), &runtime, &mut found);
    }
    // The endpoint shares nothing with recording calls but what is listed here.
    found.retain(|file, _| {
        !["exporter/src/history", "exporter/src/http", "exporter/src/live"].iter().any(|it| file.starts_with(it))
    });
    let expected: BTreeMap<String, usize> = ALL.iter().map(|it| (it.0.to_owned(), it.1)).collect();
    assert_eq!(found, expected, "look at what is new, model it here or say why it stands alone, and change the table");
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
            // Tests of their own may do what they like.
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
