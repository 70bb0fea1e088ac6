//! Annotated functions under every recorder: none, a thread-local one, two in sequence at the same stack address, and a
//! global one that is installed later.

use measurand::{goap_plan, measured, neural_op, timed_query, verified};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use std::collections::BTreeMap;

#[neural_op("retrieval")]
fn retrieve(ok: bool) -> Result<u32, String> {
    if ok { Ok(1) } else { Err("no".to_owned()) }
}

#[measured]
fn plain(x: u32) -> u32 {
    x + 1
}

#[timed_query("select", table = "patterns")]
async fn query(wait: bool) -> Result<(), ()> {
    if wait {
        std::future::pending::<()>().await;
    }
    Ok(())
}

#[verified("coder", threshold = 0.5, rollback = undone.push(score))]
fn verify(score: f64, undone: &mut Vec<f64>) -> f64 {
    score
}

#[goap_plan("fix")]
fn plan() {
    panic!("no plan");
}

/// Every series as `name{label=value,…} = value`; for a histogram, the number of observations.
fn values(recorder: &DebuggingRecorder) -> BTreeMap<String, f64> {
    let snapshot = recorder.snapshotter().snapshot().into_vec();
    let line = |(key, _, _, value): (metrics_util::CompositeKey, _, _, DebugValue)| {
        let labels: Vec<String> = key.key().labels().map(|it| format!("{}={}", it.key(), it.value())).collect();
        let value = match value {
            #[expect(clippy::cast_precision_loss, reason = "small counts")]
            DebugValue::Counter(it) => it as f64,
            DebugValue::Gauge(it) => it.into_inner(),
            #[expect(clippy::cast_precision_loss, reason = "small counts")]
            DebugValue::Histogram(it) => it.len() as f64,
        };
        (format!("{}{{{}}}", key.key().name(), labels.join(",")), value)
    };
    snapshot.into_iter().map(line).collect()
}

#[track_caller]
fn check(recorder: &DebuggingRecorder, expected: &[(&str, f64)]) {
    let values = values(recorder);
    for (series, value) in expected {
        assert_eq!(values.get(*series), Some(value), "{series} in {values:#?}");
    }
}

fn poll_once<F: Future>(future: F) {
    let mut future = Box::pin(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _pending = future.as_mut().poll(&mut context);
}

#[test]
fn one_process() {
    // Without a recorder, nothing is recorded and nothing breaks.
    assert_eq!(retrieve(true), Ok(1));
    measurand::initialize();
    assert_eq!(plain(1), 2);

    // Two thread-local recorders, which may have the same address.
    for round in 1..=2 {
        let local = DebuggingRecorder::new();
        metrics::with_local_recorder(&local, || {
            for _ in 0..round {
                let _result = retrieve(false);
            }
        });
        check(
            &local,
            &[
                ("neural_operations_total{operation_type=retrieval}", f64::from(round)),
                ("neural_operation_errors_total{operation_type=retrieval,outcome=error}", f64::from(round)),
                ("neural_operation_duration_seconds{operation_type=retrieval}", f64::from(round)),
            ],
        );
    }

    // The global recorder is installed later. It counts from then on, with or without cached handles.
    let snapshotter = DebuggingRecorder::new();
    let global: &'static DebuggingRecorder = Box::leak(Box::new(snapshotter));
    metrics::set_global_recorder(global).expect("the first recorder");
    let _result = retrieve(true);
    check(global, &[("neural_operations_total{operation_type=retrieval}", 1.0)]);

    measurand::initialize();
    // This function is never called, and its counter is zero.
    check(global, &[("db_query_errors_total{query_type=select,table=patterns,outcome=cancelled}", 0.0)]);
    check(
        global,
        &[("measurand_panics_total{family=planning}", 0.0), ("verification_success_total{agent_id=coder}", 0.0)],
    );
    // An alert could not tell an initial zero from a measured one.
    assert!(!values(global).contains_key("agent_truth_score{agent_id=coder}"), "it has no value yet");
    let _result = retrieve(true);
    let _caught = std::panic::catch_unwind(panics);
    let _caught = std::panic::catch_unwind(plan);
    poll_once(query(false));
    poll_once(query(true));
    drop(query(true));
    let mut undone = Vec::new();
    verify(0.9, &mut undone);
    verify(0.2, &mut undone);
    assert_eq!(undone, [0.2]);
    let module = "module=recorders";
    check(
        global,
        &[
            ("neural_operations_total{operation_type=retrieval}", 1.0),
            (&format!("function_calls_total{{function=panics,{module}}}"), 1.0),
            (&format!("function_errors_total{{function=panics,{module},outcome=panic}}"), 1.0),
            (&format!("function_calls_in_flight{{function=panics,{module}}}"), 0.0),
            ("db_query_duration_seconds{query_type=select,table=patterns}", 2.0),
            ("db_query_errors_total{query_type=select,table=patterns,outcome=cancelled}", 1.0),
            ("measurand_panics_total{family=planning}", 1.0),
            ("verification_success_total{agent_id=coder}", 1.0),
            ("verification_failures_total{agent_id=coder}", 1.0),
            ("auto_rollback_total{agent_id=coder}", 1.0),
            ("truth_score{agent_id=coder}", 2.0),
            ("agent_truth_score{agent_id=coder}", 0.2),
        ],
    );

    // A local recorder takes precedence over the global one, which then records nothing.
    let local = DebuggingRecorder::new();
    metrics::with_local_recorder(&local, || plain(1));
    check(&local, &[(&format!("function_calls_total{{function=plain,{module}}}"), 1.0)]);
    check(global, &[(&format!("function_calls_total{{function=plain,{module}}}"), 0.0)]);
}

#[measured]
fn panics() {
    panic!("on purpose");
}
