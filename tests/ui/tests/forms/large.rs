//! Futures and results that are too large to be moved twice, and compiler attributes that must keep working.

#![expect(clippy::large_stack_arrays, reason = "large futures are the forms under test")]

use crate::{block_on, check_not_ok, check_ok, record, series, suspend};
use measurand::{measured, timed_query, verified};
use std::hint::black_box;

const MEBIBYTE: usize = 1 << 20;

macro_rules! large {
    ($step:ident: $($(#[$attribute:meta])* $name:ident)*) => {$(
        $(#[$attribute])*
        async fn $name($step: usize) -> Result<u8, String> {
            let mut values = [0_u8; MEBIBYTE];
            values[$step] = 7;
            suspend().await;
            if black_box(&values)[$step] == 7 { Ok(values[0]) } else { Err("lost".to_owned()) }
        }
    )*};
}

large! { step:
    plain
    #[measured] wrapped
    #[timed_query("select", table = if step > 0 { "some" } else { "none" })] labelled
    #[timed_query("select", table = |it| if it.is_ok() { "ok" } else { "failed" })] late
}

#[verified("coder", rollback = suspend().await)]
async fn rolled_back(step: usize) -> f64 {
    let mut values = [0_u8; MEBIBYTE];
    values[step] = 7;
    suspend().await;
    f64::from(black_box(&values)[0])
}

async fn smaller(step: usize) -> Result<u8, String> {
    let values = [0_u8; MEBIBYTE / 4];
    suspend().await;
    Ok(black_box(&values)[step])
}

/// The future is moved when it is returned, with or without the attribute, and once more when it is pinned.
#[measured]
fn returned(step: usize) -> impl Future<Output = Result<u8, String>> {
    smaller(step)
}

/// The block is measured in place.
#[measured]
fn block(step: usize) -> impl Future<Output = Result<u8, String>> {
    async move {
        let mut values = [0_u8; MEBIBYTE];
        values[step] = 7;
        suspend().await;
        // Only the signature determines the type into which `?` converts the error.
        let step = u8::try_from(step).map_err(|_| "too far")?;
        if black_box(&values)[usize::from(step)] == 7 { Ok(values[0]) } else { Err("lost".to_owned()) }
    }
}

/// Runs the test on a stack with space for one of the futures, but not for two.
#[track_caller]
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 * MEBIBYTE).spawn(test).expect("a thread");
    thread.join().expect("the stack was large enough");
}

#[test]
fn a_mebibyte_across_an_await() {
    on_a_small_stack(|| assert_eq!(block_on(Box::pin(plain(1))), Ok(0)));
    on_a_small_stack(|| check_ok("wrapped", || assert_eq!(block_on(Box::pin(wrapped(1))), Ok(0))));
}

#[test]
fn a_mebibyte_in_a_returned_block() {
    on_a_small_stack(|| check_ok("block", || assert_eq!(block_on(Box::pin(block(1))), Ok(0))));
}

#[test]
fn a_mebibyte_with_labels() {
    let select = |table: &str| [format!("db_query_duration_seconds{{query_type=select,table={table}}} 1")];
    on_a_small_stack(move || {
        assert_eq!(record(|| assert_eq!(block_on(Box::pin(labelled(1))), Ok(0))), select("some"));
    });
    on_a_small_stack(move || {
        assert_eq!(record(|| assert_eq!(block_on(Box::pin(late(1))), Ok(0))), select("ok"));
    });
}

#[test]
fn a_mebibyte_with_a_rollback() {
    on_a_small_stack(|| {
        let lines = record(|| assert!(block_on(Box::pin(rolled_back(1))) < 0.5));
        assert!(lines.contains(&"auto_rollback_total{agent_id=coder} 1".to_owned()), "{lines:?}");
    });
}

#[test]
fn a_large_returned_future() {
    let (inner, outer) = (size_of_val(&smaller(1)), size_of_val(&returned(1)));
    assert!(outer < 2 * inner + 1024, "{inner} {outer}");
    on_a_small_stack(|| check_ok("returned", || assert_eq!(block_on(Box::pin(returned(1))), Ok(0))));
}

#[measured]
#[track_caller]
fn tracked(ok: bool) -> Result<u32, &'static str> {
    if ok { Ok(1) } else { Err("no") }
}

#[measured]
#[track_caller]
#[inline(always)]
fn inlined(value: u32) -> u32 {
    value + 1
}

#[inline]
#[must_use = "the form under test"]
#[deprecated = "the form under test"]
#[measured]
fn decorated(value: u32) -> u32 {
    value
}

#[test]
fn attributes_of_the_compiler() {
    check_ok("tracked", || assert_eq!(tracked(true), Ok(1)));
    check_not_ok("tracked", "error", || assert_eq!(tracked(false), Err("no")));
    check_ok("inlined", || assert_eq!(inlined(1), 2));
    #[expect(deprecated, reason = "the form under test")]
    check_ok("decorated", || assert_eq!(decorated(1), 1));
}

/// Two functions that call each other, one of them asynchronous.
#[measured]
fn even(n: u32) -> bool {
    n == 0 || block_on(odd(n - 1))
}

#[measured]
async fn odd(n: u32) -> bool {
    suspend().await;
    n != 0 && even(n - 1)
}

#[test]
fn mutual_recursion() {
    let mut expected = [series("even", 3, None), series("odd", 2, None)].concat();
    expected.sort();
    assert_eq!(record(|| assert!(even(4))), expected);
}

macro_rules! functions {
    ($($visibility:vis $name:ident($argument:ident: $type:ty) -> $return:ty $body:block)*) => {$(
        #[measured]
        $visibility fn $name($argument: $type) -> $return $body
    )*};
}

macro_rules! with_attribute {
    ($attribute:ident, $label:expr, $item:item) => {
        #[$attribute($label, table = "t")]
        $item
    };
}

functions! {
    pub(crate) first(value: &[u32]) -> Option<&u32> { value.first() }
    checked(value: u8) -> Result<u8, std::num::TryFromIntError> { u8::try_from(u16::from(value) * 2) }
    never_called(_value: u32) -> ! { std::process::abort() }
    futures(value: u32) -> impl Future<Output = u32> { async move { value } }
}

with_attribute! { timed_query, "select", #[must_use] fn query(value: u32) -> u32 { value } }

#[test]
fn macros_by_example() {
    check_ok("first", || assert_eq!(first(&[1, 2]), Some(&1)));
    check_ok("checked", || assert_eq!(checked(2), Ok(4)));
    check_not_ok("checked", "error", || assert!(checked(200).is_err()));
    check_ok("futures", || assert_eq!(block_on(futures(3)), 3));
    let lines = record(|| assert_eq!(query(1), 1));
    assert_eq!(lines, ["db_query_duration_seconds{query_type=select,table=t} 1"]);
    assert_eq!(record(|| assert!(black_box(Some(0)).is_none_or(|it| it == 0 || never_called(it)))), [""; 0]);
}
