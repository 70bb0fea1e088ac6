//! The table of contenders; a new contender is a new row.
//!
//! If the library supports it, each contender does the same: counts the call by operation and outcome, and records its
//! duration in a histogram of [`BOUNDS`].

mod facade;
mod floor;
mod ours;
mod peers;
mod prometheus;

use crate::harness::Contender;
use std::hint::black_box;

/// The name of the empty call, which has the overhead of every contender.
pub const EMPTY: &str = "empty call";
/// The name of the minimum cost of a timed call.
pub const CLOCK: &str = "two raw clock reads";
/// The names of contenders with claims.
pub const TIMED_QUERY: &str = "`#[timed_query(..)]`";
#[expect(missing_docs, reason = "as above")]
pub const SAMPLED: &str = "`#[timed_query(.., time = 1 in 16)]`";
#[expect(missing_docs, reason = "as above")]
pub const TYPED_LABEL: &str = "`#[timed_query(..)]`, label from an argument, an enum";
#[expect(missing_docs, reason = "as above")]
pub const TEXT_LABEL: &str = "`#[timed_query(..)]`, label from an argument, text";
#[expect(missing_docs, reason = "as above")]
pub const PATTERN_LEARNED: &str = "`#[pattern_learned]`, counted only";
#[expect(missing_docs, reason = "as above")]
pub const KEPT: &str = "`metrics`, kept handles, stock exporter, `Instant`";
#[expect(missing_docs, reason = "as above")]
pub const AUTOMETRICS: &str = "autometrics 3.0";
#[expect(missing_docs, reason = "as above")]
pub const HOTPATH: &str = "hotpath 0.30";

/// Upper bounds of every histogram, in seconds: those of the family that [`TIMED_QUERY`] records into.
pub const BOUNDS: [f64; 12] = [1e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// All contenders.
#[rustfmt::skip] // one row per line
pub const ALL: &[Contender] = &[
    row(EMPTY, "floor", |n| repeat(n, floor::empty)),
    row(CLOCK, "floor", |n| repeat(n, floor::raw_clock)),
    row("two `Instant::now`", "floor", |n| repeat(n, floor::instant)),
    row(TIMED_QUERY, "measurand", |n| repeat(n, ours::timed_query)),
    row(SAMPLED, "measurand", |n| repeat(n, ours::sampled)),
    row(TYPED_LABEL, "measurand", |n| repeat(n, ours::typed_label)),
    row(TEXT_LABEL, "measurand", |n| repeat(n, ours::text_label)),
    row("`#[neural_op(..)]`", "measurand", |n| repeat(n, ours::neural_op)),
    row("`#[measured]`", "measurand", |n| repeat(n, ours::measured)),
    row(PATTERN_LEARNED, "measurand", |n| repeat(n, ours::pattern_learned)),
    row("`metrics` macros, stock exporter, `Instant`", "by hand", |n| facade::with_stock(|| repeat(n, facade::macros))),
    row(KEPT, "by hand", |n| repeat(n, facade::kept)),
    row("prometheus-client 0.26, looked up", "by hand", |n| repeat(n, prometheus::client_family)),
    row("prometheus-client 0.26, kept handles", "by hand", |n| repeat(n, prometheus::client_kept)),
    row("prometheus 0.14, looked up", "by hand", |n| repeat(n, prometheus::vectors)),
    row("prometheus 0.14, kept handles", "by hand", |n| repeat(n, prometheus::kept)),
    row("vise 0.3, looked up", "by hand", |n| repeat(n, peers::vise)),
    row("fast-telemetry 0.10", "by hand", |n| repeat(n, peers::fast_telemetry)),
    row("opentelemetry SDK 0.33 with a reader", "by hand", |n| repeat(n, peers::opentelemetry)),
    row(AUTOMETRICS, "attribute", |n| facade::with_stock(|| repeat(n, peers::autometrics))),
    row(HOTPATH, "attribute", |n| repeat(n, peers::hotpath)),
    row("`#[tracing::instrument]`, no subscriber", "attribute", |n| repeat(n, peers::tracing)),
];

/// Installs our global recorder and the profiler of hotpath. Call it once, before the first sample.
pub fn start() {
    ours::start();
    peers::start_hotpath();
}

/// Drains the stock exporter, which grows until it is scraped. Call it between samples.
pub fn upkeep() {
    facade::upkeep();
}

const fn row(name: &'static str, group: &'static str, sample: fn(u64)) -> Contender {
    Contender { name, group, sample }
}

/// The error of every contender's function.
#[derive(Debug)]
pub struct Failed;

/// The body of every contender's function.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the body must not add a call")]
fn body(number: u64) -> Result<u64, Failed> {
    if number == u64::MAX { Err(Failed) } else { Ok(number + 1) }
}

fn repeat<T>(calls: u64, call: impl Fn(u64) -> T) {
    for number in 0..calls {
        black_box(call(black_box(number)));
    }
}
