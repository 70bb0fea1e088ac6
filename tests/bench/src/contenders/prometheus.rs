//! The two Prometheus client libraries.

use super::{BOUNDS, Failed, body};
use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::{counter::Counter, family::Family, histogram::Histogram};
use std::sync::LazyLock;
use std::time::Instant;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    operation: &'static str,
    outcome: &'static str,
}

static CALLS: LazyLock<Family<Call, Counter>> = LazyLock::new(Family::default);
static DURATION: LazyLock<Family<Operation, Histogram>> =
    LazyLock::new(|| Family::new_with_constructor(|| Histogram::new(BOUNDS)));

const fn call(ok: bool) -> Call {
    Call { operation: "select", outcome: if ok { "ok" } else { "error" } }
}

#[inline(never)]
pub(super) fn client_family(number: u64) -> Result<u64, Failed> {
    let start = Instant::now();
    let result = body(number);
    CALLS.get_or_create(&call(result.is_ok())).inc();
    DURATION.get_or_create(&Operation { operation: "select" }).observe(start.elapsed().as_secs_f64());
    result
}

struct Kept<C, H> {
    ok: C,
    error: C,
    duration: H,
}

static CLIENT: LazyLock<Kept<Counter, Histogram>> = LazyLock::new(|| Kept {
    ok: CALLS.get_or_create_owned(&call(true)),
    error: CALLS.get_or_create_owned(&call(false)),
    duration: DURATION.get_or_create_owned(&Operation { operation: "select" }),
});

#[inline(never)]
pub(super) fn client_kept(number: u64) -> Result<u64, Failed> {
    let start = Instant::now();
    let result = body(number);
    let kept = &*CLIENT;
    if result.is_ok() { &kept.ok } else { &kept.error }.inc();
    kept.duration.observe(start.elapsed().as_secs_f64());
    result
}

static CALLS_VECTOR: LazyLock<IntCounterVec> = LazyLock::new(|| {
    IntCounterVec::new(Opts::new("calls_total", "Calls."), &["operation", "outcome"]).expect("valid names")
});
static DURATION_VECTOR: LazyLock<HistogramVec> = LazyLock::new(|| {
    let options = HistogramOpts::new("duration_seconds", "Durations.").buckets(BOUNDS.to_vec());
    HistogramVec::new(options, &["operation"]).expect("valid names")
});

#[inline(never)]
pub(super) fn vectors(number: u64) -> Result<u64, Failed> {
    let start = Instant::now();
    let result = body(number);
    CALLS_VECTOR.with_label_values(&["select", call(result.is_ok()).outcome]).inc();
    DURATION_VECTOR.with_label_values(&["select"]).observe(start.elapsed().as_secs_f64());
    result
}

static KEPT: LazyLock<Kept<IntCounter, prometheus::Histogram>> = LazyLock::new(|| Kept {
    ok: CALLS_VECTOR.with_label_values(&["select", "ok"]),
    error: CALLS_VECTOR.with_label_values(&["select", "error"]),
    duration: DURATION_VECTOR.with_label_values(&["select"]),
});

#[inline(never)]
pub(super) fn kept(number: u64) -> Result<u64, Failed> {
    let start = Instant::now();
    let result = body(number);
    let kept = &*KEPT;
    if result.is_ok() { &kept.ok } else { &kept.error }.inc();
    kept.duration.observe(start.elapsed().as_secs_f64());
    result
}
