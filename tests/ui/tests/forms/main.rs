//! Every form of function under the attributes: it compiles, returns the same value, and is counted exactly.

mod argument;
mod asynchronous;
mod blocks;
mod bounds;
mod boxed;
mod boxed_blocks;
mod context;
mod declared;
mod ending;
mod kinds;
mod labels;
mod large;
mod late;
mod modules;
mod names;
mod outcome;
mod outgoing;
mod place;
mod recording;
mod streams;
mod sync;
mod values;

use metrics_util::CompositeKey;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs `call` under a recorder of its own. Returns every series that is not zero as `name{label=value,…} value`,
/// without the label `module`; the value of a histogram is its number of observations.
fn record(call: impl FnOnce()) -> Vec<String> {
    let recorder = DebuggingRecorder::new();
    metrics::with_local_recorder(&recorder, call);
    let mut lines: Vec<String> = recorder.snapshotter().snapshot().into_vec().into_iter().filter_map(line).collect();
    lines.sort();
    lines
}

fn line(
    (key, _, _, value): (CompositeKey, Option<metrics::Unit>, Option<metrics::SharedString>, DebugValue),
) -> Option<String> {
    let labels = key.key().labels().filter(|it| it.key() != "module");
    let labels: Vec<String> = labels.map(|it| format!("{}={}", it.key(), it.value())).collect();
    let value = match value {
        DebugValue::Counter(it) => it.to_string(),
        DebugValue::Gauge(it) => it.to_string(),
        DebugValue::Histogram(it) => it.len().to_string(),
    };
    (value != "0").then(|| format!("{}{{{}}} {value}", key.key().name(), labels.join(",")))
}

/// The series of a `#[measured]` function after `count` calls. `outcome` is the outcome of all calls that failed, and
/// their number.
fn series(function: &str, count: usize, outcome: Option<(&str, usize)>) -> Vec<String> {
    let mut lines = vec![
        format!("function_calls_total{{function={function}}} {count}"),
        format!("function_duration_seconds{{function={function}}} {count}"),
    ];
    if let Some((outcome, errors)) = outcome {
        lines.push(format!("function_errors_total{{function={function},outcome={outcome}}} {errors}"));
    }
    lines
}

/// Checks one successful call of `function`.
#[track_caller]
fn check_ok(function: &str, call: impl FnOnce()) {
    assert_eq!(record(call), series(function, 1, None));
}

/// Checks one call of `function` with this outcome.
#[track_caller]
fn check_not_ok(function: &str, outcome: &str, call: impl FnOnce()) {
    assert_eq!(record(call), series(function, 1, Some((outcome, 1))));
}

/// The observations of the only histogram, in seconds.
fn durations(call: impl FnOnce()) -> Vec<f64> {
    let recorder = DebuggingRecorder::new();
    metrics::with_local_recorder(&recorder, call);
    let values = recorder.snapshotter().snapshot().into_vec().into_iter().filter_map(|(.., value)| match value {
        DebugValue::Histogram(it) => Some(it.into_iter().map(Into::into)),
        _ => None,
    });
    values.flatten().collect()
}

/// Polls the future on this thread until it is ready, because the recorder is local to the thread.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::yield_now();
    }
}

/// Is pending at the first poll, so the caller is suspended once.
async fn suspend() {
    let mut ready = false;
    std::future::poll_fn(|_| {
        let poll = if ready { Poll::Ready(()) } else { Poll::Pending };
        ready = true;
        poll
    })
    .await;
}
