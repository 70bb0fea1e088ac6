//! The histories of the series of one metric.

use super::delta_log::DeltaLog;
use crate::render::syntax::Format;
use crate::storage::by_kind::ByKind;
use crate::storage::metric::Metric;
use crate::storage::series::{CounterSeries, GaugeSeries, HistogramSeries};
use crate::storage::series_map::{Entry, SortedSeries};
use measurand_monitoring::query::evaluate::Labels;
use std::sync::{Arc, OnceLock};

/// The history of one metric.
#[derive(Debug)]
pub(crate) struct MetricHistory {
    pub(crate) series: HistoriesByKind,
    /// The upper bounds of a histogram's buckets as label values, including `+Inf`.
    pub(crate) bounds: Vec<String>,
}

type HistoriesByKind =
    ByKind<SeriesHistories<CounterSeries>, SeriesHistories<GaugeSeries>, SeriesHistories<HistogramSeries>>;

/// The histories of one metric's series, ordered by labels.
#[derive(Debug)]
pub(crate) struct SeriesHistories<S> {
    /// All series of the metric at the last sample.
    pub(super) known: SortedSeries<S>,
    pub(crate) kept: Vec<SeriesHistory<S>>,
}

/// The history of one series.
#[derive(Debug)]
pub(crate) struct SeriesHistory<S> {
    pub(crate) entry: Arc<Entry<S>>,
    pub(crate) log: Option<DeltaLog>,
    /// Its labels, computed by the first reader.
    pub(crate) labels: OnceLock<Arc<Labels>>,
}

impl MetricHistory {
    pub(super) fn of(metric: &Metric) -> Self {
        let series = metric.series.as_ref().map(
            |_| SeriesHistories::default(),
            |_| SeriesHistories::default(),
            |_| SeriesHistories::default(),
        );
        // The same bounds as in a scrape.
        let bounds =
            metric.bounds_text(Format::Prometheus).iter().map(|it| it.as_str().trim_end_matches("\"} ").to_owned());
        Self { series, bounds: bounds.collect() }
    }

    /// Returns the heap memory, in bytes.
    pub(super) fn size(&self) -> usize {
        self.series.as_ref().fold(SeriesHistories::size, SeriesHistories::size, SeriesHistories::size)
    }

    /// Drops everything before this tick.
    pub(super) fn trim(&mut self, tick: u32) {
        self.series.as_mut().fold(|it| it.trim(tick), |it| it.trim(tick), |it| it.trim(tick));
    }
}

impl<S> SeriesHistories<S> {
    fn size(&self) -> usize {
        self.kept.iter().filter_map(|it| it.log.as_ref()).map(DeltaLog::size).sum()
    }

    fn trim(&mut self, tick: u32) {
        self.kept.iter_mut().filter_map(|it| it.log.as_mut()).for_each(|it| it.trim(tick));
    }
}

impl<S> Default for SeriesHistories<S> {
    fn default() -> Self {
        Self { known: SortedSeries::default(), kept: Vec::new() }
    }
}
