//! Behind the `metrics` facade: ours, and the stock exporter.

use super::{BOUNDS, COUNTER, HISTOGRAM, Kind, Render, VALUE, names};
use measurand::tables::families;
use measurand_exporter::{Program, Recorder};
use metrics::{Label, counter, histogram, with_local_recorder};
use metrics_exporter_prometheus::PrometheusBuilder;

/// In families of the table, where annotated functions would record.
pub(super) fn ours(kind: Kind, series: usize) -> Render {
    let (families, catalog) = (families::ALL.to_vec(), measurand::catalog());
    let recorder = Recorder::new(&Program { families, catalog, binary: None, initialize: || () });
    with_local_recorder(&recorder, || record(kind, series));
    Box::new(move |text| text(recorder.render().as_bytes()))
}

pub(super) fn stock(kind: Kind, series: usize) -> Render {
    let recorder = PrometheusBuilder::new().set_buckets(&BOUNDS).expect("there are bounds").build_recorder();
    with_local_recorder(&recorder, || record(kind, series));
    let handle = recorder.handle();
    Box::new(move |text| text(handle.render().as_bytes()))
}

fn record(kind: Kind, series: usize) {
    for name in names(series) {
        match kind {
            Kind::Counters => counter!(COUNTER.0, vec![Label::new(COUNTER.1, name)]).increment(1),
            Kind::Histograms => histogram!(HISTOGRAM.0, vec![Label::new(HISTOGRAM.1, name)]).record(VALUE),
        }
    }
}
