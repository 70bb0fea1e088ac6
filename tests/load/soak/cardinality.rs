//! A flood of distinct values into a free-text label, from an annotated function and from a call of the facade.

use crate::process::{mebibytes, resident};
use crate::report::{Report, grouped};
use crate::watch::{grown, samples};
use measurand::exporter::Exporter;
use measurand::{OperationType, neural_op, timed_query};
use metrics::counter;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

pub(crate) const SHORT: u64 = 300_000;
pub(crate) const FULL: u64 = 10_000_000;
/// Number of values before the first memory measurement; enough to reach all limits.
const WARM: u64 = 5000;
/// Maximum growth of resident memory.
const MOST_BYTES: u64 = 16 << 20;
const TEST: &str = "cardinality";

#[timed_query("delete", table = user)]
fn by_user(user: &str) -> usize {
    black_box(user.len())
}

#[neural_op("retrieval")]
fn other() {}

pub(crate) fn run(report: &mut Report, exporter: &Exporter, values: u64) {
    let url = exporter.url();
    let before = samples(&url);
    let mut text = String::new();
    let mut record = |number: u64| {
        text.clear();
        let _ = write!(text, "user-{number}");
        by_user(&text);
        counter!("requests_by_user_total", "user" => text.clone()).increment(1);
    };
    (0..WARM.min(values)).for_each(&mut record);
    // Scrapes once at full size, so buffers for scrapes do not count as growth.
    drop(samples(&url));
    let (stop, others) = (AtomicBool::new(false), AtomicU64::new(0));
    let base = resident();
    let mut most = base;
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                other();
                measurand::record_neural_operation(OperationType::Retrieval);
                others.fetch_add(2, Ordering::Relaxed);
                thread::yield_now();
            }
        });
        for number in WARM..values {
            record(number);
            if number.is_multiple_of(50_000) {
                most = most.max(resident());
            }
            if number.is_multiple_of(1_000_000) {
                drop(samples(&url));
                let grown = most.saturating_sub(base);
                report.progress(TEST, &format!("{} values, {} more", grouped(number), mebibytes(grown)));
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    let after = samples(&url);
    most = most.max(resident());

    let sum = |name: &str, label: &str| {
        let all = after.keys().filter(|it| it.starts_with(name) && it.contains(label));
        all.map(|it| grown(&before, &after, it)).sum::<u64>()
    };
    let own =
        |name: &str, label: &str| after.keys().filter(|it| it.starts_with(name) && it.contains(label)).count() as u64;
    for (by, name, other, overflows) in [
        (
            "annotation",
            "db_query_duration_seconds_count{",
            r#"db_query_duration_seconds_count{query_type="delete",table="_other"}"#,
            r#"measurand_label_overflows_total{family="database"}"#,
        ),
        (
            "hand",
            "requests_by_user_total{",
            r#"requests_by_user_total{user="_other"}"#,
            r#"measurand_label_overflows_total{family="foreign"}"#,
        ),
    ] {
        let (own, all) = (own(name, "\"user-"), sum(name, "\"user-") + grown(&before, &after, other));
        report.equal(TEST, format!("values counted, by {by}"), all, values);
        report.bound(TEST, format!("series, by {by}"), grouped(own), "at most 2 000", own <= 2000);
        report.equal(TEST, format!("counted in `_other`, by {by}"), grown(&before, &after, other), values - own);
        report.equal(TEST, format!("counted as overflows, by {by}"), grown(&before, &after, overflows), values - own);
    }
    let retrieval = r#"neural_operations_total{operation_type="retrieval"}"#;
    report.equal(TEST, "concurrent calls of another series", grown(&before, &after, retrieval), others.into_inner());
    let more = most.saturating_sub(base);
    report.bound(TEST, "growth of resident memory", mebibytes(more), "below 16 MiB", more < MOST_BYTES);
}
