//! One metric with all its series.

use crate::render::syntax::{self, Format};
use crate::storage::by_kind::ByKind;
use crate::storage::cells::{self, Bounds, CounterCells};
use crate::storage::series::{CounterSeries, GaugeSeries, HistogramSeries};
use crate::storage::series_map::SeriesMap;
use measurand_catalog::platform::PlatformMetric;
use measurand_catalog::{Catalog, Family, Kind, Label, Metric as MetricRow, Role};
use std::borrow::Cow;
use std::iter;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

/// One metric.
#[derive(Debug)]
pub(crate) struct Metric {
    pub(crate) name: Cow<'static, str>,
    pub(crate) help: &'static str,
    /// The owner: a family, [`PLATFORM`] or [`UNDESCRIBED`].
    pub(crate) family: &'static str,
    /// The labels of its series, sorted by name; `None` if no table lists them.
    pub(crate) labels: Option<Vec<Label>>,
    /// The upper bounds. `bounds_text` holds, for each format, the text of a bucket's line between its labels and its
    /// number.
    pub(crate) bounds: Bounds,
    bounds_text: [Vec<BoundText>; 2],
    /// Whether this counter shows the calls of annotated functions that a histogram of its family counts.
    pub(crate) counts_calls: bool,
    /// Whether this gauge counts calls in flight.
    pub(crate) is_in_flight: bool,
    pub(crate) series: SeriesByKind,
    /// Counts the label sets beyond the limit; see `cardinality`.
    pub(crate) overflows: OnceLock<Arc<CounterCells>>,
    pub(crate) is_full: AtomicBool,
}

/// The end of a bucket's labels, padded with spaces: a copy whose length the compiler knows takes a third of the time
/// of another copy.
#[derive(Debug)]
pub(crate) struct BoundText {
    text: String,
    length: usize,
}

/// The family of the metrics without annotations.
pub(crate) const PLATFORM: &str = "platform";
/// The family of the metrics that no table describes.
pub(crate) const UNDESCRIBED: &str = "foreign";

/// The series of one metric, by its kind.
pub(crate) type SeriesByKind = ByKind<SeriesMap<CounterSeries>, SeriesMap<GaugeSeries>, SeriesMap<HistogramSeries>>;

/// A kind of series: how to find the series of a metric, and how to create one.
pub(crate) trait SeriesKind: Sized {
    const KIND: Kind;

    /// Returns the series of the metric, if it is of this kind.
    fn of(metric: &Metric) -> Option<&SeriesMap<Self>>;

    fn new(metric: &Metric) -> Self;
}

impl SeriesKind for CounterSeries {
    const KIND: Kind = Kind::Counter;

    fn of(metric: &Metric) -> Option<&SeriesMap<Self>> {
        if let ByKind::Counter(all) = &metric.series { Some(all) } else { None }
    }

    fn new(_: &Metric) -> Self {
        Self::default()
    }
}

impl SeriesKind for GaugeSeries {
    const KIND: Kind = Kind::Gauge;

    fn of(metric: &Metric) -> Option<&SeriesMap<Self>> {
        if let ByKind::Gauge(all) = &metric.series { Some(all) } else { None }
    }

    fn new(metric: &Metric) -> Self {
        Self::new(metric.is_in_flight)
    }
}

impl SeriesKind for HistogramSeries {
    const KIND: Kind = Kind::Histogram;

    fn of(metric: &Metric) -> Option<&SeriesMap<Self>> {
        if let ByKind::Histogram(all) = &metric.series { Some(all) } else { None }
    }

    fn new(_: &Metric) -> Self {
        Self::default()
    }
}

impl Metric {
    pub(crate) fn of_family(
        family: &'static Family,
        row: &'static MetricRow,
        catalog: &Catalog,
        counts_calls: bool,
    ) -> Self {
        // A function's objective may have added a bound.
        let recorded = catalog.families.iter().flat_map(|it| &it.metrics).find(|it| it.name == row.name);
        let bounds = recorded.map_or(row.buckets, |it| &it.buckets);
        let is_in_flight = row.role == Role::InFlight;
        // Labels from the result have no value while the call is in flight.
        let known = |it: &&Label| !is_in_flight || !it.from_result;
        let mut labels: Vec<Label> =
            family.labels.iter().filter(known).copied().chain(row.role.extra_label()).collect();
        labels.sort_by_key(|it| it.name);
        let (help, labels) = (row.help, Some(labels));
        Self { help, labels, counts_calls, is_in_flight, ..Self::new(row.name, family.name, row.role.kind(), bounds) }
    }

    pub(crate) fn of_platform(row: &'static PlatformMetric) -> Self {
        let mut labels: Vec<Label> = row.labels.iter().map(|name| Label::open(name)).collect();
        labels.sort_by_key(|it| it.name);
        Self { help: row.help, labels: Some(labels), ..Self::new(row.name, PLATFORM, row.kind, row.buckets) }
    }

    /// Creates a metric that no table describes.
    pub(crate) fn undescribed(name: String, kind: Kind, bounds: &[f64]) -> Self {
        Self::new(name, UNDESCRIBED, kind, bounds)
    }

    fn new(name: impl Into<Cow<'static, str>>, family: &'static str, kind: Kind, bounds: &[f64]) -> Self {
        Self {
            name: name.into(),
            help: "",
            family,
            labels: None,
            bounds: cells::bounds(bounds),
            bounds_text: [bounds_text(bounds, syntax::push_float), bounds_text(bounds, syntax::push_canonical)],
            counts_calls: false,
            is_in_flight: false,
            series: match kind {
                Kind::Counter => ByKind::Counter(SeriesMap::default()),
                Kind::Gauge => ByKind::Gauge(SeriesMap::default()),
                Kind::Histogram => ByKind::Histogram(SeriesMap::default()),
            },
            overflows: OnceLock::new(),
            is_full: AtomicBool::new(false),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.series.kind()
    }

    /// Returns the number of its series.
    pub(crate) fn len(&self) -> usize {
        self.series.as_ref().fold(SeriesMap::len, SeriesMap::len, SeriesMap::len)
    }

    /// Returns the end of each bucket's labels, up to its number.
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
