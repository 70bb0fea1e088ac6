//! Streams under attributes that need a single result.

use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};
use measurand::{cache_lookup, measured, pattern_memory, timed_query, verified};

#[verified("coder")]
fn scores() -> impl Stream<Item = f64> {
    stream::iter([1.0])
}

#[pattern_memory]
fn levels() -> BoxStream<'static, u64> {
    stream::iter([1]).boxed()
}

#[cache_lookup("embeddings")]
fn found() -> impl Stream<Item = Option<u64>> {
    stream::iter([None])
}

#[measured]
async fn later() -> impl Stream<Item = u64> {
    stream::iter([1])
}

#[timed_query("select", table = |rows| "patterns")]
fn asked() -> impl Stream<Item = u64> {
    stream::iter([1])
}

measurand::family! {
    /// Reviews by their score.
    Review = "review", "Reviews" {
        metrics {
            score "review_score": "Scores.", [0.5, 0.9];
            rollbacks "review_rollbacks_total": "Rollbacks.";
        }
    }
}

#[measured(family = Review)]
fn reviews() -> impl Stream<Item = f64> {
    stream::iter([1.0])
}

#[measured(family = Review, rollback = undo())]
fn undone() -> impl Stream<Item = f64> {
    stream::iter([1.0])
}

fn undo() {}

fn main() {}
