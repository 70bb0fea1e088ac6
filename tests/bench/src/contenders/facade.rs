//! Calls of the `metrics` facade with `metrics-exporter-prometheus`.
//!
//! The global recorder is ours; the stock one is the local recorder of the thread during a sample. The facade checks
//! for a local recorder in every call, so this adds no cost.

use super::{BOUNDS, Failed, body};
use metrics::{Counter, Histogram, counter, histogram, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use std::sync::LazyLock;
use std::time::Instant;

static STOCK: LazyLock<PrometheusRecorder> = LazyLock::new(|| {
    let builder = PrometheusBuilder::new().set_buckets(&BOUNDS);
    builder.expect("valid bounds").build_recorder()
});

pub(super) fn with_stock(sample: impl FnOnce()) {
    with_local_recorder(&*STOCK, sample);
}

/// Drains the stock exporter, whose histograms keep each value until a scrape.
pub(super) fn upkeep() {
    STOCK.handle().run_upkeep();
}

#[inline(never)]
pub(super) fn macros(number: u64) -> Result<u64, Failed> {
    let start = Instant::now();
    let result = body(number);
    // With literal labels the macro allocates no strings.
    if result.is_ok() {
        counter!("by_hand_calls_total", "operation" => "select", "outcome" => "ok").increment(1);
    } else {
        counter!("by_hand_calls_total", "operation" => "select", "outcome" => "error").increment(1);
    }
    histogram!("by_hand_duration_seconds", "operation" => "select").record(start.elapsed());
    result
}

struct Kept {
    ok: Counter,
    error: Counter,
    duration: Histogram,
}

static HANDLES: LazyLock<Kept> = LazyLock::new(|| {
    with_local_recorder(&*STOCK, || Kept {
        ok: counter!("kept_calls_total", "operation" => "select", "outcome" => "ok"),
        error: counter!("kept_calls_total", "operation" => "select", "outcome" => "error"),
        duration: histogram!("kept_duration_seconds", "operation" => "select"),
    })
});

#[inline(never)]
pub(super) fn kept(number: u64) -> Result<u64, Failed> {
    let start = Instant::now();
    let result = body(number);
    let kept = &*HANDLES;
    if result.is_ok() { &kept.ok } else { &kept.error }.increment(1);
    kept.duration.record(start.elapsed());
    result
}
