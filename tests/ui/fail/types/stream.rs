//! Results that are not a stream, or a stream of other items.

use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};
use measurand::measured;

#[measured]
fn vector() -> impl Stream<Item = u64> {
    vec![1, 2]
}

#[measured]
fn other_items() -> impl Stream<Item = u64> {
    stream::iter(["a"])
}

#[measured]
fn other_boxed_items() -> BoxStream<'static, Result<u64, String>> {
    stream::iter([1]).boxed()
}

#[measured]
fn not_clone() -> impl Stream<Item = u64> + Clone {
    stream::iter([1])
}

fn main() {}
