//! Each attribute and the recording function with the same effect record the same series with the same values.

use crate::{block_on, suspend};
use measurand::{
    OperationType, PatternType, QueryType, TaskType, cache_lookup, db_connection, feedback_cycle, goap_plan, neural_op,
    pattern_active, pattern_confidence, pattern_learned, pattern_retrieval, task, task_queued, timed_query, verified,
};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use std::panic::{catch_unwind, resume_unwind};

/// Every series that is not zero, with each observed value; for durations, only their number.
fn values<T>(call: impl FnOnce() -> T) -> Vec<String> {
    let recorder = DebuggingRecorder::new();
    let _result = metrics::with_local_recorder(&recorder, call);
    let snapshot = recorder.snapshotter().snapshot().into_vec();
    let mut lines: Vec<String> = snapshot
        .into_iter()
        .filter_map(|(key, .., value)| {
            let key = key.key();
            let value = match value {
                DebugValue::Histogram(it) if key.name().ends_with("_seconds") => it.len().to_string(),
                DebugValue::Histogram(it) => format!("{it:?}"),
                DebugValue::Counter(it) => it.to_string(),
                DebugValue::Gauge(it) => it.to_string(),
            };
            (!["[]", "0"].contains(&value.as_str())).then(|| format!("{key} = {value}"))
        })
        .collect();
    lines.sort();
    lines
}

/// Checks that both record the same, and this number of series.
#[track_caller]
fn same<A, F>(series: usize, attribute: impl FnOnce() -> A, function: impl FnOnce() -> F) {
    let (attribute, function) = (values(attribute), values(function));
    assert_eq!(attribute, function);
    assert_eq!(attribute.len(), series, "{attribute:?}");
}

#[neural_op("extraction")]
fn extract(result: Result<u32, u32>) -> Result<u32, u32> {
    result
}

#[neural_op("learning")]
async fn learn(result: Result<u32, u32>) -> Result<u32, u32> {
    suspend().await;
    result
}

async fn suspended(result: Result<u32, u32>) -> Result<u32, u32> {
    suspend().await;
    result
}

#[test]
fn neural_operations() {
    for (result, series) in [(Ok(1), 2), (Err(1), 3)] {
        same(
            series,
            || extract(result),
            || {
                assert_eq!(measurand::time_neural_operation_blocking(OperationType::Extraction, || result), result);
            },
        );
        same(
            series,
            || block_on(learn(result)),
            || {
                let timed = measurand::time_neural_operation(OperationType::Learning, suspended(result));
                assert_eq!(block_on(timed), result);
            },
        );
    }
    // This operation has no duration.
    let lines = values(|| measurand::record_neural_operation(OperationType::Retrieval));
    assert_eq!(lines, ["Key(neural_operations_total, [operation_type = retrieval]) = 1"]);
}

#[test]
fn neural_operations_that_do_not_return() {
    same(
        3,
        || catch_unwind(neural_panic),
        || {
            let panics = || -> Result<(), ()> { resume_unwind(Box::new(())) };
            let operation = || measurand::time_neural_operation_blocking(OperationType::Learning, panics);
            assert!(catch_unwind(operation).is_err());
        },
    );
    let poll = |future: std::pin::Pin<&mut dyn Future<Output = Result<u32, u32>>>| {
        assert!(future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_pending());
    };
    same(
        3,
        || poll(Box::pin(learn(Ok(1))).as_mut()),
        || {
            poll(Box::pin(measurand::time_neural_operation(OperationType::Learning, suspended(Ok(1)))).as_mut());
        },
    );
}

#[neural_op("learning")]
fn neural_panic() -> Result<(), ()> {
    resume_unwind(Box::new(()))
}

#[pattern_confidence("coordination")]
fn confidence(value: f64) -> f64 {
    value
}

#[test]
fn confidences() {
    same(
        1,
        || assert!(confidence(0.87) > 0.8),
        || {
            measurand::record_pattern_confidence(PatternType::Coordination, 0.87);
        },
    );
    same(
        0,
        || assert!(confidence(f64::NAN).is_nan()),
        || {
            measurand::record_pattern_confidence("coordination", f64::NAN);
        },
    );
}

#[pattern_retrieval]
fn retrieve(ok: bool) -> Result<(), ()> {
    if ok { Ok(()) } else { Err(()) }
}

#[pattern_retrieval]
async fn retrieve_later() {
    suspend().await;
}

#[pattern_learned]
fn pattern() -> Option<u32> {
    Some(1)
}

#[feedback_cycle]
fn cycle() {}

#[test]
fn retrievals_patterns_and_cycles() {
    for ok in [true, false] {
        same(
            1,
            || assert_eq!(retrieve(ok).is_ok(), ok),
            || {
                measurand::record_pattern_retrieval_blocking(|| ok);
            },
        );
    }
    same(1, || block_on(retrieve_later()), || block_on(measurand::record_pattern_retrieval(suspend())));
    same(1, || assert_eq!(pattern(), Some(1)), measurand::record_pattern_learned);
    same(1, cycle, measurand::record_feedback_cycle);
}

#[verified("coder", threshold = 0.9, rollback = suspend().await)]
async fn verify(score: f64) -> f64 {
    suspend().await;
    score
}

#[test]
fn verifications() {
    same(3, || assert!(block_on(verify(0.97)) > 0.9), || measurand::record_verification("coder", 0.97, true));
    same(
        4,
        || assert!(block_on(verify(0.5)) < 0.9),
        || {
            measurand::record_verification("coder", 0.5, false);
            measurand::record_auto_rollback("coder");
        },
    );
    same(
        2,
        || assert!(block_on(verify(f64::NAN)).is_nan()),
        || {
            measurand::record_verification("coder", f64::NAN, false);
            measurand::record_auto_rollback("coder");
        },
    );
}

#[timed_query("update", table = "patterns")]
fn update(result: Result<u32, u32>) -> Result<u32, u32> {
    result
}

#[timed_query("update", table = "patterns")]
async fn update_later(result: Result<u32, u32>) -> Result<u32, u32> {
    suspended(result).await
}

#[db_connection]
fn connect(ok: bool) -> Result<(), ()> {
    if ok { Ok(()) } else { Err(()) }
}

#[test]
fn queries_and_connections() {
    for (result, series) in [(Ok(1), 1), (Err(1), 2)] {
        same(
            series,
            || update(result),
            || {
                assert_eq!(measurand::record_db_query_blocking(QueryType::Update, "patterns", || result), result);
            },
        );
        same(
            series,
            || block_on(update_later(result)),
            || {
                let query = measurand::record_db_query("update", "patterns", suspended(result));
                assert_eq!(block_on(query), result);
            },
        );
    }
    assert_eq!(values(|| assert!(connect(true).is_ok())), ["Key(database_connections_total) = 1"]);
    same(2, || assert!(connect(false).is_err()), measurand::record_database_connection_error);
}

#[cache_lookup(cache = cache)]
fn look_up(cache: &str, found: bool) -> Option<u32> {
    found.then_some(1)
}

#[test]
fn lookups() {
    let all = |cache: &'static str, hit: fn(&str), miss: fn(&str)| {
        values(|| {
            for look_up in [hit, hit, miss, hit] {
                look_up(cache);
            }
        })
    };
    let attribute = all("a", |it| assert!(look_up(it, true).is_some()), |it| assert!(look_up(it, false).is_none()));
    let function = all("b", |it| measurand::record_cache_hit(it), |it| measurand::record_cache_miss(it));
    assert_eq!(attribute, function.iter().map(|it| it.replace("cache = b", "cache = a")).collect::<Vec<_>>());
    let expected = ["cache_hit_rate, [cache = a]) = 0.75", "cache_hits_total, [cache = a]) = 3"];
    assert_eq!(attribute[..2], expected.map(|it| format!("Key({it}")));
}

#[goap_plan("goal")]
fn plan() -> Result<(), ()> {
    Err(())
}

#[goap_plan("goal")]
async fn plan_later() {
    suspend().await;
}

#[task("bugfix")]
fn work(ok: bool) -> Result<(), ()> {
    if ok { Ok(()) } else { Err(()) }
}

#[test]
fn plans_and_tasks() {
    same(1, || assert!(plan().is_err()), || measurand::record_goap_planning_blocking("goal", || ()));
    same(1, || block_on(plan_later()), || block_on(measurand::record_goap_planning("goal", suspend())));
    for ok in [true, false] {
        same(1, || assert_eq!(work(ok).is_ok(), ok), || measurand::record_task_completed(TaskType::Bugfix, ok));
    }
}

macro_rules! levels {
    ($($attribute:ident $set:ident)*) => {$(
        mod $attribute {
            #[measurand::$attribute]
            pub(super) fn level(value: Option<f64>) -> Option<f64> {
                value
            }
        }

        #[test]
        fn $set() {
            use measurand::$set;
            same(1, || $attribute::level(Some(0.25)), || $set(0.25));
            same(1, || ($attribute::level(Some(3.0)), $attribute::level(None)), || {
                $set(3_u64);
                $set(None::<f64>);
                $set(Err::<i8, _>("unknown"));
            });
        }
    )*};
}

levels! {
    pattern_memory set_pattern_memory
    memory_compression set_memory_compression
    patterns_active set_patterns_active
    patterns_unused set_patterns_unused
    pattern_reuse set_pattern_reuse
    coordination set_coordination_efficiency
    task_queue set_task_queue_length
}

#[test]
fn guards() {
    let held = values(|| std::mem::forget((task_queued(), task_queued(), pattern_active())));
    assert_eq!(held, ["Key(background_task_queue_length) = 2", "Key(patterns_active) = 1"]);
    let dropped = values(|| {
        let _two = (task_queued(), pattern_active());
        let unwound = catch_unwind(|| {
            let _one = task_queued();
            resume_unwind(Box::new(()));
        });
        assert!(unwound.is_err());
        std::mem::forget(pattern_active());
    });
    assert_eq!(dropped, ["Key(patterns_active) = 1"]);
}
