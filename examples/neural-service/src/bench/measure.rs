//! Measures contenders in turn, and prints a figure a line.

use rustix::time::{ClockId, clock_gettime};
use std::io::Write;
use std::time::{Duration, Instant};

/// Rounds of all in turn until the time is over: nanoseconds a call of each, in increasing order.
pub(super) fn in_turn<const N: usize>(time: Duration, mut contenders: [&mut dyn FnMut() -> f64; N]) -> [Vec<f64>; N] {
    let (begin, mut taken) = (Instant::now(), [const { Vec::new() }; N]);
    while begin.elapsed() < time {
        for (taken, contender) in taken.iter_mut().zip(&mut contenders) {
            taken.push(contender());
        }
    }
    taken.map(|mut it| {
        it.sort_by(f64::total_cmp);
        it
    })
}

/// The middle one, and how far the quarters around it lie apart.
pub(super) fn middle(sorted: &[f64]) -> (f64, f64) {
    let at = |share: usize| sorted.get(sorted.len() * share / 4).copied().unwrap_or(f64::NAN);
    (at(2), at(3) - at(1))
}

/// Processor seconds of this thread or of this process. Time spent waiting for a processor does not count.
pub(super) fn processor(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0)).as_secs_f64()
}

/// A line `name  value`, the value as wide as all others.
pub(super) fn line(out: &mut impl Write, name: &str, value: &str) -> std::io::Result<()> {
    writeln!(out, "  {name:<44} {value:>14}")
}
