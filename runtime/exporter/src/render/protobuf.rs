//! Encodes all metrics as Prometheus' protocol buffers, which native histograms need: the text format has no syntax for
//! them.
//!
//! A family is one message and is encoded as a whole, so a scrape takes as much memory as the largest family. Text is
//! rendered in pieces; see `scrape`.

pub(crate) mod messages;

use crate::recorder_state::RecorderState;
use crate::render::protobuf::messages::{
    BucketProto, BucketSpanProto, COUNTER, CounterProto, ExemplarProto, GAUGE, GaugeProto, HISTOGRAM, HistogramProto,
    LabelPairProto, MetricFamilyProto, MetricProto, TimestampProto,
};
use crate::storage::by_kind::ByKind;
use crate::storage::call_counts::CallCounts;
use crate::storage::cells::{NativeSnapshot, SCHEMA, Snapshot, ZERO};
use crate::storage::labels;
use crate::storage::metric::Metric;
use crate::storage::series::{CounterSeries, CounterValue, GaugeSeries, HistogramSeries};
use crate::storage::series_map::Entry;
use prost::Message as _;
use std::sync::atomic::Ordering;

/// Appends every metric, each preceded by its length.
pub(crate) fn encode(state: &RecorderState, out: &mut Vec<u8>) {
    state.start_scrape();
    let store = &state.store;
    let mut calls = CallCounts::default();
    let created = store.creation_times.load(Ordering::Relaxed);
    for metric in store.all() {
        let (kind, series) = series_of(&metric, &mut calls, created);
        if series.is_empty() {
            continue;
        }
        let (name, help) = (metric.name.clone().into_owned(), store.help(&metric).into_owned());
        let family = MetricFamilyProto { name: Some(name), help: Some(help), kind: Some(kind), metric: series };
        // Encoding into a vector cannot fail.
        let _ = family.encode_length_delimited(out);
    }
    state.end_scrape();
}

/// Returns the series of a metric, ordered by labels.
fn series_of(metric: &Metric, calls: &mut CallCounts, created: bool) -> (i32, Vec<MetricProto>) {
    match &metric.series {
        ByKind::Counter(series) => {
            let encoded = |entry: &Entry<CounterSeries>| {
                let calls = if metric.counts_calls { calls.of(&entry.labels) } else { 0 };
                #[expect(clippy::cast_precision_loss, reason = "the format has no integers")]
                let (value, since) = match entry.series.count(calls) {
                    CounterValue::Whole(value) => (value as f64, created.then(|| timestamp(entry.created))),
                    CounterValue::Computed(value) => (value, None),
                };
                MetricProto { counter: Some(CounterProto { value: Some(value), created: since }), ..labels_of(entry) }
            };
            (COUNTER, series.sorted().iter().map(|it| &**it).map(encoded).collect())
        }
        ByKind::Gauge(series) => {
            let encoded = |entry: &Entry<GaugeSeries>| MetricProto {
                gauge: Some(GaugeProto { value: Some(entry.series.value()) }),
                ..labels_of(entry)
            };
            (GAUGE, series.sorted().iter().map(|it| encoded(it)).collect())
        }
        ByKind::Histogram(series) => {
            let series = series.sorted();
            calls.start(series.clone());
            let encoded = |entry: &Entry<HistogramSeries>| {
                let (mut histogram, seen) = histogram(metric, &entry.series);
                calls.push(seen);
                histogram.created = created.then(|| timestamp(entry.created));
                MetricProto { histogram: Some(histogram), ..labels_of(entry) }
            };
            (HISTOGRAM, series.iter().map(|it| &**it).map(encoded).collect())
        }
    }
}

fn labels_of<S>(entry: &Entry<S>) -> MetricProto {
    let pair = |(name, value)| LabelPairProto { name: Some(name), value: Some(value) };
    MetricProto { label: labels::pairs(&entry.labels).map(pair).collect(), ..MetricProto::default() }
}

/// Returns the histogram with both kinds of buckets, and the number of calls of annotated functions it contains.
#[expect(clippy::cast_precision_loss, reason = "the format has no integers")]
fn histogram(metric: &Metric, series: &HistogramSeries) -> (HistogramProto, u64) {
    let mut snapshot = Snapshot::default();
    snapshot.clear(metric.bounds.len() + 1);
    let calls = series.read(&mut snapshot);
    // Read after the classic buckets, which count each observation later: so the native buckets contain all of theirs.
    let mut native = NativeSnapshot::default();
    series.read_native(&mut native);
    let mut below = 0_u64;
    // The count includes the bucket above all bounds.
    let bucket = metric.bounds.iter().zip(&snapshot.buckets).enumerate().map(|(index, (bound, count))| {
        below = below.wrapping_add(*count);
        let exemplar = series.exemplar(index).map(|it| ExemplarProto {
            label: vec![LabelPairProto { name: Some("trace_id".to_owned()), value: Some(it.trace) }],
            value: Some(it.value as f64 / 1e9),
            timestamp: Some(timestamp(it.time)),
        });
        BucketProto { cumulative_count: Some(below), upper_bound: Some(bound.value()), exemplar }
    });
    let bucket = bucket.collect();
    let (positive_span, positive_delta) = spans(&native.buckets);
    let histogram = HistogramProto {
        // Prometheus refuses a histogram whose native buckets do not add up to its count.
        count: Some(native.count()),
        sum: Some(snapshot.sum as f64 / 1e9),
        bucket,
        schema: Some(SCHEMA),
        zero_threshold: Some(ZERO),
        zero_count: Some(native.zero),
        positive_span,
        positive_delta,
        created: None,
    };
    (histogram, calls)
}

/// Returns the rows of adjacent buckets, and the difference of each bucket to the previous one.
fn spans(buckets: &[(i32, u64)]) -> (Vec<BucketSpanProto>, Vec<i64>) {
    let (mut spans, mut deltas) = (Vec::<BucketSpanProto>::new(), Vec::with_capacity(buckets.len()));
    let (mut next, mut before) = (0, 0_u64);
    for (index, count) in buckets {
        match spans.last_mut() {
            Some(span) if *index == next => span.length = span.length.map(|it| it + 1),
            _ => spans.push(BucketSpanProto { offset: Some(index - next), length: Some(1) }),
        }
        deltas.push(count.wrapping_sub(before).cast_signed());
        (next, before) = (index + 1, *count);
    }
    (spans, deltas)
}

fn timestamp(milliseconds: u64) -> TimestampProto {
    let nanos = i32::try_from(milliseconds % 1000 * 1_000_000).unwrap_or_default();
    TimestampProto { seconds: i64::try_from(milliseconds / 1000).unwrap_or(i64::MAX), nanos }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_begins_a_new_row() {
        let span = |offset, length| BucketSpanProto { offset: Some(offset), length: Some(length) };
        let (spans, deltas) = spans(&[(-4, 3), (-3, 1), (0, 7), (9, 7)]);
        assert_eq!(spans, [span(-4, 2), span(2, 1), span(8, 1)]);
        assert_eq!(deltas, [3, -2, 6, 0]);
    }
}
