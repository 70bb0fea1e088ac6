//! Functions that return a stream of any type: the call lasts until the stream ends.

use crate::{block_on, record, series, suspend};
use futures_util::stream::{
    self, BoxStream, FusedStream, LocalBoxStream, Stream, StreamExt as _, TryStream, TryStreamExt as _,
};
use measurand::{ErrorKind, measured, task, timed_query};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// The series of a `#[measured]` function, and of its items.
fn with_items(function: &str, calls: Option<(&str, usize)>, items: usize) -> Vec<String> {
    let mut lines = series(function, 1, calls);
    if items > 0 {
        lines.push(format!("stream_first_item_seconds{{function={function}}} 1"));
        lines.push(format!("stream_items_total{{function={function}}} {items}"));
    }
    lines
}

#[measured]
fn numbers(count: u64) -> impl Stream<Item = u64> {
    stream::iter(0..count)
}

#[measured]
fn slow(count: u64) -> impl Stream<Item = u64> + Send + 'static {
    async_stream::stream! {
        for number in 0..count {
            suspend().await;
            yield number;
        }
    }
}

#[measured]
fn pinned<'a>(values: &'a [u64]) -> Pin<Box<dyn Stream<Item = &'a u64> + Send + 'a>> {
    Box::pin(stream::iter(values))
}

#[measured]
fn boxed(values: &[u64]) -> BoxStream<'_, u64> {
    stream::iter(values.iter().copied()).boxed()
}

#[measured]
fn local(count: u64) -> LocalBoxStream<'static, std::rc::Rc<u64>> {
    stream::iter(0..count).map(std::rc::Rc::new).boxed_local()
}

/// Only the signature determines the type of the items.
#[measured]
fn inferred() -> impl Stream<Item = u64> {
    stream::empty()
}

#[test]
fn inferred_items() {
    let lines = record(|| assert_eq!(block_on(pin!(inferred()).next()), None));
    assert_eq!(lines, with_items("inferred", None, 0));
}

#[measured]
fn fused(count: u64) -> impl FusedStream<Item = u64> {
    stream::iter(0..count).fuse()
}

#[test]
fn every_form_counts_until_its_end() {
    let all = |function: &str, lines: Vec<String>| assert_eq!(lines, with_items(function, None, 3));
    all("numbers", record(|| assert_eq!(block_on(numbers(3).collect::<Vec<_>>()), [0, 1, 2])));
    all("slow", record(|| assert_eq!(block_on(slow(3).collect::<Vec<_>>()), [0, 1, 2])));
    all("pinned", record(|| assert_eq!(block_on(pinned(&[4, 5, 6]).count()), 3)));
    all("boxed", record(|| assert_eq!(block_on(boxed(&[4, 5, 6]).collect::<Vec<_>>()), [4, 5, 6])));
    all("local", record(|| assert_eq!(block_on(local(3).count()), 3)));
    all("fused", record(|| assert_eq!(block_on(fused(3).count()), 3)));
    assert_eq!(record(|| assert_eq!(block_on(numbers(0).count()), 0)), with_items("numbers", None, 0));
}

#[test]
fn nothing_counts_before_the_first_poll() {
    assert_eq!(record(|| drop(numbers(3))), [""; 0]);
    assert_eq!(numbers(3).size_hint(), (3, Some(3)));
    assert!(!fused(1).is_terminated());
}

#[test]
fn dropped_early_is_cancelled() {
    let lines = record(|| assert_eq!(block_on(slow(9).take(2).collect::<Vec<_>>()), [0, 1]));
    assert_eq!(lines, with_items("slow", Some(("cancelled", 1)), 2));
}

fn poll<S: Stream>(stream: Pin<&mut S>) -> Poll<Option<S::Item>> {
    stream.poll_next(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_call_is_in_flight_between_its_items_and_they_count_when_it_waits() {
    let mut stream = Box::pin(slow(2));
    let lines = record(|| {
        assert_eq!(poll(stream.as_mut()), Poll::Pending);
        assert_eq!(poll(stream.as_mut()), Poll::Ready(Some(0)));
        assert_eq!(poll(stream.as_mut()), Poll::Pending);
    });
    let expected = [
        "function_calls_in_flight{function=slow} 1",
        "stream_first_item_seconds{function=slow} 1",
        "stream_items_total{function=slow} 1",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_stream_polled_after_its_end_counts_nothing() {
    let lines = record(|| {
        let mut stream = pin!(fused(1));
        assert_eq!(poll(stream.as_mut()), Poll::Ready(Some(0)));
        for _ in 0..3 {
            assert_eq!(poll(stream.as_mut()), Poll::Ready(None));
        }
        assert!(stream.is_terminated());
    });
    assert_eq!(lines, with_items("fused", None, 1));
}

#[derive(Debug, PartialEq, ErrorKind)]
enum RowError {
    Broken,
    Lost,
}

#[measured]
fn rows(bad: bool) -> impl Stream<Item = Result<u32, RowError>> {
    async_stream::try_stream! {
        yield 1;
        suspend().await;
        if bad {
            Err(RowError::Broken)?;
        }
        yield 2;
    }
}

#[measured]
fn both() -> BoxStream<'static, Result<u32, RowError>> {
    stream::iter([Ok(1), Err(RowError::Lost), Err(RowError::Broken), Ok(2)]).boxed()
}

#[measured]
fn tried() -> impl TryStream<Ok = u32, Error = RowError> {
    stream::iter([Ok(1), Err(RowError::Lost)])
}

/// The first error is the outcome of the call, with its kind, whether the rest is read or dropped.
#[test]
fn an_error_among_the_items_is_the_outcome() {
    let error = |function: &str, kind: &str, items: usize| {
        let mut lines = series(function, 1, None);
        lines.push(format!("function_errors_total{{function={function},outcome=error,error_kind={kind}}} 1"));
        lines.push(format!("stream_first_item_seconds{{function={function}}} 1"));
        lines.push(format!("stream_items_total{{function={function}}} {items}"));
        lines
    };
    let whole = record(|| assert_eq!(block_on(rows(false).try_collect::<Vec<_>>()), Ok(vec![1, 2])));
    assert_eq!(whole, with_items("rows", None, 2));
    let dropped = record(|| assert_eq!(block_on(rows(true).try_collect::<Vec<_>>()), Err(RowError::Broken)));
    assert_eq!(dropped, error("rows", "broken", 2));
    assert_eq!(record(|| assert_eq!(block_on(both().count()), 4)), error("both", "lost", 4));
    assert_eq!(record(|| assert_eq!(block_on(tried().count()), 2)), error("tried", "lost", 2));
}

#[measured(error_if = |number| *number > limit)]
fn checked(limit: u64) -> impl Stream<Item = u64> {
    stream::iter(0..3)
}

#[test]
fn a_predicate_gets_each_item() {
    assert_eq!(record(|| assert!(block_on(checked(5).count()) > 0)), with_items("checked", None, 3));
    assert_eq!(record(|| assert!(block_on(checked(1).count()) > 0)), with_items("checked", Some(("error", 1)), 3));
}

#[measured]
fn panics() -> impl Stream<Item = u64> {
    stream::iter(0..3).map(|number| if number == 1 { panic!("on purpose") } else { number })
}

#[test]
fn a_panic_while_an_item_is_made() {
    let lines = record(|| {
        let stream = panics();
        let call = std::panic::AssertUnwindSafe(|| block_on(stream.count()));
        assert!(std::panic::catch_unwind(call).is_err());
    });
    assert_eq!(lines, with_items("panics", Some(("panic", 1)), 1));
}

#[measured]
fn many() -> impl Stream<Item = u64> {
    stream::iter(0..100_000)
}

#[test]
fn every_item_counts_once() {
    assert_eq!(record(|| assert_eq!(block_on(many().count()), 100_000)), with_items("many", None, 100_000));
}

#[timed_query("select", table = table)]
fn queried(table: &str) -> impl Stream<Item = Result<u32, String>> + use<> {
    let _read = table.len();
    stream::iter([Ok(1), Err("gone".to_owned())])
}

#[task("feature")]
fn tasked() -> impl Stream<Item = u32> {
    stream::iter([1])
}

/// Items count under the function's own name, with any family of the call.
#[test]
fn other_families() {
    let expected = [
        "db_query_duration_seconds{query_type=select,table=patterns} 1",
        "db_query_errors_total{query_type=select,table=patterns,outcome=error} 1",
        "stream_first_item_seconds{function=queried} 1",
        "stream_items_total{function=queried} 2",
    ];
    assert_eq!(record(|| assert!(block_on(queried("patterns").count()) > 0)), expected);
    let expected = [
        "stream_first_item_seconds{function=tasked} 1",
        "stream_items_total{function=tasked} 1",
        "task_completed_total{task_type=feature,status=success} 1",
    ];
    assert_eq!(record(|| assert!(block_on(tasked().count()) > 0)), expected);
}

struct Store(Vec<u64>);

#[measured]
impl Store {
    fn each(&self) -> impl Stream<Item = u64> + '_ {
        stream::iter(self.0.iter().copied())
    }
}

#[measured("renamed", time = 1 in 4)]
fn sampled() -> impl Stream<Item = u64> + Unpin {
    stream::iter(0..1)
}

#[test]
fn methods_and_names() {
    let store = Store(vec![1, 2]);
    assert_eq!(record(|| assert_eq!(block_on(store.each().count()), 2)), with_items("Store::each", None, 2));
    assert_eq!(
        record(|| assert_eq!(block_on(sampled().next()), Some(0))),
        with_items("renamed", Some(("cancelled", 1)), 1)
    );
}
