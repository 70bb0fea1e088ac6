//! Functions that return a future: the call starts with the first poll and ends when the future is ready or dropped.

#![expect(clippy::large_stack_arrays, reason = "a large future is one of the forms")]

use crate::{block_on, check_not_ok, check_ok, durations, record, series, suspend};
use measurand::{measured, verified};
use std::fmt::Display;
use std::pin::Pin;
use std::task::{Context, Waker};

#[measured]
async fn free() {
    suspend().await;
}

#[measured]
async fn borrowing<'a>(values: &'a mut [u32], what: &str) -> Result<&'a mut u32, String> {
    suspend().await;
    values.first_mut().ok_or_else(|| what.to_owned())
}

#[measured]
async fn generic<T, const N: usize>(values: [T; N]) -> String
where
    T: Display,
{
    suspend().await;
    values.iter().map(ToString::to_string).collect()
}

#[measured]
async fn early(text: &str) -> Result<u32, std::num::ParseIntError> {
    if text.is_empty() {
        return Ok(0);
    }
    suspend().await;
    let number: u32 = text.parse()?;
    Ok(number)
}

#[measured]
async fn iterator(values: &[u32]) -> Result<impl Iterator<Item = u32> + '_, String> {
    suspend().await;
    Ok(values.iter().map(|it| it * 2))
}

#[measured]
async fn mutable(mut count: u32, (a, _): (u32, u32)) -> u32 {
    count += a;
    suspend().await;
    count
}

#[measured]
async fn recursive(n: u64) -> u64 {
    suspend().await;
    if n < 2 { 1 } else { n * Box::pin(recursive(n - 1)).await }
}

#[measured]
async fn forever() -> ! {
    loop {
        suspend().await;
    }
}

#[derive(Default)]
struct Store {
    value: u32,
}

trait Load {
    #[measured]
    async fn provided(&self) -> u32 {
        self.required().await + 1
    }

    async fn required(&self) -> u32;
}

impl Load for Store {
    #[measured]
    async fn required(&self) -> u32 {
        suspend().await;
        self.value
    }
}

impl Store {
    #[measured]
    async fn shared(&self) -> &u32 {
        suspend().await;
        &self.value
    }

    #[measured]
    async fn unique(&mut self, to: u32) -> Result<&mut u32, Box<dyn std::error::Error>> {
        suspend().await;
        self.value = to;
        Ok(&mut self.value)
    }

    #[measured]
    async fn consumed(self) -> u32 {
        suspend().await;
        self.value
    }
}

#[test]
fn functions() {
    let mut values = vec![1];
    check_ok("free", || block_on(free()));
    check_ok("borrowing", || assert_eq!(block_on(borrowing(&mut values, "nothing")), Ok(&mut 1)));
    check_not_ok("borrowing", "error", || assert!(block_on(borrowing(&mut [], "nothing")).is_err()));
    check_ok("generic", || assert_eq!(block_on(generic([1, 2])), "12"));
    check_ok("early", || assert_eq!(block_on(early("")), Ok(0)));
    check_ok("early", || assert_eq!(block_on(early("7")), Ok(7)));
    check_not_ok("early", "error", || assert!(block_on(early("x")).is_err()));
    check_ok("iterator", || assert!(block_on(iterator(&[1])).is_ok_and(|it| it.eq([2]))));
    check_ok("mutable", || assert_eq!(block_on(mutable(1, (2, 3))), 3));
    assert_eq!(record(|| assert_eq!(block_on(recursive(4)), 24)), series("recursive", 4, None));
}

#[test]
fn methods() {
    let mut store = Store::default();
    check_ok("Store::shared", || assert_eq!(block_on(store.shared()), &0));
    check_ok("Store::unique", || *block_on(store.unique(1)).expect("never fails") += 1);
    assert_eq!(store.value, 2);
    check_ok("<Store as Load>::required", || assert_eq!(block_on(store.required()), 2));
    assert_eq!(
        record(|| assert_eq!(block_on(store.provided()), 3)).len(),
        series("provided", 1, None).len() + series("required", 1, None).len()
    );
    check_ok("Store::consumed", || assert_eq!(block_on(store.consumed()), 2));
}

/// Only the signature determines the type of the future's output.
#[measured]
fn inferred() -> impl Future<Output = Vec<u8>> {
    std::future::ready([1, 2].into_iter().collect())
}

#[test]
fn inferred_output() {
    check_ok("inferred", || assert_eq!(block_on(inferred()), [1, 2]));
}

#[measured]
fn returned(value: u32) -> impl Future<Output = Result<u32, u32>> {
    async move {
        suspend().await;
        if value > 0 { Ok(value) } else { Err(value) }
    }
}

#[measured]
#[expect(unused_parens, reason = "the form under test")]
fn borrowed<'a>(value: &'a str, _other: &str) -> (impl Future<Output = &'a str> + Send + 'a) {
    std::future::ready(value)
}

#[measured]
fn movable(value: u32) -> impl Future<Output = u32> + Unpin {
    Box::pin(async move {
        suspend().await;
        value
    })
}

#[test]
fn returned_futures() {
    check_ok("returned", || assert_eq!(block_on(returned(1)), Ok(1)));
    check_not_ok("returned", "error", || assert_eq!(block_on(returned(0)), Err(0)));
    check_ok("borrowed", || assert_eq!(block_on(borrowed("a", "b")), "a"));
    check_ok("movable", || {
        let mut future = movable(1);
        assert_eq!(block_on(Pin::new(&mut future)), 1);
    });
}

fn poll_once<F: Future>(future: Pin<&mut F>) {
    assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[test]
fn never_polled() {
    assert_eq!(record(|| drop(free())), [""; 0]);
    assert_eq!(record(|| drop(returned(1))), [""; 0]);
}

#[test]
fn dropped_between_polls() {
    check_not_ok("free", "cancelled", || poll_once(Box::pin(free()).as_mut()));
    check_not_ok("returned", "cancelled", || poll_once(Box::pin(returned(1)).as_mut()));
    check_not_ok("forever", "cancelled", || poll_once(Box::pin(forever()).as_mut()));
}

/// A future that is dropped because of another panic is cancelled; the panic is not its own.
#[test]
fn dropped_while_unwinding() {
    check_not_ok("free", "cancelled", || {
        let unwound = std::panic::catch_unwind(|| {
            let mut future = Box::pin(free());
            poll_once(future.as_mut());
            std::panic::resume_unwind(Box::new(()));
        });
        assert!(unwound.is_err());
    });
}

#[measured]
async fn panics() {
    suspend().await;
    std::panic::resume_unwind(Box::new(()));
}

#[test]
fn panicking() {
    check_not_ok("panics", "panic", || assert!(std::panic::catch_unwind(|| block_on(panics())).is_err()));
}

#[measured]
async fn sleeping() {
    tokio::time::sleep(std::time::Duration::from_millis(6)).await;
}

#[test]
fn waiting_counts() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let durations = durations(|| runtime.block_on(sleeping()));
    assert!(matches!(durations[..], [it] if it > 0.005), "{durations:?}");
}

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[verified("coder", rollback = suspend().await)]
async fn with_rollback() -> f64 {
    suspend().await;
    0.5
}

#[test]
fn futures_stay_send() {
    check_ok("free", || block_on(assert_send(free())));
    check_ok("early", || assert_eq!(block_on(assert_send(early("1"))), Ok(1)));
    check_ok("returned", || assert_eq!(block_on(assert_send(returned(1))), Ok(1)));
    let _not_polled = assert_send(with_rollback());
}

macro_rules! large {
    ($(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        async fn $name() -> u8 {
            let values = [1_u8; 100_000];
            suspend().await;
            values[std::hint::black_box(7)]
        }
    };
}

large! { plain }
large! { #[measured] wrapped }

/// The body's future is created in place and not moved.
#[test]
fn large_futures_hardly_grow() {
    let (plain, wrapped) = (plain(), wrapped());
    let (before, after) = (size_of_val(&plain), size_of_val(&wrapped));
    assert!(after * 10 < before * 13, "{before} {after}");
    check_ok("wrapped", || assert_eq!(block_on(wrapped), block_on(plain)));
}
