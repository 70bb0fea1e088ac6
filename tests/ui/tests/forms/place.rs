//! The label `caller`: the file and line where the annotated function was called.

#![expect(clippy::self_only_used_in_recursion, reason = "a method is the form under test")]

use crate::{block_on, record, suspend};
use measurand::{measured, timed_query};

const CALLED: u32 = line!() + 2;
#[measured(caller)]
fn called() {}

#[measured(caller)]
fn fails(ok: bool) -> Result<u32, ()> {
    if ok { Ok(1) } else { Err(()) }
}

/// The label for a call in this file on this line.
fn place(line: u32) -> String {
    format!("caller={}:{line}", file!())
}

/// The series of `function` by the lines of its calls, with the number of calls on each line.
fn series(function: &str, calls: &[(u32, u32)]) -> Vec<String> {
    let metrics = ["function_calls_total", "function_duration_seconds"];
    let mut all: Vec<String> = metrics
        .iter()
        .flat_map(|metric| {
            calls.iter().map(move |(line, n)| format!("{metric}{{function={function},{}}} {n}", place(*line)))
        })
        .collect();
    all.sort();
    all
}

#[test]
fn two_places() {
    let (first, second) = (line!() + 2, line!() + 4);
    let lines = record(|| {
        called();
        for _ in 0..2 {
            called();
        }
    });
    assert_eq!(lines, series("called", &[(first, 1), (second, 2)]));
}

#[test]
fn an_error_of_a_place() {
    let line = line!() + 1;
    let lines = record(|| assert!(fails(false).is_err()));
    let error = format!("function_errors_total{{function=fails,{},outcome=error}} 1", place(line));
    assert_eq!(lines, [series("fails", &[(line, 1)]), vec![error]].concat());
}

/// The caller through a function pointer is unknown; the position of the function itself is used instead.
#[test]
fn a_function_pointer() {
    let pointer: fn() = called;
    let lines = record(|| {
        pointer();
        [(); 3].into_iter().for_each(|()| pointer());
    });
    assert_eq!(lines, series("called", &[(CALLED, 4)]));
}

#[track_caller]
fn between() {
    called();
}

#[measured(caller)]
#[track_caller]
#[must_use]
fn tracked() -> u32 {
    1
}

#[test]
fn through_a_function_that_tracks_its_caller() {
    let line = line!() + 2;
    // `record(between)` would call the function inside the standard library.
    let lines = record(|| between());
    assert_eq!(lines, series("called", &[(line, 1)]));
    let lines = record(|| assert_eq!(tracked(), 1));
    assert_eq!(lines, series("tracked", &[(line + 2, 1)]));
}

struct Shop;

#[measured(caller)]
impl Shop {
    fn buy(&self, times: u32) -> u32 {
        if times == 0 { 0 } else { 1 + self.buy(times - 1) }
    }
}

#[test]
fn recursion_is_a_caller_of_its_own() {
    let (inner, outer) = (line!() - 6, line!() + 1);
    let lines = record(|| assert_eq!(Shop.buy(3), 3));
    assert_eq!(lines, series("Shop::buy", &[(inner, 3), (outer, 1)]));
}

#[measured(caller)]
fn returned() -> impl Future<Output = ()> {
    suspend()
}

#[measured(caller)]
fn boxed() -> std::pin::Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(suspend())
}

#[measured(caller)]
fn opaque() -> impl Iterator<Item = u32> {
    0..3
}

/// The position of a future's call is where the function was called, not where the future was polled.
#[test]
fn futures_and_iterators() {
    let line = line!() + 1;
    let lines = record(|| block_on(returned()));
    assert_eq!(lines, series("returned", &[(line, 1)]));
    let lines = record(|| block_on(boxed()));
    assert_eq!(lines, series("boxed", &[(line + 2, 1)]));
    let lines = record(|| assert_eq!(opaque().count(), 3));
    assert_eq!(lines, series("opaque", &[(line + 4, 1)]));
}

#[timed_query("select", table = table, caller)]
fn query(table: &str) {}

#[timed_query("select", table = |it| it.as_str(), caller)]
fn late(table: &str) -> String {
    table.to_owned()
}

#[test]
fn beside_other_labels() {
    let line = line!() + 1;
    let lines = record(|| query("rows"));
    let labels = |line| format!("db_query_duration_seconds{{query_type=select,table=rows,{}}} 1", place(line));
    assert_eq!(lines, [labels(line)]);
    let lines = record(|| assert_eq!(late("rows"), "rows"));
    assert_eq!(lines, [labels(line + 3)]);
}
