//! The metrics count every single call, in several threads and with concurrent scrapes.

use measurand::{measured, neural_op, timed_query, verified};
use measurand_tests::Scrape;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Waker};

const THREADS: u32 = 4;
/// Calls per thread; in total each function below is called a million times.
const CALLS: u32 = 1_000_000 / THREADS;

#[measured]
fn sometimes(step: u32) -> Result<u32, u32> {
    assert!(!step.is_multiple_of(1000), "on purpose");
    if step.is_multiple_of(2) { Err(step) } else { Ok(step) }
}

#[timed_query("update", table = "embeddings")]
async fn half_way(step: u32) -> Result<u32, u32> {
    if step.is_multiple_of(3) {
        std::future::pending::<()>().await;
    }
    assert!(step % 1000 != 1, "on purpose");
    if step.is_multiple_of(2) { Err(step) } else { Ok(step) }
}

#[neural_op("learning")]
fn always() -> u32 {
    1
}

#[verified(agent_id = "tester")]
fn score(step: u32) -> f64 {
    if step.is_multiple_of(4) { 0.5 } else { 0.96 }
}

/// The number of times that one thread caused each outcome.
#[derive(Default, Debug, PartialEq)]
struct Tally {
    sync: [u32; 3],
    future: [u32; 4],
}

fn work() -> Tally {
    let mut tally = Tally::default();
    for step in 0..CALLS {
        match catch_unwind(|| sometimes(step)) {
            Ok(Ok(_)) => tally.sync[0] += 1,
            Ok(Err(_)) => tally.sync[1] += 1,
            Err(_) => tally.sync[2] += 1,
        }
        let mut future = Box::pin(half_way(step));
        let mut context = Context::from_waker(Waker::noop());
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context))) {
            Ok(std::task::Poll::Ready(Ok(_))) => tally.future[0] += 1,
            Ok(std::task::Poll::Ready(Err(_))) => tally.future[1] += 1,
            Err(_) => tally.future[2] += 1,
            Ok(std::task::Poll::Pending) => tally.future[3] += 1,
        }
        always();
        score(step);
    }
    tally
}

#[test]
fn every_call_is_counted() {
    let exporter = measurand::exporter::builder().listen("127.0.0.1:0").install().unwrap();
    let url = exporter.url();
    std::panic::set_hook(Box::new(|_| {}));

    let done = std::sync::atomic::AtomicBool::new(false);
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        // Concurrent scrapes must see counters that only grow.
        scope.spawn(|| {
            let mut before = 0.0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let now = Scrape::fetch(&url).value(r#"neural_operations_total{operation_type="learning"}"#);
                assert!(now >= before, "{now} after {before}");
                before = now;
            }
        });
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        let tallies = workers.into_iter().map(|it| it.join().unwrap()).collect();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        tallies
    });
    let sum = |pick: fn(&Tally) -> u32| f64::from(tallies.iter().map(pick).sum::<u32>());

    let scrape = Scrape::fetch(&url);
    let all = f64::from(THREADS * CALLS);
    let check = |series: &str, expected: f64| {
        assert!(
            (scrape.value(series) - expected).abs() < 0.5,
            "{series}: {} instead of {expected}",
            scrape.value(series)
        );
    };
    let function = r#"function="sometimes",module="exact""#;
    check(&format!("function_calls_total{{{function}}}"), all);
    check(&format!("function_duration_seconds_count{{{function}}}"), all);
    check(&format!(r#"function_duration_seconds_bucket{{{function},le="+Inf"}}"#), all);
    check(&format!(r#"function_errors_total{{{function},outcome="error"}}"#), sum(|it| it.sync[1]));
    check(&format!(r#"function_errors_total{{{function},outcome="panic"}}"#), sum(|it| it.sync[2]));
    check(&format!(r#"function_errors_total{{{function},outcome="cancelled"}}"#), 0.0);
    check(&format!("function_calls_in_flight{{{function}}}"), 0.0);
    let query = r#"query_type="update",table="embeddings""#;
    check(&format!("db_query_duration_seconds_count{{{query}}}"), all);
    check(&format!(r#"db_query_errors_total{{{query},outcome="error"}}"#), sum(|it| it.future[1]));
    check(&format!(r#"db_query_errors_total{{{query},outcome="panic"}}"#), sum(|it| it.future[2]));
    check(&format!(r#"db_query_errors_total{{{query},outcome="cancelled"}}"#), sum(|it| it.future[3]));
    check(r#"neural_operations_total{operation_type="learning"}"#, all);
    check(r#"verification_success_total{agent_id="tester"}"#, all * 0.75);
    check(r#"verification_failures_total{agent_id="tester"}"#, all * 0.25);
    check(r#"truth_score_bucket{agent_id="tester",le="0.95"}"#, all * 0.25);
    check(r#"truth_score_count{agent_id="tester"}"#, all);
    // The test is meaningful only if every outcome happened.
    assert!(tallies.iter().all(|it| it.sync.iter().chain(&it.future).all(|it| *it > 0)), "{tallies:?}");
}
