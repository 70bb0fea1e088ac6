//! Users of an older edition: its `unsafe fn` bodies are unsafe blocks, and its `impl Trait` captures less.

#![cfg(test)]

use measurand::{measured, neural_op, timed_query, verified, ErrorKind, Label};
use std::future::Future;
use std::pin::Pin;

#[measured]
#[allow(unsafe_code, unsafe_op_in_unsafe_fn)]
unsafe fn dangerous(value: *const u32) -> u32 {
    *value
}

#[measured]
fn iterator<'a>(values: &'a [u32], _not_captured: &str) -> impl Iterator<Item = u32> + 'a {
    values.iter().copied()
}

#[measured]
fn future<'a>(values: &'a [u32], _not_captured: &str) -> impl Future<Output = usize> + Send + 'a {
    async move { values.len() }
}

#[measured]
fn boxed<'a>(values: &'a [u32]) -> Pin<Box<dyn Future<Output = usize> + Send + 'a>> {
    Box::pin(async move { values.len() })
}

#[verified("coder", rollback = undone.push(1))]
async fn verify(undone: &mut Vec<u32>) -> Result<f64, std::num::ParseFloatError> {
    "0.5".parse::<f64>()
}

#[measured]
async fn forever() -> ! {
    std::future::pending().await
}

#[derive(Clone, Copy, Label)]
enum Table {
    Patterns,
    #[label("user_events")]
    Events,
}

#[derive(Debug, PartialEq, ErrorKind)]
enum StoreError {
    NotFound,
}

measurand::family! {
    /// Payments by provider.
    Payment = "older_payment", "Payments" {
        labels {
            provider;
        }
        metrics {
            calls "older_payments_total": "Payments that ended.";
            duration "older_payment_duration_seconds": "Time of a payment.", [0.25, 1.0];
        }
    }
}

#[measured(family = Payment, provider = provider, slo(latency = "1s" @ 99), time = 1 in 4)]
fn pay(provider: &str, cents: u64) -> u64 {
    cents + provider.len() as u64
}

#[timed_query("select", table = table, caller)]
fn given(table: Table) -> Result<u32, StoreError> {
    match table {
        Table::Patterns => Ok(1),
        Table::Events => Err(StoreError::NotFound),
    }
}

#[timed_query("insert", table = |it| it.as_ref().map_or("none", |it| it.as_str()))]
async fn late(table: &str) -> Result<String, StoreError> {
    Ok(table.to_owned())
}

#[neural_op(kind)]
fn borrowed<'a>(kind: &str, values: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    values.iter().map(move |it| it + 1)
}

struct Thing<'a>(&'a str);

#[measured(owner = "search")]
impl<'a> Thing<'a> {
    fn text(&self) -> &'a str {
        self.0
    }

    async fn later(self) -> &'a str {
        self.0
    }
}

#[test]
fn labels() {
    assert_eq!(pay("stripe", 1), 7);
    assert_eq!(given(Table::Patterns), Ok(1));
    assert_eq!(given(Table::Events), Err(StoreError::NotFound));
    let kind = String::from("learning");
    let values = [1, 2];
    let borrowed = borrowed(&kind, &values);
    drop(kind);
    assert_eq!(borrowed.sum::<u32>(), 5);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    assert_eq!(runtime.block_on(late("rows")).as_deref(), Ok("rows"));
    assert_eq!(Thing("a").text(), "a");
    assert_eq!(runtime.block_on(Thing("a").later()), "a");
}

#[test]
fn calls() {
    let (values, text) = ([1, 2], String::new());
    #[allow(unsafe_code)]
    // SAFETY: there is a first value.
    let first = unsafe { dangerous(values.as_ptr()) };
    assert_eq!(first, 1);
    let iterator = iterator(&values, &text);
    assert_eq!(iterator.sum::<u32>(), 3);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let future = future(&values, &text);
    assert_eq!(runtime.block_on(future), 2);
    assert_eq!(runtime.block_on(boxed(&values)), 2);
    let mut undone = Vec::new();
    assert_eq!(runtime.block_on(verify(&mut undone)), Ok(0.5));
    assert_eq!(undone, [1]);
    drop(forever());
}
