//! Captures of a test's recordings, also in tasks and threads, and the messages for unmet expectations.

#![expect(clippy::float_cmp, reason = "counts and set numbers are exact")]

use measurand::testing::{Captured, capture};
use measurand::{ErrorKind, cache_lookup, measured, pattern_learned, pattern_memory, task, timed_query};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

#[derive(Debug, ErrorKind)]
enum StoreError {
    NotFound,
    Locked,
}

#[measured]
fn load(id: u64) -> Result<u64, StoreError> {
    match id {
        0 => Err(StoreError::NotFound),
        1 => Err(StoreError::Locked),
        2 => panic!("on purpose"),
        _ => Ok(id),
    }
}

#[measured]
async fn wait(time: Duration) {
    tokio::time::sleep(time).await;
}

struct Store(u64);

#[measured]
impl Store {
    fn save(&self) -> u64 {
        self.0
    }
}

/// The message of the panic.
fn message(call: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(call)).expect_err("the call panics");
    payload
        .downcast_ref::<String>()
        .cloned()
        .unwrap_or_else(|| (*payload.downcast::<&str>().expect("a string")).to_owned())
}

#[test]
fn threads_and_tasks_are_seen() {
    let captured = capture();
    let threads: Vec<_> = (0..5).map(|id| std::thread::spawn(move || load(id).is_ok())).collect();
    let ok = threads.into_iter().map(|thread| thread.join().is_ok_and(|ok| ok)).filter(|ok| *ok).count();
    assert_eq!(ok, 2);
    captured
        .calls("load")
        .ok(2)
        .errors(2)
        .panics(1)
        .total(5)
        .error_kind("not_found", 1)
        .error_kind("locked", 1)
        .in_flight(0);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let tasks: Vec<_> = (0..4).map(|_| tokio::spawn(wait(Duration::from_millis(3)))).collect();
        for task in tasks {
            task.await.expect("a task");
        }
        let dropped = tokio::spawn(wait(Duration::MAX));
        while captured.value("function_calls_in_flight", &[("function", "wait")]) == 0.0 {
            tokio::task::yield_now().await;
        }
        captured.calls("wait").in_flight(1);
        dropped.abort();
        assert!(dropped.await.is_err());
    });
    captured.calls("wait").ok(4).cancelled(1).in_flight(0);
    let durations = captured.calls("wait").durations();
    assert_eq!(durations.count(), 5);
    assert!(durations.max() >= durations.min() && durations.max().is_some_and(|most| most > 0.002), "{durations:?}");
}

/// Each capture counts from its own start, with other captures before it and beside it.
#[test]
fn captures_are_independent() {
    let threads: Vec<_> = (1..=8)
        .map(|times| {
            std::thread::spawn(move || {
                let captured = capture();
                for _ in 0..times {
                    assert_eq!(Store(1).save(), 1);
                }
                captured.calls("Store::save").ok(times).total(times);
                let module = format!("{}::Store::save", module_path!());
                captured.calls(&module).ok(times);
                assert_eq!(u64::try_from(captured.calls("Store::save").durations().count()), Ok(times));
            })
        })
        .collect();
    assert!(threads.into_iter().all(|thread| thread.join().is_ok()));
}

#[timed_query("select", table = table)]
fn query(table: &str) -> Result<(), String> {
    if table.is_empty() { Err("no table".to_owned()) } else { Ok(()) }
}

#[task("feature")]
fn work(ok: bool) -> Result<(), ()> {
    ok.then_some(()).ok_or(())
}

#[cache_lookup("embeddings")]
fn look_up(hit: bool) -> Option<()> {
    hit.then_some(())
}

#[pattern_learned]
fn learn() {}

#[pattern_memory]
fn memory(bytes: u64) -> u64 {
    bytes
}

#[test]
fn families_and_metrics() {
    let captured = capture();
    let _read = (query("a"), query("a"), query("b"), work(true), work(false), look_up(true), look_up(false));
    learn();
    memory(7);
    captured.family("database", &[]).ok(3);
    captured.family("database", &[("table", "a"), ("query_type", "select")]).ok(2).errors(0);
    captured.family("database", &[("table", "c")]).ok(0);
    captured.family("task", &[("task_type", "feature")]).ok(1).not_ok(1).total(2);
    captured.family("cache", &[]).total(2);
    captured.family("pattern_learning", &[]).ok(1);
    assert_eq!(captured.value("pattern_memory_bytes", &[]), 7.0);
    // A gauge has its current value each time it is read.
    assert_eq!(captured.value("pattern_memory_bytes", &[]), 7.0);
    assert_eq!(captured.value("cache_hits_total", &[("cache", "embeddings")]), 1.0);
    assert_eq!(captured.value("cache_hits_total", &[("cache", "others")]), 0.0);
    assert_eq!(captured.observations("db_query_duration_seconds", &[("table", "a")]).values().len(), 2);
    let known = message(|| drop(captured.family("database", &[]).in_flight(0)));
    assert!(known.contains("db_query_duration_seconds"), "{known}");
    // The family does not count tasks by outcome. So even an expectation of zero errors must fail.
    let unknown = message(|| drop(captured.family("task", &[]).errors(0)));
    assert!(unknown.contains("the family `task` has no metric with the role `errors`"), "{unknown}");
}

/// No other test calls this function, and this test calls it only after its first expectation.
#[measured]
fn never_called() {}

#[test]
fn functions_that_were_not_called_are_known() {
    let captured = capture();
    captured.calls("never_called").total(0);
    never_called();
    captured.calls("never_called").ok(1);
    let family = message(|| drop(captured.calls("query").ok(1)));
    assert!(family.contains("`query` records the family `database`; use `captured.family(\"database\""), "{family}");
    assert!(query("rows").is_ok());
    let label = message(|| {
        let _value = captured.value("db_query_duration_seconds", &[("tabel", "rows")]);
    });
    assert!(
        label.contains("no series of `db_query_duration_seconds` has the label `tabel`; similar: `table`"),
        "{label}"
    );
}

#[test]
fn messages() {
    let captured = capture();
    assert_eq!(Store(1).save(), 1);
    let _loaded = load(3);
    let wrong = message(|| drop(captured.calls("load").ok(3)));
    assert!(wrong.starts_with("expected 3 calls of `load` that succeeded, found 1\nrecorded:\n"), "{wrong}");
    let row = format!("  function_calls_total{{function=load,module={}}} 1", module_path!());
    assert!(wrong.lines().any(|line| line == row), "{wrong}");
    let misspelt = message(|| drop(captured.calls("laod").ok(1)));
    assert!(misspelt.starts_with("no call of `laod` was recorded; similar: `load`\nrecorded:\n"), "{misspelt}");
    captured.calls("save").ok(1);
    let method = message(|| drop(captured.calls("Shop::save").ok(1)));
    assert!(method.contains("similar: `Store::save`"), "{method}");
    let metric = message(|| assert_eq!(captured.value("function_call_total", &[]), 0.0));
    assert!(
        metric.contains("no metric `function_call_total` was recorded; similar: `function_calls_total`"),
        "{metric}"
    );
    let family = message(|| drop(captured.family("databases", &[])));
    assert!(family.contains("this program has no family `databases`; similar: `database`"), "{family}");
    let label = message(|| drop(captured.family("database", &[("tables", "a")])));
    assert!(label.contains("the family `database` has no label `tables`; similar: `table`"), "{label}");
    let twice = message(|| drop(capture()));
    assert!(twice.contains("this thread already holds a capture"), "{twice}");
}

#[test]
fn nothing_recorded() {
    let captured = capture();
    assert!(captured.table().starts_with("nothing was recorded"), "{captured:?}");
}

/// A failed test does not affect the next one.
#[test]
fn a_test_that_fails() {
    let failed = std::thread::spawn(|| {
        let captured: Captured = capture();
        captured.calls("never called by anyone").ok(1);
    });
    assert!(failed.join().is_err());
    drop(capture());
}
