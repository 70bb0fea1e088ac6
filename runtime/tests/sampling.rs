//! `time = 1 in 16` under kept handles: every call counts, and the sampled durations are distributed as all of them are.

use measurand::measured;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use std::time::{Duration, Instant};

const ONE_IN: u32 = 16;
const CALLS: u32 = 24_000;
const SLOW: Duration = Duration::from_micros(200);

/// One of four calls is slow, at a beat that a sampler of each sixteenth call would hear as always slow or never.
#[measured(time = 1 in 16)]
fn bimodal(step: u32) -> Result<u32, u32> {
    if step % ONE_IN < 4 {
        let start = Instant::now();
        while start.elapsed() < SLOW {
            std::hint::spin_loop();
        }
    }
    if step.is_multiple_of(10) { Err(step) } else { Ok(step) }
}

/// Its first call is the only one, and is timed.
#[measured(time = 1 in 1000000)]
fn once() {
    std::thread::sleep(Duration::from_millis(2));
}

#[measured(time = 1 in 4)]
async fn later() {}

/// The counters and the histogram of a function.
fn of(function: &str, all: &[(metrics::Key, DebugValue)]) -> (u64, u64, Vec<f64>) {
    let ours = || all.iter().filter(|(key, _)| key.labels().any(|it| it.value() == function));
    let count = |name: &str| {
        let counters = ours().filter(|(key, _)| key.name() == name).map(|(_, value)| match value {
            DebugValue::Counter(it) => *it,
            other => panic!("{name} is {other:?}"),
        });
        counters.sum()
    };
    let durations = ours().filter_map(|(_, value)| match value {
        DebugValue::Histogram(it) => Some(it.iter().map(|it| it.into_inner())),
        _ => None,
    });
    (count("function_calls_total"), count("function_errors_total"), durations.flatten().collect())
}

#[test]
fn shares() {
    let recorder: &'static DebuggingRecorder = Box::leak(Box::new(DebuggingRecorder::new()));
    metrics::set_global_recorder(recorder).expect("the first recorder");
    measurand::initialize();

    once();
    for step in 0..CALLS {
        assert_eq!(bimodal(step).is_ok(), step % 10 != 0);
    }
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for _ in 0..100 {
        assert!(Box::pin(later()).as_mut().poll(&mut context).is_ready());
    }

    let snapshot = recorder.snapshotter().snapshot().into_vec();
    let all: Vec<_> = snapshot.into_iter().map(|(key, .., value)| (key.key().clone(), value)).collect();
    let (calls, errors, durations) = of("bimodal", &all);
    assert_eq!((calls, errors, durations.len()), (u64::from(CALLS), u64::from(CALLS / 10), CALLS as usize));
    // What stands for the calls that are not timed is a duration that was measured.
    let mut distinct: Vec<u64> = durations.iter().map(|it| it.to_bits()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let timed = CALLS / ONE_IN;
    assert!(distinct.len() < timed as usize * 3 / 2, "{} durations of {CALLS} calls were measured", distinct.len());

    let slow = durations.iter().filter(|it| **it >= SLOW.as_secs_f64()).count();
    let share = f64::from(u32::try_from(slow).expect("fewer than the calls")) / f64::from(CALLS);
    // Six times the standard error that the documentation of `#[measured]` states: once in a thousand million runs.
    let expected = 0.25_f64;
    let sigma = (2.0 * expected * (1.0 - expected) / f64::from(timed)).sqrt();
    assert!((share - expected).abs() < 6.0 * sigma, "{share} is not {expected} ± {sigma}");

    let (calls, errors, durations) = of("once", &all);
    assert_eq!((calls, errors, durations.len()), (1, 0, 1));
    assert!(durations[0] > 0.002, "{durations:?}");
    let (calls, errors, durations) = of("later", &all);
    assert_eq!((calls, errors, durations.len()), (100, 0, 100));
}
