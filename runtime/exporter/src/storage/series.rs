//! One series: a metric with one set of labels.
//!
//! What annotated functions record and what is recorded by hand are kept apart where it matters: a call of an annotated
//! function is counted by the observation of its duration, and an observation by hand must not count as a call.

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
    /// The bits of a value that the exporter finds out at each scrape; it counts alone.
    computed: OnceLock<AtomicU64>,
}

/// A gauge.
#[derive(Debug)]
pub(crate) enum GaugeSeries {
    /// Any number.
    Value(Arc<GaugeCells>),
    /// A number of things.
    InFlight(Arc<InFlightCells>),
}

/// A histogram.
#[derive(Debug, Default)]
pub(crate) struct HistogramSeries {
    site: OnceLock<Arc<HistogramCells>>,
    hand: OnceLock<Arc<HistogramCells>>,
}

/// What a counter shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum CounterValue {
    Whole(u64),
    Computed(f64),
}

impl CounterSeries {
    /// The cells that increments go to.
    pub(crate) fn cells(&self) -> Arc<CounterCells> {
        Arc::clone(self.cells.get_or_init(|| Arc::new(CounterCells::new())))
    }

    /// Counts the observations of annotated functions from now on.
    pub(crate) fn derive(&self) {
        self.derived.store(true, Ordering::Relaxed);
    }

    /// Shows this value from now on; a smaller one than before is ignored, since counters only grow.
    pub(crate) fn compute(&self, value: f64) {
        let bits = self.computed.get_or_init(AtomicU64::default);
        // The bits of numbers that are not negative are in their order. In one step, since two scrapes may do this at once.
        if value > 0.0 {
            bits.fetch_max(value.to_bits(), Ordering::Relaxed);
        }
    }

    /// Whether it shows a value that the exporter finds out.
    pub(crate) fn is_computed(&self) -> bool {
        self.computed.get().is_some()
    }

    /// The value; `calls` is how many calls of annotated functions were observed.
    pub(crate) fn count(&self, calls: u64) -> CounterValue {
        if let Some(bits) = self.computed.get() {
            return CounterValue::Computed(f64::from_bits(bits.load(Ordering::Relaxed)));
        }
        let calls = if self.derived.load(Ordering::Relaxed) { calls } else { 0 };
        CounterValue::Whole(self.cells.get().map_or(0, |it| it.value()).wrapping_add(calls))
    }
}

impl GaugeSeries {
    /// A gauge at 0.
    pub(crate) fn new(in_flight: bool) -> Self {
        if in_flight { Self::InFlight(Arc::new(InFlightCells::new())) } else { Self::Value(Arc::default()) }
    }

    pub(crate) fn handle(&self) -> metrics::Gauge {
        match self {
            Self::Value(cells) => metrics::Gauge::from_arc(Arc::clone(cells)),
            Self::InFlight(cells) => metrics::Gauge::from_arc(Arc::clone(cells)),
        }
    }

    /// Counts the calls that are in flight in these cells as well, if it is a number of things.
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
    /// The cells that an annotated function's observations go to.
    pub(crate) fn site(&self, bounds: &Bounds) -> Arc<HistogramCells> {
        Arc::clone(self.site.get_or_init(|| Arc::new(HistogramCells::new(bounds))))
    }

    /// The cells that all other observations go to.
    pub(crate) fn hand(&self, bounds: &Bounds) -> Arc<HistogramCells> {
        Arc::clone(self.hand.get_or_init(|| Arc::new(HistogramCells::new(bounds))))
    }

    /// Reads all observations into an empty snapshot; returns how many of them annotated functions made.
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

    /// Adds what native buckets there are to the snapshot.
    #[cfg(feature = "native-histograms")]
    pub(crate) fn read_native(&self, snapshot: &mut NativeSnapshot) {
        for cells in [&self.site, &self.hand].into_iter().filter_map(OnceLock::get) {
            cells.read_native(snapshot);
        }
    }

    /// The newest example of a bucket.
    pub(crate) fn exemplar(&self, bucket: usize) -> Option<Exemplar> {
        let all = [&self.site, &self.hand].into_iter().filter_map(|it| it.get()?.exemplar(bucket));
        all.max_by_key(|it| it.time)
    }
}
