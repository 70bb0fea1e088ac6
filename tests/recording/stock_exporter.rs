//! Annotated functions work with `metrics-exporter-prometheus` instead of our exporter.

use measurand::{measured, neural_op};
use measurand_tests::Scrape;
use metrics_exporter_prometheus::PrometheusBuilder;

#[neural_op("extraction")]
fn extract(ok: bool) -> Result<(), ()> {
    if ok { Ok(()) } else { Err(()) }
}

#[measured("renamed")]
fn never() {}

#[test]
fn plain_prometheus_builder() {
    // A call before the recorder is installed is not recorded.
    let _lost = extract(true);
    let handle = PrometheusBuilder::new().set_buckets(&[0.1, 1.0]).unwrap().install_recorder().unwrap();
    // Counted without `initialize`.
    let _result = extract(true);
    measurand::initialize();
    // Counted after `initialize`, in the same series.
    let _result = extract(false);
    let _ = never;

    let text = handle.render();
    let scrape = Scrape::parse(&text);
    let check =
        |series: &str, expected: f64| assert!((scrape.value(series) - expected).abs() < 0.5, "{series} in\n{text}");
    check(r#"neural_operations_total{operation_type="extraction"}"#, 2.0);
    check(r#"neural_operation_errors_total{operation_type="extraction",outcome="error"}"#, 1.0);
    check(r#"neural_operation_duration_seconds_bucket{operation_type="extraction",le="+Inf"}"#, 2.0);
    check(r#"function_calls_total{function="renamed",module="stock_exporter"}"#, 0.0);
    assert!(text.contains("# HELP neural_operations_total Neural operations"), "{text}");
}
