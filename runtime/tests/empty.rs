//! Empty texts: Prometheus treats a label with an empty value as a missing label.

use measurand::{ErrorKind, measured, timed_query};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use std::collections::BTreeMap;

/// An error with a kind for some of its values only.
struct Failed(&'static str);

impl ErrorKind for Failed {
    fn kind(&self) -> &'static str {
        self.0
    }
}

#[measured]
fn fails(kind: &'static str) -> Result<(), Failed> {
    Err(Failed(kind))
}

#[timed_query("select", table = table)]
fn queries(table: &str) {
    let _ = table;
}

/// The counters as Prometheus stores them, and the numbers of observations of histograms. Each series occurs once.
fn counted(recorder: &DebuggingRecorder) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for (key, .., value) in recorder.snapshotter().snapshot().into_vec() {
        let key = key.key();
        assert!(key.labels().all(|it| !it.value().is_empty()), "{key:?}");
        let labels: Vec<String> = key.labels().map(|it| format!("{}={}", it.key(), it.value())).collect();
        let value = match value {
            DebugValue::Counter(it) => it,
            DebugValue::Histogram(it) if key.name().starts_with("db_") => it.len() as u64,
            _ => 0,
        };
        let series = format!("{}{{{}}}", key.name(), labels.join(","));
        if value > 0 {
            assert!(all.insert(series.clone(), value).is_none(), "twice: {series}");
        }
    }
    all
}

#[test]
fn an_empty_text_is_no_label() {
    let recorder = DebuggingRecorder::new();
    metrics::with_local_recorder(&recorder, || {
        for kind in ["", "timeout", ""] {
            assert!(fails(kind).is_err());
        }
        for table in ["", "patterns", ""] {
            queries(table);
        }
    });
    let counted = counted(&recorder);
    let expected = [
        ("db_query_duration_seconds{query_type=select}", 2),
        ("db_query_duration_seconds{query_type=select,table=patterns}", 1),
        ("function_calls_total{function=fails,module=empty}", 3),
        ("function_errors_total{function=fails,module=empty,outcome=error}", 2),
        ("function_errors_total{function=fails,module=empty,outcome=error,error_kind=timeout}", 1),
    ];
    assert_eq!(counted, expected.map(|(series, value)| (series.to_owned(), value)).into());
}
