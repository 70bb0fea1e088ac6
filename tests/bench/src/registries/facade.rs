//! Exporters of the `metrics` facade: ours and the stock exporter.

use super::{BOUNDS, COUNTER, HISTOGRAM, Kind, Render, VALUE, keeps_text, names};
use measurand::tables::{SITE_TARGET, families};
use measurand_exporter::{Program, Recorder};
use metrics::{Key, Label, Level, Metadata};
use metrics_exporter_prometheus::PrometheusBuilder;
use std::cell::RefCell;

pub(super) fn ours(kind: Kind, series: usize) -> Render {
    let (families, catalog) = (families::ALL.to_vec(), measurand::catalog());
    let recorder = Recorder::new(&Program { families, catalog, binary: None, initialize: || (), limit_series: |_| () });
    record(&recorder, kind, series);
    // Renders like the endpoint, but into one reused buffer instead of in pieces.
    let buffer = RefCell::new(String::new());
    Box::new(move |text| {
        let mut buffer = buffer.borrow_mut();
        buffer.clear();
        recorder.render_into(&mut buffer);
        text(buffer.as_bytes());
        if !keeps_text() {
            *buffer = String::new();
        }
    })
}

pub(super) fn stock(kind: Kind, series: usize) -> Render {
    let recorder = PrometheusBuilder::new().set_buckets(&BOUNDS).expect("valid bounds").build_recorder();
    record(&recorder, kind, series);
    let handle = recorder.handle();
    Box::new(move |text| text(handle.render().as_bytes()))
}

/// Records like annotated functions do, because our recorder limits the number of hand-recorded series.
fn record(recorder: &impl metrics::Recorder, kind: Kind, series: usize) {
    let metadata = Metadata::new(SITE_TARGET, Level::INFO, None);
    for name in names(series) {
        let key = |it: (&'static str, &'static str)| Key::from_parts(it.0, vec![Label::new(it.1, name)]);
        match kind {
            Kind::Counters => recorder.register_counter(&key(COUNTER), &metadata).increment(1),
            Kind::Histograms => recorder.register_histogram(&key(HISTOGRAM), &metadata).record(VALUE),
        }
    }
}
