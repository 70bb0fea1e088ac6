//! Lower bounds for the cost of a measured call.

use super::{Failed, body};
use quanta::Clock;
use std::hint::black_box;
use std::sync::LazyLock;
use std::time::Instant;

static CLOCK: LazyLock<Clock> = LazyLock::new(Clock::new);

#[inline(never)]
pub(super) fn empty(number: u64) -> Result<u64, Failed> {
    body(number)
}

#[inline(never)]
pub(super) fn raw_clock(number: u64) -> Result<u64, Failed> {
    let start = CLOCK.raw();
    let result = body(number);
    black_box(CLOCK.delta_as_nanos(start, CLOCK.raw()));
    result
}

#[inline(never)]
pub(super) fn instant(number: u64) -> Result<u64, Failed> {
    let start = Instant::now();
    let result = body(number);
    black_box(start.elapsed());
    result
}
