//! Cached handles with labels that are not literals: four threads, a global recorder, every value counted exactly.

use measurand::{ErrorKind, Label, measured, task, timed_query, verified};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use std::collections::BTreeMap;
use std::task::{Context, Waker};

const THREADS: u32 = 4;
const ROUNDS: u32 = 50;
const VALUES: u32 = 100;
const LIMIT: u32 = 8;

#[derive(Clone, Copy, Label)]
enum Kind {
    Feature,
    Bugfix,
}

#[derive(Debug, Clone, Copy, PartialEq, ErrorKind)]
enum StoreError {
    Busy,
    Missing,
}

/// Free text.
#[timed_query("select", table = table)]
fn query(table: &str) -> Result<(), StoreError> {
    if table.ends_with('3') { Err(StoreError::Missing) } else { Ok(()) }
}

/// Free text from the result.
#[verified(|it| it.0.as_str(), threshold = 0.5)]
fn verify(step: u32) -> Agent {
    assert_ne!(step, VALUES, "on purpose");
    Agent(format!("agent-{step}"))
}

struct Agent(String);

impl measurand::Score for Agent {
    fn score(&self) -> Option<f64> {
        Some(if self.0.ends_with('0') { 0.25 } else { 0.75 })
    }
}

/// A known set of values.
#[task(kind)]
fn work(kind: Kind, ok: bool) -> Result<(), ()> {
    if ok { Ok(()) } else { Err(()) }
}

#[measured]
fn fails(step: u32) -> Result<u32, StoreError> {
    match step % 3 {
        0 => Ok(step),
        1 => Err(StoreError::Busy),
        _ => Err(StoreError::Missing),
    }
}

#[measured]
async fn fails_later(ready: bool) -> Result<u32, StoreError> {
    if !ready {
        let mut polled = false;
        std::future::poll_fn(|_| {
            let poll = if polled { std::task::Poll::Ready(()) } else { std::task::Poll::Pending };
            polled = true;
            poll
        })
        .await;
    }
    Err(StoreError::Busy)
}

fn round() {
    for value in 0..VALUES {
        let _result = query(&format!("table-{value}"));
        let _agent = verify(value);
        let kind = if value % 4 == 0 { Kind::Feature } else { Kind::Bugfix };
        let _result = work(kind, value % 2 == 0);
        let _result = fails(value);
    }
    assert!(std::panic::catch_unwind(|| verify(VALUES)).is_err());
}

/// Every series above zero as `name{label=value,…}`; for a histogram, the number of observations.
fn values(recorder: &DebuggingRecorder) -> BTreeMap<String, u64> {
    let lines = recorder.snapshotter().snapshot().into_vec().into_iter().map(|(key, .., value)| {
        let labels: Vec<String> = key.key().labels().map(|it| format!("{}={}", it.key(), it.value())).collect();
        let value = match value {
            DebugValue::Counter(it) => it,
            DebugValue::Histogram(it) => it.len() as u64,
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers in hundredths")]
            DebugValue::Gauge(it) => (it.into_inner() * 100.0) as u64,
        };
        (format!("{}{{{}}}", key.key().name(), labels.join(",")), value)
    });
    lines.filter(|(_, value)| *value > 0).collect()
}

/// The values of the series with this name, except the series that contain one of these texts.
fn of(values: &BTreeMap<String, u64>, name: &str, without: &[&str]) -> Vec<u64> {
    let ours = values.iter().filter(|(it, _)| it.starts_with(&format!("{name}{{")));
    ours.filter(|(it, _)| without.iter().all(|other| !it.contains(other))).map(|(_, value)| *value).collect()
}

#[test]
fn four_threads() {
    let recorder: &'static DebuggingRecorder = Box::leak(Box::new(DebuggingRecorder::new()));
    metrics::set_global_recorder(recorder).expect("the first recorder");
    measurand::initialize();
    measurand::set_series_limit(LIMIT as usize);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..ROUNDS).for_each(|_| round()));
        }
    });
    std::panic::set_hook(hook);
    let values = values(recorder);
    let rounds = u64::from(THREADS * ROUNDS);
    let check = |series: &str, expected: u64| assert_eq!(values.get(series), Some(&expected), "{series}: {values:#?}");

    // A value has its own series for all of its calls, or for none.
    let exact = vec![rounds; LIMIT as usize];
    let rest = u64::from(VALUES - LIMIT) * rounds;
    assert_eq!(of(&values, "db_query_duration_seconds", &["table=_other"]), exact);
    check("db_query_duration_seconds{query_type=select,table=_other}", rest);
    check("measurand_label_overflows_total{family=database}", rest);
    let missing = of(&values, "db_query_errors_total", &[]);
    assert_eq!(missing.iter().sum::<u64>(), 10 * rounds, "{values:#?}");

    // Without a result, the outcome is the value. It does not count towards the limit.
    assert_eq!(of(&values, "truth_score", &["agent_id=_other"]), exact);
    check("truth_score{agent_id=_other}", rest);
    check("verification_failures_total{agent_id=panic}", rounds);
    check("measurand_label_overflows_total{family=verification}", rest);
    let failures = of(&values, "verification_failures_total", &["agent_id=panic"]);
    assert_eq!(failures.iter().sum::<u64>(), 10 * rounds);
    assert_eq!(of(&values, "verification_success_total", &[]).iter().sum::<u64>(), 90 * rounds);

    check("task_completed_total{task_type=feature,status=success}", 25 * rounds);
    check("task_completed_total{task_type=bugfix,status=success}", 25 * rounds);
    check("task_completed_total{task_type=bugfix,status=failure}", 50 * rounds);
    assert_eq!(of(&values, "task_completed_total", &[]).len(), 3);

    let errors = "function_errors_total{function=fails,module=labels,outcome=error";
    check("function_calls_total{function=fails,module=labels}", 100 * rounds);
    check(&format!("{errors},error_kind=busy}}"), 33 * rounds);
    check(&format!("{errors},error_kind=missing}}"), 33 * rounds);
    assert_eq!(of(&values, "function_errors_total", &[]).len(), 2);
    assert_eq!(of(&values, "measurand_label_overflows_total", &[]).len(), 2);
    assert_eq!(of(&values, "function_calls_in_flight", &[]), [0; 0]);

    a_call_that_ends_under_another_recorder(recorder);
}

/// The call counts under the recorder where it started, also by the kind of its error.
fn a_call_that_ends_under_another_recorder(global: &DebuggingRecorder) {
    let mut context = Context::from_waker(Waker::noop());
    let mut future = Box::pin(fails_later(false));
    assert!(future.as_mut().poll(&mut context).is_pending());
    let local = DebuggingRecorder::new();
    metrics::with_local_recorder(&local, || assert!(future.as_mut().poll(&mut context).is_ready()));
    assert_eq!(values(&local), BTreeMap::new());
    assert!(Box::pin(fails_later(true)).as_mut().poll(&mut context).is_ready());
    let values = values(global);
    let function = "function=fails_later,module=labels";
    let check = |series: &str, expected: u64| assert_eq!(values.get(series), Some(&expected), "{series}: {values:#?}");
    check(&format!("function_calls_total{{{function}}}"), 2);
    // The counters of kinds that the type lists exist from the start, no matter under which recorder the call ends.
    check(&format!("function_errors_total{{{function},outcome=error,error_kind=busy}}"), 2);
}
