//! Metrics, each with its series; and those of them that the catalog describes.

use crate::render::text::{self, Format};
use crate::storage::cells::{self, Bounds, CounterCells};
use crate::storage::series::{CounterSeries, GaugeSeries, HistogramSeries};
use crate::storage::series_map::SeriesMap;
use measurand_catalog::platform::{self, PlatformMetric};
use measurand_catalog::{Catalog, Family, Kind, Label, Metric as MetricRow, Role};
use std::borrow::Cow;
use std::collections::HashMap;
use std::iter;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

/// All described metrics.
#[derive(Debug)]
pub(crate) struct DescribedMetrics {
    pub(crate) all: Vec<Metric>,
    by_name: HashMap<&'static str, usize>,
}

/// One metric.
#[derive(Debug)]
pub(crate) struct Metric {
    pub(crate) name: Cow<'static, str>,
    pub(crate) help: &'static str,
    /// What it belongs to: a family, [`PLATFORM`] or [`FOREIGN`].
    pub(crate) family: &'static str,
    /// The labels that its series have, sorted by name; nothing when nobody said.
    pub(crate) labels: Option<Vec<Label>>,
    /// The upper bounds, and what a bucket's line has after its labels up to the number, in each format.
    pub(crate) bounds: Bounds,
    bounds_text: [Vec<BoundText>; 2],
    /// For a counter of calls: where the table of their duration stands.
    pub(crate) duration: Option<usize>,
    pub(crate) series: SeriesByKind,
    /// Counts the label sets for which there is no room; see `cardinality`.
    pub(crate) overflows: OnceLock<Arc<CounterCells>>,
    pub(crate) is_full: AtomicBool,
}

/// The end of a bucket's labels, filled up with spaces: a copy of so many bytes as the compiler knows takes a third of the
/// time of any other.
#[derive(Debug)]
pub(crate) struct BoundText {
    text: String,
    length: usize,
}

/// The family of the metrics that come without an annotation.
pub(crate) const PLATFORM: &str = "platform";
/// The family of the metrics that no table describes.
pub(crate) const FOREIGN: &str = "foreign";

/// The series of one metric, by its kind.
#[derive(Debug)]
pub(crate) enum SeriesByKind {
    Counters(SeriesMap<CounterSeries>),
    Gauges { map: SeriesMap<GaugeSeries>, in_flight: bool },
    Histograms(SeriesMap<HistogramSeries>),
}

impl DescribedMetrics {
    pub(crate) fn new(families: &[&'static Family], catalog: &Catalog) -> Self {
        let mut tables = Self { all: Vec::new(), by_name: HashMap::new() };
        for family in families {
            let metrics: Vec<_> = family
                .metrics
                .iter()
                .filter(|it| tables.add(it.name, Metric::of_family(family, it, catalog)))
                .collect();
            let find =
                |role| metrics.iter().find(|it| it.role == role).and_then(|it| tables.by_name.get(it.name).copied());
            if let (Some(calls), Some(duration)) = (find(Role::Calls), find(Role::Duration)) {
                tables.all[calls].duration = Some(duration);
            }
        }
        for metric in platform::ALL {
            tables.add(metric.name, Metric::of_platform(metric));
        }
        tables
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Metric> {
        self.by_name.get(name).and_then(|it| self.all.get(*it))
    }

    /// The places of all tables in the order in which they are rendered: durations before the calls, which are counted
    /// from them.
    pub(crate) fn order(&self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.all.len());
        for (place, table) in self.all.iter().enumerate() {
            for place in table.duration.into_iter().chain([place]) {
                if !order.contains(&place) {
                    order.push(place);
                }
            }
        }
        order
    }

    /// Of two rows with one name the first counts: a name can have one type and one help text only.
    fn add(&mut self, name: &'static str, table: Metric) -> bool {
        if self.by_name.contains_key(name) {
            return false;
        }
        self.by_name.insert(name, self.all.len());
        self.all.push(table);
        true
    }
}

impl Metric {
    fn of_family(family: &'static Family, metric: &'static MetricRow, catalog: &Catalog) -> Self {
        // An objective of some function may have added a bound.
        let recorded = catalog.families.iter().flat_map(|it| &it.metrics).find(|it| it.name == metric.name);
        let bounds = recorded.map_or(metric.buckets, |it| &it.buckets);
        let series = match metric.role.kind() {
            Kind::Gauge => SeriesByKind::Gauges { map: SeriesMap::default(), in_flight: metric.role == Role::InFlight },
            kind => SeriesByKind::new(kind),
        };
        // A call in flight has no value yet for a label that is known at its end.
        let known = |it: &&Label| metric.role != Role::InFlight || !it.late;
        let labels = family.labels.iter().filter(known).copied().chain(metric.role.extra_label()).collect();
        Self::new(metric.name.into(), metric.help, family.name, Some(labels), bounds, series)
    }

    fn of_platform(metric: &'static PlatformMetric) -> Self {
        let labels = metric.labels.iter().map(|name| Label::open(name)).collect();
        let series = SeriesByKind::new(metric.kind);
        Self::new(metric.name.into(), metric.help, PLATFORM, Some(labels), metric.buckets, series)
    }

    /// A metric that no table describes.
    pub(crate) fn foreign(name: String, kind: Kind, bounds: &[f64]) -> Self {
        Self::new(name.into(), "", FOREIGN, None, bounds, SeriesByKind::new(kind))
    }

    fn new(
        name: Cow<'static, str>,
        help: &'static str,
        family: &'static str,
        labels: Option<Vec<Label>>,
        bounds: &[f64],
        series: SeriesByKind,
    ) -> Self {
        let labels = labels.map(|mut it| {
            it.sort_by_key(|it| it.name);
            it
        });
        Self {
            name,
            help,
            family,
            labels,
            bounds: cells::bounds(bounds),
            bounds_text: [bounds_text(bounds, text::push_float), bounds_text(bounds, text::push_canonical)],
            duration: None,
            series,
            overflows: OnceLock::new(),
            is_full: AtomicBool::new(false),
        }
    }

    /// For each bucket the end of its labels, up to where its number stands.
    pub(crate) fn bounds_text(&self, format: Format) -> &[BoundText] {
        match format {
            Format::Prometheus => &self.bounds_text[0],
            Format::OpenMetrics => &self.bounds_text[1],
        }
    }
}

fn bounds_text(bounds: &[f64], push: impl Fn(&mut String, f64)) -> Vec<BoundText> {
    let end = |bound: f64| {
        let mut text = String::new();
        if bound.is_infinite() {
            text.push_str("+Inf");
        } else {
            push(&mut text, bound);
        }
        text.push_str("\"} ");
        let length = text.len();
        text.extend(iter::repeat_n(' ', BoundText::WIDTH.saturating_sub(length)));
        BoundText { text, length }
    };
    bounds.iter().copied().chain([f64::INFINITY]).map(end).collect()
}

impl BoundText {
    const WIDTH: usize = 16;

    pub(crate) fn as_str(&self) -> &str {
        self.text.get(..self.length).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn push(&self, out: &mut String) {
        match self.text.get(..Self::WIDTH) {
            Some(text) if self.length <= Self::WIDTH => {
                let end = out.len() + self.length;
                out.push_str(text);
                out.truncate(end);
            }
            _ => out.push_str(self.as_str()),
        }
    }
}

impl SeriesByKind {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Counter => Self::Counters(SeriesMap::default()),
            Kind::Gauge => Self::Gauges { map: SeriesMap::default(), in_flight: false },
            Kind::Histogram => Self::Histograms(SeriesMap::default()),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Counters(_) => Kind::Counter,
            Self::Gauges { .. } => Kind::Gauge,
            Self::Histograms(_) => Kind::Histogram,
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Counters(map) => map.len(),
            Self::Gauges { map, .. } => map.len(),
            Self::Histograms(map) => map.len(),
        }
    }
}
