//! The recorder: it maps the `metrics` facade to the metric tables.

use crate::program::{Program, Service};
use crate::recorder_state::RecorderState;
use crate::render::syntax::Format;
use crate::render::{PIECE, Rendering};
use crate::storage::metric_store::SeriesOrigin;
use crate::storage::series::{CounterSeries, GaugeSeries, HistogramSeries};
use measurand_catalog::SITE_TARGET;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A recorder of the `metrics` facade that renders its metrics as Prometheus text.
///
/// A clone is another handle to the same recorder. [`crate::Builder`] installs one as the global recorder. Tests can
/// use one with [`metrics::with_local_recorder`].
#[derive(Debug, Clone)]
pub struct Recorder(Arc<RecorderState>);

impl Recorder {
    /// Creates a recorder for the program's families, without installing it. It does not call [`Program::initialize`],
    /// which is for the global recorder.
    #[must_use]
    pub fn new(program: &Program) -> Self {
        let recorder = Self(Arc::new(RecorderState::new(program)));
        recorder.describe_program(program, Service::of(program, None, None));
        recorder
    }

    /// Sets the maximum number of series of each metric that is recorded by hand; see [`crate::Builder::series_limit`].
    pub fn set_series_limit(&self, limit: usize) {
        self.0.store.series_limit.store(limit, Ordering::Relaxed);
    }

    /// Returns all metrics as Prometheus text, with one `# HELP` and `# TYPE` line each.
    #[must_use]
    pub fn render(&self) -> String {
        self.whole(Format::Prometheus)
    }

    /// Returns all metrics as OpenMetrics text.
    #[must_use]
    pub fn render_openmetrics(&self) -> String {
        self.whole(Format::OpenMetrics)
    }

    /// Writes all metrics as Prometheus text, in pieces, so that it needs little memory for any number of metrics.
    ///
    /// # Errors
    /// If the writer fails.
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

    /// Appends all metrics as Prometheus text, for a buffer that is reused.
    pub fn render_into(&self, out: &mut String) {
        Rendering::new(&self.0, Format::Prometheus).push(out, usize::MAX);
    }

    fn whole(&self, format: Format) -> String {
        let mut out = String::new();
        Rendering::new(&self.0, format).push(&mut out, usize::MAX);
        out
    }

    /// Sets the metrics that stay constant while the program runs.
    pub(crate) fn describe_program(&self, program: &Program, service: Service) {
        self.0.platform.describe_program(&self.0.store, program, service);
    }

    pub(crate) fn state(&self) -> &Arc<RecorderState> {
        &self.0
    }
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, key: KeyName, _unit: Option<Unit>, help: SharedString) {
        self.0.store.describe(key.as_str(), &help);
    }

    fn describe_gauge(&self, key: KeyName, _unit: Option<Unit>, help: SharedString) {
        self.0.store.describe(key.as_str(), &help);
    }

    fn describe_histogram(&self, key: KeyName, _unit: Option<Unit>, help: SharedString) {
        self.0.store.describe(key.as_str(), &help);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        let handle = self.0.store.register::<CounterSeries, _>(key, origin(metadata), |metric, entry| {
            if metric.counts_calls && is_site(metadata) {
                // The same call observes its duration, so the count is derived from the histogram, exactly and at no
                // cost.
                entry.series.derive();
                return Counter::noop();
            }
            Counter::from_arc(entry.series.cells())
        });
        handle.unwrap_or_else(Counter::noop)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        let handle = self.0.store.register::<GaugeSeries, _>(key, origin(metadata), |_, entry| entry.series.handle());
        handle.unwrap_or_else(Gauge::noop)
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        let cells = if is_site(metadata) { HistogramSeries::site } else { HistogramSeries::hand };
        let handle = self
            .0
            .store
            .register(key, origin(metadata), |metric, entry| Histogram::from_arc(cells(&entry.series, &metric.bounds)));
        handle.unwrap_or_else(Histogram::noop)
    }
}

/// Whether an annotated function registers the metric.
fn is_site(metadata: &Metadata<'_>) -> bool {
    metadata.target() == SITE_TARGET
}

fn origin(metadata: &Metadata<'_>) -> SeriesOrigin {
    if is_site(metadata) { SeriesOrigin::Bounded } else { SeriesOrigin::Hand }
}
