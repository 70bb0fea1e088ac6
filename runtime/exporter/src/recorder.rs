//! The recorder: where the `metrics` facade meets the tables.

use crate::foreign::{Foreign, word};
use crate::platform::Platform;
use crate::program::{Program, Service};
use crate::series::{CounterSeries, GaugeSeries, HistogramSeries};
use crate::tables::{self, Series, Tables};
use crate::text;
use measurand_catalog::{Kind, SITE_TARGET};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// A recorder of the `metrics` facade that renders what it recorded as Prometheus text.
///
/// A clone is another handle to the same recorder. [`crate::Builder`] makes one the global recorder; alone it serves tests
/// with [`metrics::with_local_recorder`].
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) tables: Tables,
    pub(crate) foreign: Foreign,
    pub(crate) platform: Platform,
    /// Names about which the user was told on stderr.
    warned: Mutex<HashSet<String>>,
    /// Held while rendering, so that each scrape sees at least what the one before saw.
    pub(crate) rendering: Mutex<usize>,
}

/// So many names are complained about; a program that makes up names at run time must not flood its log.
const MOST_WARNINGS: usize = 100;

impl Recorder {
    /// A recorder for the program's families, which nothing uses yet. It does not call [`Program::initialize`], which is
    /// for the global recorder.
    #[must_use]
    pub fn new(program: &Program) -> Self {
        let inner = Inner {
            tables: Tables::new(&program.families, &program.catalog),
            foreign: Foreign::new(),
            platform: Platform::default(),
            warned: Mutex::default(),
            rendering: Mutex::default(),
        };
        let recorder = Self(Arc::new(inner));
        recorder.0.describe_program(program, Service::of(program, None));
        recorder
    }

    /// All metrics as Prometheus text, one `# HELP` and `# TYPE` for each.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.0
    }
}

impl Inner {
    /// A counter that the tables describe, or nothing when they do not.
    pub(crate) fn counter(&self, key: &Key) -> Option<Arc<CounterSeries>> {
        match &self.tables.get(key.name())?.series {
            Series::Counters(map) => Some(map.get(key, Kind::Counter, CounterSeries::default)),
            _ => None,
        }
    }

    /// A gauge that the tables describe, or nothing when they do not.
    pub(crate) fn gauge(&self, key: &Key) -> Option<Arc<GaugeSeries>> {
        match &self.tables.get(key.name())?.series {
            Series::Gauges { map, in_flight } => Some(map.get(key, Kind::Gauge, || tables::gauge(*in_flight))),
            _ => None,
        }
    }

    /// A histogram that the tables describe, for observations that no annotated function makes.
    pub(crate) fn histogram(&self, key: &Key) -> Option<Histogram> {
        let table = self.tables.get(key.name())?;
        match &table.series {
            Series::Histograms(map) => {
                let series = map.get(key, Kind::Histogram, HistogramSeries::default);
                Some(Histogram::from_arc(series.hand(table.bounds, table.sharding)))
            }
            _ => None,
        }
    }

    /// Whether a name that no table describes may be used with this kind.
    fn admits(&self, name: &str, kind: Kind) -> bool {
        let described = |it: &str| self.tables.get(it).map(|it| it.series.kind());
        self.foreign.admit(name, kind, described).map_err(|why| self.warn(name, kind, &why)).is_ok()
    }

    fn refuse(&self, name: &str, kind: Kind, is: Kind) {
        self.warn(name, kind, &format!("it is a {}", word(is)));
    }

    fn warn(&self, name: &str, kind: Kind, why: &str) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.len() < MOST_WARNINGS && warned.insert(name.to_owned()) {
            let name = name.escape_debug();
            eprintln!("measurand: `{name}` is recorded as a {}, but {why}; this recording is ignored", word(kind));
        }
    }
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, help: SharedString) {
        describe(&self.0, key, unit, &help);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, help: SharedString) {
        describe(&self.0, key, unit, &help);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, help: SharedString) {
        describe(&self.0, key, unit, &help);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        let name = text::metric_name(key.name());
        match self.0.tables.get(&name) {
            None if self.0.admits(&name, Kind::Counter) => self.0.foreign.counter(key, metadata),
            None => Counter::noop(),
            Some(table) => match &table.series {
                Series::Counters(map) => {
                    let series = map.get(key, Kind::Counter, CounterSeries::default);
                    if table.duration.is_some() && metadata.target() == SITE_TARGET {
                        // The same call observes its duration: counting that is free, and exact.
                        series.derive();
                        return Counter::noop();
                    }
                    Counter::from_arc(series.cells(table.sharding))
                }
                other => {
                    self.0.refuse(&name, Kind::Counter, other.kind());
                    Counter::noop()
                }
            },
        }
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        let name = text::metric_name(key.name());
        match self.0.tables.get(&name) {
            None if self.0.admits(&name, Kind::Gauge) => self.0.foreign.gauge(key, metadata),
            None => Gauge::noop(),
            Some(table) => match &table.series {
                Series::Gauges { map, in_flight } => map.get(key, Kind::Gauge, || tables::gauge(*in_flight)).handle(),
                other => {
                    self.0.refuse(&name, Kind::Gauge, other.kind());
                    Gauge::noop()
                }
            },
        }
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        let name = text::metric_name(key.name());
        match self.0.tables.get(&name) {
            None if self.0.admits(&name, Kind::Histogram) => self.0.foreign.histogram(key, metadata),
            None => Histogram::noop(),
            Some(table) => match &table.series {
                Series::Histograms(map) => {
                    let series = map.get(key, Kind::Histogram, HistogramSeries::default);
                    let site = metadata.target() == SITE_TARGET;
                    let cells = if site { HistogramSeries::site } else { HistogramSeries::hand };
                    Histogram::from_arc(cells(&series, table.bounds, table.sharding))
                }
                other => {
                    self.0.refuse(&name, Kind::Histogram, other.kind());
                    Histogram::noop()
                }
            },
        }
    }
}

/// A table's own help text wins, so that every program says the same of the same metric.
fn describe(inner: &Inner, key: KeyName, unit: Option<Unit>, help: &SharedString) {
    if inner.tables.get(&text::metric_name(key.as_str())).is_none() {
        inner.foreign.describe(key, unit, help);
    }
}
