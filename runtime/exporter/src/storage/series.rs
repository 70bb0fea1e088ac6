//! One series: a metric with one set of labels.
//!
//! Recordings of annotated functions and recordings by hand are separate where it matters: the observation of a
//! duration counts the call of an annotated function, but an observation by hand must not count as a call.

#[cfg(feature = "native-histograms")]
use crate::storage::cells::NativeSnapshot;
use crate::storage::cells::{Bounds, CounterCells, Exemplar, GaugeCells, HistogramCells, InFlightCells, Snapshot};
use metrics::GaugeFn;
use metrics::atomics::AtomicU64;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// A counter.
#[derive(Debug, Default)]
pub(crate) struct CounterSeries {
    cells: OnceLock<Arc<CounterCells>>,
    /// Whether the observations of the family's duration by annotated functions count here.
    derived: AtomicBool,
    /// The bits of a value that the exporter computes at each scrape; if set, it is the counter's only value.
    computed: OnceLock<AtomicU64>,
}

/// A gauge.
#[derive(Debug)]
pub(crate) enum GaugeSeries {
    /// Any number.
    Value(Arc<GaugeCells>),
    /// A number of calls in flight.
    InFlight(Arc<InFlightCells>),
}

/// A histogram.
#[derive(Debug, Default)]
pub(crate) struct HistogramSeries {
    site: OnceLock<Arc<HistogramCells>>,
    hand: OnceLock<Arc<HistogramCells>>,
}

/// The value of a counter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum CounterValue {
    Whole(u64),
    Computed(f64),
}

impl CounterSeries {
    /// Returns the cells for increments.
    pub(crate) fn cells(&self) -> Arc<CounterCells> {
        Arc::clone(self.cells.get_or_init(|| Arc::new(CounterCells::new())))
    }

    /// Counts the observations of annotated functions from now on.
    pub(crate) fn derive(&self) {
        self.derived.store(true, Ordering::Relaxed);
    }

    /// Sets the computed value. A smaller value than before is ignored, since counters only grow.
    pub(crate) fn compute(&self, value: f64) {
        let bits = self.computed.get_or_init(AtomicU64::default);
        // The bits of non-negative numbers sort like the numbers. One atomic step, since two scrapes may run at once.
        if value > 0.0 {
            bits.fetch_max(value.to_bits(), Ordering::Relaxed);
        }
    }

    /// Whether it shows a computed value.
    pub(crate) fn is_computed(&self) -> bool {
        self.computed.get().is_some()
    }

    /// Returns the value; `calls` is the number of observed calls of annotated functions.
    pub(crate) fn count(&self, calls: u64) -> CounterValue {
        if let Some(bits) = self.computed.get() {
            return CounterValue::Computed(f64::from_bits(bits.load(Ordering::Relaxed)));
        }
        let calls = if self.derived.load(Ordering::Relaxed) { calls } else { 0 };
        CounterValue::Whole(self.cells.get().map_or(0, |it| it.value()).wrapping_add(calls))
    }
}

impl GaugeSeries {
    /// Creates a gauge at 0.
    pub(crate) fn new(in_flight: bool) -> Self {
        if in_flight { Self::InFlight(Arc::new(InFlightCells::new())) } else { Self::Value(Arc::default()) }
    }

    pub(crate) fn handle(&self) -> metrics::Gauge {
        match self {
            Self::Value(cells) => metrics::Gauge::from_arc(Arc::clone(cells)),
            Self::InFlight(cells) => metrics::Gauge::from_arc(Arc::clone(cells)),
        }
    }

    /// Also counts the calls in flight in these cells, if it is a gauge of calls in flight.
    pub(crate) fn count_in(&self, cells: &Arc<HistogramCells>) {
        if let Self::InFlight(gauge) = self {
            gauge.count_in(cells);
        }
    }

    pub(crate) fn value(&self) -> f64 {
        match self {
            Self::Value(cells) => cells.value(),
            Self::InFlight(cells) => cells.value(),
        }
    }

    pub(crate) fn set(&self, value: f64) {
        match self {
            Self::Value(cells) => cells.set(value),
            Self::InFlight(cells) => cells.set(value),
        }
    }
}

impl HistogramSeries {
    /// Returns the cells for observations of annotated functions.
    pub(crate) fn site(&self, bounds: &Bounds) -> Arc<HistogramCells> {
        Arc::clone(self.site.get_or_init(|| Arc::new(HistogramCells::new(bounds))))
    }

    /// Returns the cells for all other observations.
    pub(crate) fn hand(&self, bounds: &Bounds) -> Arc<HistogramCells> {
        Arc::clone(self.hand.get_or_init(|| Arc::new(HistogramCells::new(bounds))))
    }

    /// Reads all observations into an empty snapshot. Returns how many of them annotated functions made.
    pub(crate) fn read(&self, snapshot: &mut Snapshot) -> u64 {
        if let Some(cells) = self.site.get() {
            cells.read(snapshot);
        }
        let calls = snapshot.count();
        if let Some(cells) = self.hand.get() {
            cells.read(snapshot);
        }
        calls
    }

    /// Adds the native buckets, if there are any, to the snapshot.
    #[cfg(feature = "native-histograms")]
    pub(crate) fn read_native(&self, snapshot: &mut NativeSnapshot) {
        for cells in [&self.site, &self.hand].into_iter().filter_map(OnceLock::get) {
            cells.read_native(snapshot);
        }
    }

    /// Returns the newest exemplar of a bucket.
    pub(crate) fn exemplar(&self, bucket: usize) -> Option<Exemplar> {
        let all = [&self.site, &self.hand].into_iter().filter_map(|it| it.get()?.exemplar(bucket));
        all.max_by_key(|it| it.time)
    }
}
