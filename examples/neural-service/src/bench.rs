//! What the measuring costs on this machine: each thing with annotations and without, in turn, so that whatever else the
//! machine does meets both alike.

mod layer;
mod operations;

use rustix::time::{ClockId, clock_gettime};
use std::io::Write;
use std::time::{Duration, Instant};

/// Threads that do neural operations.
const THREADS: usize = 2;
/// What the service is meant to carry a second.
const PROMISED: u32 = 172_000;

/// Runs all parts, each for about so many seconds, and prints figures.
pub(crate) fn run(seconds: u32) -> Result<(), String> {
    // The recorder is the one of the service; nobody scrapes.
    let _router = measurand::exporter::router();
    let part = Duration::from_secs(seconds.into());
    let told = |it: std::io::Error| format!("cannot print: {it}");
    let mut out = std::io::stdout().lock();
    operations::rate(&mut out, part).map_err(told)?;
    operations::share(&mut out, part).map_err(told)?;
    layer::requests(&mut out, part)
}

/// Rounds of all in turn until the time is over: nanoseconds a call of each, in increasing order.
fn in_turn<const N: usize>(time: Duration, mut contenders: [&mut dyn FnMut() -> f64; N]) -> [Vec<f64>; N] {
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
fn middle(sorted: &[f64]) -> (f64, f64) {
    let at = |share: usize| sorted.get(sorted.len() * share / 4).copied().unwrap_or(f64::NAN);
    (at(2), at(3) - at(1))
}

/// Seconds that this thread, or all of this process, was on a processor. What waits for one, since the machine has other
/// things to do, costs nothing.
fn processor(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0)).as_secs_f64()
}

/// A line `name  value`, the value as wide as all others.
fn line(out: &mut impl Write, name: &str, value: &str) -> std::io::Result<()> {
    writeln!(out, "  {name:<44} {value:>14}")
}
