//! The metrics that the tables describe, each with its series.

use crate::labels;
use crate::series::{CounterSeries, GaugeSeries, HistogramSeries};
use crate::storage::{GaugeCells, InFlightCells, Sharding};
use crate::text;
use measurand_catalog::platform::{self, PlatformMetric};
use measurand_catalog::{Catalog, Family, Kind, Metric, Role};
use metrics::Key;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

/// All described metrics, in the order in which they are rendered.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) all: Vec<Table>,
    by_name: HashMap<&'static str, usize>,
}

/// One metric.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    /// The upper bounds, and each as text.
    pub(crate) bounds: &'static [f64],
    pub(crate) bounds_text: Vec<String>,
    /// For a counter of calls: where the table of their duration stands.
    pub(crate) duration: Option<usize>,
    pub(crate) sharding: Sharding,
    pub(crate) series: Series,
}

/// The series of one metric, by its kind.
#[derive(Debug)]
pub(crate) enum Series {
    Counters(Map<CounterSeries>),
    Gauges { map: Map<GaugeSeries>, in_flight: bool },
    Histograms(Map<HistogramSeries>),
}

/// Series by their labels.
#[derive(Debug)]
pub(crate) struct Map<S>(RwLock<Inner<S>>);

#[derive(Debug)]
struct Inner<S> {
    /// As registered: found without making text. Several keys may lead to one series.
    by_key: HashMap<Key, Arc<S>>,
    /// As rendered.
    by_labels: BTreeMap<Arc<str>, Arc<S>>,
}

impl Tables {
    pub(crate) fn new(families: &[&'static Family], catalog: &Catalog) -> Self {
        let mut tables = Self { all: Vec::new(), by_name: HashMap::new() };
        for family in families {
            let metrics: Vec<_> =
                family.metrics.iter().filter(|it| tables.add(Table::of_family(it, catalog))).collect();
            let find =
                |role| metrics.iter().find(|it| it.role == role).and_then(|it| tables.by_name.get(it.name).copied());
            if let (Some(calls), Some(duration)) = (find(Role::Calls), find(Role::Duration)) {
                tables.all[calls].duration = Some(duration);
            }
        }
        for metric in platform::ALL {
            tables.add(Table::of_platform(metric));
        }
        tables
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Table> {
        self.by_name.get(name).and_then(|it| self.all.get(*it))
    }

    /// Of two rows with one name the first counts: a name can have one type and one help text only.
    fn add(&mut self, table: Table) -> bool {
        if self.by_name.contains_key(table.name) {
            return false;
        }
        self.by_name.insert(table.name, self.all.len());
        self.all.push(table);
        true
    }
}

impl Table {
    fn of_family(metric: &'static Metric, catalog: &Catalog) -> Self {
        // An objective of some function may have added a bound.
        let recorded = catalog.families.iter().flat_map(|it| &it.metrics).find(|it| it.name == metric.name);
        let bounds = recorded.filter(|it| it.buckets != metric.buckets).map(|it| &*it.buckets.clone().leak());
        // What happens rarely needs no shards, and there can be many series of it.
        let rare = matches!(metric.role, Role::Errors | Role::Failures | Role::Rollbacks | Role::LastScore);
        let sharding = if rare { Sharding::One } else { Sharding::Threads };
        let series = match metric.role.kind() {
            Kind::Gauge => Series::Gauges { map: Map::default(), in_flight: metric.role == Role::InFlight },
            kind => Series::new(kind),
        };
        Self::new(metric.name, metric.help, bounds.unwrap_or(metric.buckets), sharding, series)
    }

    fn of_platform(metric: &'static PlatformMetric) -> Self {
        Self::new(metric.name, metric.help, metric.buckets, Sharding::One, Series::new(metric.kind))
    }

    fn new(name: &'static str, help: &'static str, bounds: &'static [f64], sharding: Sharding, series: Series) -> Self {
        let bound = |it: &f64| {
            let mut out = String::new();
            text::push_float(&mut out, *it);
            out
        };
        Self { name, help, bounds, bounds_text: bounds.iter().map(bound).collect(), duration: None, sharding, series }
    }
}

impl Series {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Counter => Self::Counters(Map::default()),
            Kind::Gauge => Self::Gauges { map: Map::default(), in_flight: false },
            Kind::Histogram => Self::Histograms(Map::default()),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Counters(_) => Kind::Counter,
            Self::Gauges { .. } => Kind::Gauge,
            Self::Histograms(_) => Kind::Histogram,
        }
    }
}

/// A new gauge.
pub(crate) fn gauge(in_flight: bool) -> GaugeSeries {
    if in_flight {
        GaugeSeries::InFlight(Arc::new(InFlightCells::new(Sharding::Threads)))
    } else {
        GaugeSeries::Value(Arc::new(GaugeCells::default()))
    }
}

impl<S> Default for Map<S> {
    fn default() -> Self {
        Self(RwLock::new(Inner { by_key: HashMap::new(), by_labels: BTreeMap::new() }))
    }
}

impl<S> Map<S> {
    /// The series with these labels, made now if it is the first time.
    pub(crate) fn get(&self, key: &Key, kind: Kind, make: impl FnOnce() -> S) -> Arc<S> {
        if let Some(series) = self.0.read().unwrap_or_else(PoisonError::into_inner).by_key.get(key) {
            return Arc::clone(series);
        }
        let labels = labels::text(key, kind);
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let inner = &mut *inner;
        let series = inner.by_labels.entry(labels.into()).or_insert_with(|| Arc::new(make()));
        Arc::clone(inner.by_key.entry(key.to_retained()).or_insert_with(|| Arc::clone(series)))
    }

    /// Forgets a series; handles to it lead nowhere from now on.
    pub(crate) fn remove(&self, key: &Key, kind: Kind) {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(gone) = inner.by_labels.remove(labels::text(key, kind).as_str()) {
            inner.by_key.retain(|_, it| !Arc::ptr_eq(it, &gone));
        }
    }

    /// All series by the text of their labels, sorted.
    pub(crate) fn all(&self) -> Vec<(Arc<str>, Arc<S>)> {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        inner.by_labels.iter().map(|(labels, series)| (Arc::clone(labels), Arc::clone(series))).collect()
    }
}
