//! The metrics of a recorder, and the look-up of their series.

use crate::render::syntax;
use crate::stderr;
use crate::storage::cells::HistogramCells;
use crate::storage::described::DescribedMetrics;
use crate::storage::metric::{Metric, SeriesKind};
use crate::storage::series::{CounterSeries, GaugeSeries, HistogramSeries};
use crate::storage::series_map::Entry;
use crate::storage::undescribed::{LONGEST_NAME, Refusal, UndescribedMetrics};
use measurand_catalog::lock::lock;
use measurand_catalog::{Catalog, Family, Kind, SERIES_LIMIT};
use metrics::{Histogram, Key, SharedString};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex};

/// The metrics of a recorder.
#[derive(Debug)]
pub(crate) struct MetricStore {
    pub(crate) described: DescribedMetrics,
    pub(crate) undescribed: UndescribedMetrics,
    pub(crate) series_limit: AtomicUsize,
    pub(crate) creation_times: AtomicBool,
    /// The subjects of the warnings on standard error.
    warned: Mutex<HashSet<String>>,
}

/// The source of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeriesOrigin {
    /// Our own code, which bounds the number of its series itself.
    Bounded,
    /// Any other code.
    Hand,
}

/// Maximum number of warnings, so that a program with generated names does not flood its log.
const MOST_WARNINGS: usize = 100;

impl MetricStore {
    pub(crate) fn new(families: &[&'static Family], catalog: &Catalog) -> Self {
        Self {
            described: DescribedMetrics::new(families, catalog),
            undescribed: UndescribedMetrics::default(),
            series_limit: AtomicUsize::new(SERIES_LIMIT),
            creation_times: AtomicBool::new(true),
            warned: Mutex::default(),
        }
    }

    /// Returns all metrics in rendering order.
    pub(crate) fn all(&self) -> Vec<Arc<Metric>> {
        self.described.all.iter().chain(self.undescribed.sorted().iter()).map(Arc::clone).collect()
    }

    /// Whether a metric has this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.described.get(name).is_some() || self.undescribed.has(name)
    }

    /// Returns the help text of a metric.
    pub(crate) fn help(&self, metric: &Metric) -> SharedString {
        if metric.help.is_empty() { self.undescribed.help(&metric.name) } else { SharedString::const_str(metric.help) }
    }

    /// Stores the help text of a metric that no table describes. The table's text takes precedence, so every program
    /// has the same text for the same metric.
    pub(crate) fn describe(&self, name: &str, help: &SharedString) {
        if name.len() > LONGEST_NAME {
            return;
        }
        let name = syntax::metric_name(name);
        if self.described.get(&name).is_none() {
            self.undescribed.describe(&name, help);
        }
    }

    /// Returns a described counter, for code that bounds its series itself.
    pub(crate) fn counter(&self, key: &Key) -> Option<Arc<Entry<CounterSeries>>> {
        self.bounded(key).map(|it| it.1)
    }

    /// Returns a described gauge, for code that bounds its series itself.
    pub(crate) fn gauge(&self, key: &Key) -> Option<Arc<Entry<GaugeSeries>>> {
        self.bounded(key).map(|it| it.1)
    }

    /// Returns a described histogram, for observations outside annotated functions.
    pub(crate) fn histogram(&self, key: &Key) -> Option<Histogram> {
        let (metric, entry) = self.bounded::<HistogramSeries>(key)?;
        Some(Histogram::from_arc(entry.series.hand(&metric.bounds)))
    }

    /// Returns the cells of a described duration in which calls of annotated functions start and end.
    pub(crate) fn calls(&self, key: &Key) -> Option<Arc<HistogramCells>> {
        let (metric, entry) = self.bounded::<HistogramSeries>(key)?;
        Some(entry.series.site(&metric.bounds))
    }

    fn bounded<S: SeriesKind>(&self, key: &Key) -> Option<(&Metric, Arc<Entry<S>>)> {
        let metric = self.described.get(key.name())?;
        Some((metric, self.entry(metric, key, SeriesOrigin::Bounded)?))
    }

    /// Sets a gauge, or a counter whose value the exporter reads at each scrape.
    pub(crate) fn set(&self, key: &Key, value: f64) {
        if let Some(gauge) = self.gauge(key) {
            gauge.series.set(value);
        } else if let Some(counter) = self.counter(key) {
            counter.series.compute(value);
        }
    }

    /// Calls `then` with the metric and the series of a key. Returns `None` if the key must not be recorded.
    pub(crate) fn register<S: SeriesKind, T>(
        &self,
        key: &Key,
        origin: SeriesOrigin,
        then: impl FnOnce(&Metric, &Entry<S>) -> T,
    ) -> Option<T> {
        if key.name().len() > LONGEST_NAME {
            self.count_long_name(key.name());
            return None;
        }
        let name = syntax::metric_name(key.name());
        if let Some(metric) = self.described.get(&name) {
            let Some(entry) = self.entry(metric, key, origin) else {
                self.refuse(&name, S::KIND, &format!("it is a {}", syntax::type_name(metric.kind())));
                return None;
            };
            return Some(then(metric, &entry));
        }
        let described = |it: &str| self.described.get(it).map(Metric::kind);
        match self.undescribed.get(&name, S::KIND, described) {
            Ok(metric) => return self.entry(&metric, key, origin).map(|it| then(&metric, &it)),
            Err(Refusal::Clash(why)) => self.refuse(&name, S::KIND, &why),
            Err(Refusal::TooMany) => self.count_refusal(&name),
        }
        None
    }

    fn refuse(&self, name: &str, kind: Kind, why: &str) {
        let (shown, kind) = (name.escape_debug(), syntax::type_name(kind));
        self.warn(name, || format!("`{shown}` is recorded as a {kind}, but {why}; this recording is ignored"));
    }

    /// Warns on standard error, once for each subject.
    pub(crate) fn warn(&self, subject: &str, message: impl FnOnce() -> String) {
        let mut warned = lock(&self.warned);
        if warned.len() < MOST_WARNINGS && warned.insert(subject.to_owned()) {
            stderr::say(message());
        }
    }
}
