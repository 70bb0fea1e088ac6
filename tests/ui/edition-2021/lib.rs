//! Users of an older edition, whose `unsafe fn` bodies are unsafe blocks and whose `impl Trait` captures less.

#![cfg(test)]

use measurand::{measured, verified};
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
