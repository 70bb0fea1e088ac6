//! All metrics as text: the described ones in the order of the tables, then all others by name.
//!
//! The text is made piece by piece, each as large as its reader wants, and nothing that a recording call could wait for is
//! held meanwhile. A metric without series is left out. Each number is read once, so that what is derived from it agrees
//! with it.

pub(crate) mod gzip;
pub(crate) mod negotiation;
#[cfg(feature = "native-histograms")]
pub(crate) mod protobuf;
pub(crate) mod text;

use crate::recorder::Inner;
use crate::storage::cells::Snapshot;
use crate::storage::metric::{BoundText, Metric, SeriesByKind};
use crate::storage::series::{CounterSeries, CounterValue, GaugeSeries, HistogramSeries};
use crate::storage::series_map::{Entry, Sorted};
use crate::storage::undescribed::word;
use measurand_catalog::Kind;
use std::cmp::Ordering;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::vec::IntoIter;
use text::Format;

/// A scrape that is under way.
#[derive(Debug)]
pub(crate) struct Rendering {
    recorder: Arc<Inner>,
    format: Format,
    metrics: IntoIter<Place>,
    /// The metric whose series are being written, and the next one of them.
    current: Option<(Place, List)>,
    next: usize,
    /// Whether its lines of creation are written, and how much of its name they begin with.
    created: Option<usize>,
    calls: Calls,
    scratch: Scratch,
}

/// Where a metric's table stands.
#[derive(Debug)]
enum Place {
    Described(usize),
    Foreign(Arc<Metric>),
}

#[derive(Debug)]
enum List {
    Counters(Sorted<CounterSeries>),
    Gauges(Sorted<GaugeSeries>),
    Histograms(Sorted<HistogramSeries>),
}

/// How many calls of annotated functions each series of the newest histogram has seen; walked through once, in the order
/// of the labels.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    series: Sorted<HistogramSeries>,
    counts: Vec<u64>,
    next: usize,
}

/// What the lines of a histogram are put together from, kept for its memory.
#[derive(Debug, Default)]
struct Scratch {
    snapshot: Snapshot,
    /// By metric: what the lines of its buckets, of its sum and of its count begin with.
    names: [String; 3],
}

impl Rendering {
    /// Brings what is only looked at up to date, and begins.
    pub(crate) fn new(recorder: &Arc<Inner>, format: Format) -> Self {
        recorder.fence.order();
        recorder.collect_platform();
        let described = recorder.tables.order().into_iter().map(Place::Described);
        let foreign = recorder.foreign.sorted();
        let metrics: Vec<_> = described.chain(foreign.iter().map(Arc::clone).map(Place::Foreign)).collect();
        Self {
            recorder: Arc::clone(recorder),
            format,
            metrics: metrics.into_iter(),
            current: None,
            next: 0,
            created: None,
            calls: Calls::default(),
            scratch: Scratch::default(),
        }
    }

    /// Appends text until it is so long, or a little longer; says whether there is more.
    pub(crate) fn push(&mut self, out: &mut String, length: usize) -> bool {
        let recorder = Arc::clone(&self.recorder);
        while out.len() < length {
            let (place, list) = match self.current.take() {
                Some(current) => current,
                None => {
                    if let Some(place) = self.metrics.next() {
                        self.next = 0;
                        let list = List::of(place.table(&recorder));
                        if list.len() > 0 {
                            self.push_header(out, place.table(&recorder));
                        }
                        (place, list)
                    } else {
                        if self.format == Format::OpenMetrics {
                            out.push_str("# EOF\n");
                        }
                        recorder.fence.order();
                        return false;
                    }
                }
            };
            let table = place.table(&recorder);
            while self.next < list.len() && out.len() < length {
                self.push_series(out, table, &list);
                self.next += 1;
            }
            if self.next < list.len() {
                self.current = Some((place, list));
            }
        }
        true
    }

    /// What OpenMetrics calls the metric: a counter without its `_total`, unless another metric is called like that.
    fn family<'a>(&self, table: &'a Metric) -> (&'a str, &'static str) {
        let (name, kind) = (&*table.name, table.series.kind());
        if self.format == Format::Prometheus || kind != Kind::Counter {
            return (name, word(kind));
        }
        match name.strip_suffix("_total").filter(|it| !it.is_empty() && !self.is_taken(it)) {
            Some(short) => (short, "counter"),
            None => (name, "unknown"),
        }
    }

    fn is_taken(&self, name: &str) -> bool {
        self.recorder.tables.get(name).is_some() || self.recorder.foreign.has(name)
    }

    fn push_header(&mut self, out: &mut String, table: &Metric) {
        let (name, kind) = self.family(table);
        if table.help.is_empty() {
            text::push_header(out, self.format, name, kind, &self.recorder.foreign.help(&table.name));
        } else {
            text::push_header(out, self.format, name, kind, table.help);
        }
        let told = self.format == Format::OpenMetrics && self.recorder.creation_times.load(Relaxed);
        let told = told && matches!(kind, "counter" | "histogram");
        // Another metric may be called like that: two lines of one series would contradict each other.
        self.created = Some(name.len()).filter(|_| told && !self.is_taken(&format!("{name}_created")));
        self.scratch.name(&table.name);
    }

    fn push_series(&mut self, out: &mut String, table: &Metric, list: &List) {
        match list {
            List::Counters(list) => {
                let Some(entry) = list.get(self.next) else { return };
                let calls = if table.duration.is_some() { self.calls.of(&entry.labels) } else { 0 };
                text::push_series(out, &table.name, "", &entry.labels);
                match entry.series.count(calls) {
                    CounterValue::Whole(value) => {
                        text::push_whole(out, value);
                        out.push('\n');
                        self.push_created(out, table, entry);
                    }
                    // It began to count before anybody looked.
                    CounterValue::Computed(value) => {
                        text::push_float(out, value);
                        out.push('\n');
                    }
                }
            }
            List::Gauges(list) => {
                let Some(entry) = list.get(self.next) else { return };
                text::push_series(out, &table.name, "", &entry.labels);
                text::push_float(out, entry.series.value());
                out.push('\n');
            }
            List::Histograms(list) => {
                let Some(entry) = list.get(self.next) else { return };
                if self.next == 0 {
                    self.calls.begin(Arc::clone(list));
                }
                let calls = self.scratch.push_histogram(out, table.bounds_text(self.format), entry, self.format);
                self.calls.saw(calls);
                self.push_created(out, table, entry);
            }
        }
    }

    fn push_created<S>(&self, out: &mut String, table: &Metric, entry: &Entry<S>) {
        if let Some(name) = self.created.and_then(|it| table.name.get(..it)) {
            text::push_series(out, name, "_created", &entry.labels);
            text::push_time(out, entry.created);
            out.push('\n');
        }
    }
}

impl Place {
    fn table<'a>(&'a self, recorder: &'a Inner) -> &'a Metric {
        match self {
            Self::Described(place) => &recorder.tables.all[*place],
            Self::Foreign(table) => table,
        }
    }
}

impl List {
    fn of(table: &Metric) -> Self {
        match &table.series {
            SeriesByKind::Counters(map) => Self::Counters(map.sorted()),
            SeriesByKind::Gauges { map, .. } => Self::Gauges(map.sorted()),
            SeriesByKind::Histograms(map) => Self::Histograms(map.sorted()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Counters(list) => list.len(),
            Self::Gauges(list) => list.len(),
            Self::Histograms(list) => list.len(),
        }
    }
}

impl Calls {
    /// Other histograms come, in the order of their labels.
    pub(crate) fn begin(&mut self, series: Sorted<HistogramSeries>) {
        self.series = series;
        self.counts.clear();
        self.next = 0;
    }

    /// The next of them has seen so many calls.
    pub(crate) fn saw(&mut self, calls: u64) {
        self.counts.push(calls);
    }

    /// The calls of the series with these labels, which come after all that were asked for before.
    pub(crate) fn of(&mut self, labels: &str) -> u64 {
        while let Some(entry) = self.series.get(self.next) {
            match entry.labels.as_ref().cmp(labels) {
                Ordering::Less => self.next += 1,
                Ordering::Equal => return self.counts.get(self.next).copied().unwrap_or_default(),
                Ordering::Greater => return 0,
            }
        }
        0
    }
}

impl Scratch {
    fn name(&mut self, name: &str) {
        for (out, suffix) in self.names.iter_mut().zip(["_bucket{", "_sum{", "_count{"]) {
            out.clear();
            out.extend([name, suffix]);
        }
    }

    /// Appends the lines of one histogram; returns how many calls of annotated functions it saw.
    ///
    /// Copying is nearly all that a scrape does, and it is the number of copies that takes the time. So what stands between
    /// the bounds of two buckets is one copy of what stood between the two before, as long as no bucket adds to the number.
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
        // From the number of one line to the bound of the next.
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
                    text::push_exemplar(out, exemplar);
                }
                out.push('\n');
                out.extend_from_within(start.clone());
                between = if exemplar.is_none() { number..out.len() } else { 0..0 };
            } else {
                out.extend_from_within(between.clone());
            }
        }
        // No bucket is behind the last one.
        out.truncate(out.len() - start.len());
        push_name(out, sum_name, &entry.labels);
        text::push_billionths(out, snapshot.sum);
        out.push('\n');
        push_name(out, count_name, &entry.labels);
        out.push_str(digits);
        out.push('\n');
        calls
    }
}

/// Appends the begin of a line up to its number; the name ends in a brace.
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
