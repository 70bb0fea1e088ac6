//! Renders all metrics as text: the described ones in the order of the tables, then the others by name.
//!
//! The text is rendered in pieces of a size that the reader chooses. While a piece is rendered, no lock is held that a
//! recording call could wait for. Metrics without series are left out. Each number is read once, so that values derived
//! from it are consistent.

pub(crate) mod gzip;
pub(crate) mod negotiation;
#[cfg(feature = "native-histograms")]
pub(crate) mod protobuf;
pub(crate) mod syntax;

use crate::recorder_state::RecorderState;
use crate::storage::by_kind::ByKind;
use crate::storage::call_counts::CallCounts;
use crate::storage::cells::Snapshot;
use crate::storage::metric::{BoundText, Metric};
use crate::storage::series::{CounterSeries, CounterValue, GaugeSeries, HistogramSeries};
use crate::storage::series_map::{Entry, SeriesMap, SortedSeries};
use measurand_catalog::Kind;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::vec::IntoIter;
use syntax::Format;

/// Size of a piece in bytes, chosen so that it stays in the processor's cache until it is written.
pub(crate) const PIECE: usize = 128 * 1024;

/// A rendering in progress.
#[derive(Debug)]
pub(crate) struct Rendering {
    state: Arc<RecorderState>,
    format: Format,
    metrics: IntoIter<Arc<Metric>>,
    /// The metric whose series are being written; `next` is the index of its next series.
    current: Option<(Arc<Metric>, SortedByKind)>,
    next: usize,
    /// The length of the name before `_created`; `None` if no such lines are written.
    created: Option<usize>,
    calls: CallCounts,
    scratch: Scratch,
}

/// The series of one metric in the order of their labels.
type SortedByKind = ByKind<SortedSeries<CounterSeries>, SortedSeries<GaugeSeries>, SortedSeries<HistogramSeries>>;

/// Buffers for the lines of a histogram, reused for all series.
#[derive(Debug, Default)]
struct Scratch {
    snapshot: Snapshot,
    /// The prefixes of the current metric's bucket, sum and count lines.
    names: [String; 3],
}

impl Rendering {
    /// Reads the values that are not recorded by calls, and starts.
    pub(crate) fn new(state: &Arc<RecorderState>, format: Format) -> Self {
        state.start_scrape();
        Self {
            state: Arc::clone(state),
            format,
            metrics: state.store.all().into_iter(),
            current: None,
            next: 0,
            created: None,
            calls: CallCounts::default(),
            scratch: Scratch::default(),
        }
    }

    /// Appends text up to this length or a little more. Returns whether there is more.
    pub(crate) fn push(&mut self, out: &mut String, length: usize) -> bool {
        while out.len() < length {
            let (metric, series) = match self.current.take() {
                Some(current) => current,
                None => {
                    if let Some(metric) = self.metrics.next() {
                        self.next = 0;
                        let series =
                            metric.series.as_ref().map(SeriesMap::sorted, SeriesMap::sorted, SeriesMap::sorted);
                        if count(&series) > 0 {
                            self.push_header(out, &metric);
                        }
                        (metric, series)
                    } else {
                        if self.format == Format::OpenMetrics {
                            out.push_str("# EOF\n");
                        }
                        self.state.end_scrape();
                        return false;
                    }
                }
            };
            let count = count(&series);
            while self.next < count && out.len() < length {
                self.push_series(out, &metric, &series);
                self.next += 1;
            }
            if self.next < count {
                self.current = Some((metric, series));
            }
        }
        true
    }

    /// Returns the name and type in OpenMetrics: a counter has no `_total`, unless another metric has the short name.
    fn family<'a>(&self, metric: &'a Metric) -> (&'a str, &'static str) {
        let (name, kind) = (&*metric.name, metric.kind());
        if self.format == Format::Prometheus || kind != Kind::Counter {
            return (name, syntax::type_name(kind));
        }
        match name.strip_suffix("_total").filter(|it| !it.is_empty() && !self.state.store.has(it)) {
            Some(short) => (short, "counter"),
            None => (name, "unknown"),
        }
    }

    fn push_header(&mut self, out: &mut String, metric: &Metric) {
        let (name, kind) = self.family(metric);
        let store = &self.state.store;
        syntax::push_header(out, self.format, name, kind, &store.help(metric));
        let has_created = self.format == Format::OpenMetrics
            && matches!(kind, "counter" | "histogram")
            && store.creation_times.load(Relaxed)
            // If another metric has this name, two lines of one series would contradict each other.
            && !store.has(&format!("{name}_created"));
        self.created = has_created.then_some(name.len());
        self.scratch.name(&metric.name);
    }

    fn push_series(&mut self, out: &mut String, metric: &Metric, series: &SortedByKind) {
        match series {
            ByKind::Counter(list) => {
                let Some(entry) = list.get(self.next) else { return };
                let calls = if metric.counts_calls { self.calls.of(&entry.labels) } else { 0 };
                syntax::push_series(out, &metric.name, "", &entry.labels);
                match entry.series.count(calls) {
                    CounterValue::Whole(value) => {
                        syntax::push_whole(out, value);
                        out.push('\n');
                        self.push_created(out, metric, entry);
                    }
                    // This counter started before the exporter, so its creation time is unknown.
                    CounterValue::Computed(value) => {
                        syntax::push_float(out, value);
                        out.push('\n');
                    }
                }
            }
            ByKind::Gauge(list) => {
                let Some(entry) = list.get(self.next) else { return };
                syntax::push_series(out, &metric.name, "", &entry.labels);
                syntax::push_float(out, entry.series.value());
                out.push('\n');
            }
            ByKind::Histogram(list) => {
                let Some(entry) = list.get(self.next) else { return };
                if self.next == 0 {
                    self.calls.start(Arc::clone(list));
                }
                let calls = self.scratch.push_histogram(out, metric.bounds_text(self.format), entry, self.format);
                self.calls.push(calls);
                self.push_created(out, metric, entry);
            }
        }
    }

    fn push_created<S>(&self, out: &mut String, metric: &Metric, entry: &Entry<S>) {
        if let Some(name) = self.created.and_then(|it| metric.name.get(..it)) {
            syntax::push_series(out, name, "_created", &entry.labels);
            syntax::push_time(out, entry.created);
            out.push('\n');
        }
    }
}

fn count(series: &SortedByKind) -> usize {
    series.as_ref().fold(|it| it.len(), |it| it.len(), |it| it.len())
}

impl Scratch {
    fn name(&mut self, name: &str) {
        for (out, suffix) in self.names.iter_mut().zip(["_bucket{", "_sum{", "_count{"]) {
            out.clear();
            out.extend([name, suffix]);
        }
    }

    /// Appends the lines of one histogram. Returns the number of calls of annotated functions it contains.
    ///
    /// A scrape consists almost entirely of copying, and its time depends on the number of copies. So the text between
    /// the bounds of two buckets is one copy of the text between the previous two, as long as no bucket adds to the
    /// number.
    fn push_histogram(
        &mut self,
        out: &mut String,
        bounds: &[BoundText],
        entry: &Entry<HistogramSeries>,
        format: Format,
    ) -> u64 {
        let Self { snapshot, names: [bucket_name, sum_name, count_name] } = self;
        snapshot.clear(bounds.len());
        let calls = entry.series.read(snapshot);

        let begin = out.len();
        out.push_str(bucket_name);
        if !entry.labels.is_empty() {
            out.push_str(&entry.labels);
            out.push(',');
        }
        out.push_str("le=\"");
        let start = begin..out.len();

        let mut below: u64 = 0;
        let mut buffer = itoa::Buffer::new();
        let mut digits = buffer.format(below);
        // The text from the number of one line to the bound of the next.
        let mut between = 0..0;
        for (index, (bound, count)) in bounds.iter().zip(&snapshot.buckets).enumerate() {
            bound.push(out);
            if *count > 0 {
                below = below.wrapping_add(*count);
                digits = buffer.format(below);
                between = 0..0;
            }
            let exemplar = if format == Format::OpenMetrics { entry.series.exemplar(index) } else { None };
            if between.is_empty() || exemplar.is_some() {
                let number = out.len();
                out.push_str(digits);
                if let Some(exemplar) = &exemplar {
                    syntax::push_exemplar(out, exemplar);
                }
                out.push('\n');
                out.extend_from_within(start.clone());
                between = if exemplar.is_none() { number..out.len() } else { 0..0 };
            } else {
                out.extend_from_within(between.clone());
            }
        }
        // No bucket follows the last one.
        out.truncate(out.len() - start.len());
        push_name(out, sum_name, &entry.labels);
        syntax::push_billionths(out, snapshot.sum);
        out.push('\n');
        push_name(out, count_name, &entry.labels);
        out.push_str(digits);
        out.push('\n');
        calls
    }
}

/// Appends the start of a line up to its number; the name ends in a brace.
fn push_name(out: &mut String, name: &str, labels: &str) {
    out.push_str(name);
    if labels.is_empty() {
        out.pop();
        out.push(' ');
    } else {
        out.push_str(labels);
        out.push_str("} ");
    }
}
