//! The recorder: where the `metrics` facade meets the tables.

use crate::history::History;
use crate::platform::Platform;
use crate::program::{Program, Service};
use crate::render::Rendering;
use crate::render::text::{self, Format};
use crate::stderr;
use crate::storage::cardinality::SeriesOrigin;
use crate::storage::cells::{HistogramCells, ScrapeFence};
use crate::storage::metric::{DescribedMetrics, Metric, SeriesByKind};
use crate::storage::series::{CounterSeries, GaugeSeries, HistogramSeries};
use crate::storage::series_map::Entry;
use crate::storage::undescribed::{LONGEST_NAME, Refusal, UndescribedMetrics, word};
use measurand_catalog::lock::lock;
use measurand_catalog::{Kind, SERIES_LIMIT, SITE_TARGET};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use std::collections::HashSet;
use std::io::{self, Write};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// A recorder of the `metrics` facade that renders what it recorded as Prometheus text.
///
/// A clone is another handle to the same recorder. [`crate::Builder`] makes one the global recorder; alone it serves tests
/// with [`metrics::with_local_recorder`].
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) tables: DescribedMetrics,
    pub(crate) foreign: UndescribedMetrics,
    pub(crate) platform: Platform,
    pub(crate) series_limit: AtomicUsize,
    pub(crate) creation_times: AtomicBool,
    pub(crate) fence: ScrapeFence,
    /// The last hour, once it is wanted.
    pub(crate) history: OnceLock<Arc<History>>,
    /// What the user was told about on stderr.
    warned: Mutex<HashSet<String>>,
}

/// So much is complained about; a program that makes up names at run time must not flood its log.
const MOST_WARNINGS: usize = 100;

/// A metric of the tables or another one.
enum Found<'a> {
    Described(&'a Metric),
    Foreign(Arc<Metric>),
}

impl Recorder {
    /// A recorder for the program's families, which nothing uses yet. It does not call [`Program::initialize`], which is
    /// for the global recorder.
    #[must_use]
    pub fn new(program: &Program) -> Self {
        let inner = Inner {
            tables: DescribedMetrics::new(&program.families, &program.catalog),
            foreign: UndescribedMetrics::default(),
            platform: Platform::default(),
            series_limit: AtomicUsize::new(SERIES_LIMIT),
            creation_times: AtomicBool::new(true),
            fence: ScrapeFence::new(),
            history: OnceLock::new(),
            warned: Mutex::default(),
        };
        let recorder = Self(Arc::new(inner));
        recorder.0.describe_program(program, Service::of(program, None, None));
        recorder
    }

    /// Bounds the series of each metric that are recorded by hand; see [`crate::Builder::series_limit`].
    pub fn set_series_limit(&self, limit: usize) {
        self.0.series_limit.store(limit, Ordering::Relaxed);
    }

    /// All metrics as Prometheus text, one `# HELP` and `# TYPE` for each.
    #[must_use]
    pub fn render(&self) -> String {
        self.whole(Format::Prometheus)
    }

    /// All metrics as OpenMetrics text.
    #[must_use]
    pub fn render_openmetrics(&self) -> String {
        self.whole(Format::OpenMetrics)
    }

    /// Writes all metrics as Prometheus text, piece by piece, so that however many there are the memory for it is small.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write_to(&self, writer: &mut dyn Write) -> io::Result<()> {
        let mut rendering = Rendering::new(&self.0, Format::Prometheus);
        let mut piece = String::with_capacity(PIECE + PIECE / 8);
        loop {
            piece.clear();
            let more = rendering.push(&mut piece, PIECE);
            writer.write_all(piece.as_bytes())?;
            if !more {
                return Ok(());
            }
        }
    }

    /// Appends all metrics as Prometheus text; for a buffer that is kept from one time to the next.
    pub fn render_into(&self, out: &mut String) {
        Rendering::new(&self.0, Format::Prometheus).push(out, usize::MAX);
    }

    fn whole(&self, format: Format) -> String {
        let mut out = String::new();
        Rendering::new(&self.0, format).push(&mut out, usize::MAX);
        out
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.0
    }
}

/// Bytes that are rendered at once: they stay in the processor's cache until they are written.
pub(crate) const PIECE: usize = 128 * 1024;

impl Inner {
    /// A counter that the tables describe, or nothing when they do not; for code that knows how many there will be.
    pub(crate) fn counter(&self, key: &Key) -> Option<Arc<Entry<CounterSeries>>> {
        let table = self.tables.get(key.name())?;
        match &table.series {
            SeriesByKind::Counters(map) => {
                Some(self.entry(table, map, key, SeriesOrigin::Bounded, CounterSeries::default))
            }
            _ => None,
        }
    }

    /// The same for a gauge.
    pub(crate) fn gauge(&self, key: &Key) -> Option<Arc<Entry<GaugeSeries>>> {
        let table = self.tables.get(key.name())?;
        match &table.series {
            SeriesByKind::Gauges { map, in_flight } => {
                Some(self.entry(table, map, key, SeriesOrigin::Bounded, || GaugeSeries::new(*in_flight)))
            }
            _ => None,
        }
    }

    /// The same for a histogram, for observations that no annotated function makes.
    pub(crate) fn histogram(&self, key: &Key) -> Option<Histogram> {
        let table = self.tables.get(key.name())?;
        match &table.series {
            SeriesByKind::Histograms(map) => {
                let entry = self.entry(table, map, key, SeriesOrigin::Bounded, HistogramSeries::default);
                Some(Histogram::from_arc(entry.series.hand(&table.bounds)))
            }
            _ => None,
        }
    }

    /// The cells in which calls of annotated functions begin and end that a described duration times.
    pub(crate) fn calls(&self, key: &Key) -> Option<Arc<HistogramCells>> {
        let table = self.tables.get(key.name())?;
        match &table.series {
            SeriesByKind::Histograms(map) => {
                let entry = self.entry(table, map, key, SeriesOrigin::Bounded, HistogramSeries::default);
                Some(entry.series.site(&table.bounds))
            }
            _ => None,
        }
    }

    /// The metric that a key of this kind belongs to, or nothing when it may not be recorded.
    fn table(&self, key: &Key, kind: Kind) -> Option<Found<'_>> {
        if key.name().len() > LONGEST_NAME {
            self.count_long_name(key.name());
            return None;
        }
        let name = text::metric_name(key.name());
        if let Some(table) = self.tables.get(&name) {
            let is = table.series.kind();
            if is != kind {
                self.refuse(&name, kind, &format!("it is a {}", word(is)));
            }
            return (is == kind).then_some(Found::Described(table));
        }
        let described = |it: &str| self.tables.get(it).map(|it| it.series.kind());
        match self.foreign.get(&name, kind, described) {
            Ok(table) => return Some(Found::Foreign(table)),
            Err(Refusal::Clash(why)) => self.refuse(&name, kind, &why),
            Err(Refusal::TooMany) => self.count_refusal(&name),
        }
        None
    }

    fn refuse(&self, name: &str, kind: Kind, why: &str) {
        let shown = name.escape_debug();
        self.warn(name, || format!("`{shown}` is recorded as a {}, but {why}; this recording is ignored", word(kind)));
    }

    /// Tells the user on stderr, once for each subject.
    pub(crate) fn warn(&self, subject: &str, message: impl FnOnce() -> String) {
        let mut warned = lock(&self.warned);
        if warned.len() < MOST_WARNINGS && warned.insert(subject.to_owned()) {
            stderr::say(message());
        }
    }
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, key: KeyName, _unit: Option<Unit>, help: SharedString) {
        self.0.describe(&key, &help);
    }

    fn describe_gauge(&self, key: KeyName, _unit: Option<Unit>, help: SharedString) {
        self.0.describe(&key, &help);
    }

    fn describe_histogram(&self, key: KeyName, _unit: Option<Unit>, help: SharedString) {
        self.0.describe(&key, &help);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        let Some(table) = self.0.table(key, Kind::Counter) else { return Counter::noop() };
        let SeriesByKind::Counters(map) = &table.series else { return Counter::noop() };
        let entry = self.0.entry(&table, map, key, origin(metadata), CounterSeries::default);
        if table.duration.is_some() && is_site(metadata) {
            // The same call observes its duration: counting that is free, and exact.
            entry.series.derive();
            return Counter::noop();
        }
        Counter::from_arc(entry.series.cells())
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        let Some(table) = self.0.table(key, Kind::Gauge) else { return Gauge::noop() };
        let SeriesByKind::Gauges { map, in_flight } = &table.series else { return Gauge::noop() };
        self.0.entry(&table, map, key, origin(metadata), || GaugeSeries::new(*in_flight)).series.handle()
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        let Some(table) = self.0.table(key, Kind::Histogram) else { return Histogram::noop() };
        let SeriesByKind::Histograms(map) = &table.series else { return Histogram::noop() };
        let entry = self.0.entry(&table, map, key, origin(metadata), HistogramSeries::default);
        let cells = if is_site(metadata) { HistogramSeries::site } else { HistogramSeries::hand };
        Histogram::from_arc(cells(&entry.series, &table.bounds))
    }
}

impl Inner {
    /// A table's own help text wins, so that every program says the same of the same metric.
    fn describe(&self, key: &KeyName, help: &SharedString) {
        if key.as_str().len() > LONGEST_NAME {
            return;
        }
        let name = text::metric_name(key.as_str());
        if self.tables.get(&name).is_none() {
            self.foreign.describe(&name, help);
        }
    }
}

/// Whether an annotated function registers it.
fn is_site(metadata: &Metadata<'_>) -> bool {
    metadata.target() == SITE_TARGET
}

fn origin(metadata: &Metadata<'_>) -> SeriesOrigin {
    if is_site(metadata) { SeriesOrigin::Bounded } else { SeriesOrigin::Hand }
}

impl Deref for Found<'_> {
    type Target = Metric;

    fn deref(&self) -> &Metric {
        match self {
            Self::Described(table) => table,
            Self::Foreign(table) => table,
        }
    }
}
