//! Attributes of other libraries, and further libraries to record by hand.

use super::{BOUNDS, Failed, body};
use fast_telemetry::{DeriveLabel, LabeledCounter, LabeledHistogram};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, MeterProvider};
use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use vise::{Buckets, EncodeLabelSet, Family, Global, Metrics};

#[autometrics::autometrics]
#[inline(never)]
pub(super) fn autometrics(number: u64) -> Result<u64, Failed> {
    body(number)
}

/// Starts the profiler of hotpath; without it the attribute does nothing.
pub(super) fn start_hotpath() {
    hotpath::HotpathGuardBuilder::new("record").build_with_shutdown(Duration::ZERO);
}

#[hotpath::measure]
#[inline(never)]
pub(super) fn hotpath(number: u64) -> Result<u64, Failed> {
    body(number)
}

#[tracing::instrument]
#[inline(never)]
pub(super) fn tracing(number: u64) -> Result<u64, Failed> {
    body(number)
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    operation: &'static str,
    outcome: &'static str,
}

/// The metrics of vise.
#[derive(Debug, Metrics)]
struct Exported {
    /// Number of calls.
    calls: Family<Call, vise::Counter>,
    /// Durations of calls.
    #[metrics(buckets = Buckets::values(&BOUNDS))]
    duration: Family<Operation, vise::Histogram<Duration>>,
}

#[vise::register]
static EXPORTED: Global<Exported> = Global::new();

#[inline(never)]
pub(super) fn vise(number: u64) -> Result<u64, Failed> {
    let start = Instant::now();
    let result = body(number);
    let outcome = if result.is_ok() { "ok" } else { "error" };
    EXPORTED.calls[&Call { operation: "select", outcome }].inc();
    EXPORTED.duration[&Operation { operation: "select" }].observe(start.elapsed());
    result
}

/// The label of fast-telemetry's metrics, which support only one.
#[derive(Debug, Clone, Copy, DeriveLabel)]
#[label_name = "outcome"]
enum Outcome {
    Ok,
    Error,
}

/// The number of processors, as its documentation recommends.
const SHARDS: usize = 2;

static CALLS: LazyLock<LabeledCounter<Outcome>> = LazyLock::new(|| LabeledCounter::new(SHARDS));
static DURATION: LazyLock<LabeledHistogram<Outcome>> = LazyLock::new(|| {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and positive")]
    let microseconds = BOUNDS.map(|it| (it * 1e6) as u64);
    LabeledHistogram::new(&microseconds, SHARDS)
});

#[inline(never)]
pub(super) fn fast_telemetry(number: u64) -> Result<u64, Failed> {
    let start = Instant::now();
    let result = body(number);
    let outcome = if result.is_ok() { Outcome::Ok } else { Outcome::Error };
    CALLS.inc(outcome);
    DURATION.record(outcome, u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX));
    result
}

struct Instruments {
    _provider: SdkMeterProvider,
    calls: Counter<u64>,
    duration: Histogram<f64>,
}

static INSTRUMENTS: LazyLock<Instruments> = LazyLock::new(|| {
    let provider = SdkMeterProvider::builder().with_reader(ManualReader::default()).build();
    let meter = provider.meter("record");
    Instruments {
        calls: meter.u64_counter("calls").build(),
        duration: meter.f64_histogram("duration").with_boundaries(BOUNDS.to_vec()).build(),
        _provider: provider,
    }
});

#[inline(never)]
pub(super) fn opentelemetry(number: u64) -> Result<u64, Failed> {
    let start = Instant::now();
    let result = body(number);
    let outcome = if result.is_ok() { "ok" } else { "error" };
    let instruments = &*INSTRUMENTS;
    instruments.calls.add(1, &[KeyValue::new("operation", "select"), KeyValue::new("outcome", outcome)]);
    instruments.duration.record(start.elapsed().as_secs_f64(), &[KeyValue::new("operation", "select")]);
    result
}
