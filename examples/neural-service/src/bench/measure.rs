//! Measures contenders in turn and prints one figure per line.

use rustix::time::{ClockId, clock_gettime};
use std::io::Write;
use std::time::{Duration, Instant};

/// Runs rounds of all contenders in turn for `time`. Returns the nanoseconds per call of each, in increasing order.
pub(super) fn in_turn<const N: usize>(time: Duration, mut contenders: [&mut dyn FnMut() -> f64; N]) -> [Vec<f64>; N] {
    let (start, mut taken) = (Instant::now(), [const { Vec::new() }; N]);
    while start.elapsed() < time {
        for (taken, contender) in taken.iter_mut().zip(&mut contenders) {
            taken.push(contender());
        }
    }
    taken.map(|mut it| {
        it.sort_by(f64::total_cmp);
        it
    })
}

/// The median and the interquartile range.
pub(super) fn middle(sorted: &[f64]) -> (f64, f64) {
    let at = |share: usize| sorted.get(sorted.len() * share / 4).copied().unwrap_or(f64::NAN);
    (at(2), at(3) - at(1))
}

/// CPU time of this thread or process in seconds, without time spent waiting for a processor.
pub(super) fn processor(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0)).as_secs_f64()
}

/// Prints a line `name  value`; all values are right-aligned.
pub(super) fn line(out: &mut impl Write, name: &str, value: &str) -> std::io::Result<()> {
    writeln!(out, "  {name:<44} {value:>14}")
}
