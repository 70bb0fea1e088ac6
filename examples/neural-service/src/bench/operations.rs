//! Neural operations: the highest rate, and the CPU time at the target rate.

use super::measure::{in_turn, line, middle, processor};
use crate::mind::Mind;
use rustix::time::ClockId;
use std::hint::black_box;
use std::io::{Result, Write};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// Threads that run neural operations.
const THREADS: usize = 2;
/// The target rate of the service in operations per second.
const TARGET: u32 = 172_000;

/// Calls per round on each thread; they take about a millisecond.
const CALLS: u32 = 20_000;
/// Interval at which a paced thread reads the clock.
const TICK: Duration = Duration::from_millis(5);

/// One operation; its arguments are the pattern and the reward.
type Operation = fn(&Mind, i64, f64) -> f64;

/// Prints the highest number of operations per second on all threads together; assumes one free processor per thread.
pub(super) fn rate(out: &mut impl Write, time: Duration) -> Result<()> {
    let mind = Mind::new();
    let [plain, measured] =
        in_turn(time, [&mut || nanoseconds(&mind, Mind::adjust), &mut || nanoseconds(&mind, Mind::learn)]);
    let ((plain, _), (measured, spread)) = (middle(&plain), middle(&measured));
    let threads = f64::from(u32::try_from(THREADS).unwrap_or(u32::MAX));
    writeln!(out, "learning on {THREADS} threads, counted and timed:")?;
    line(out, "operations a second", &format!("{:.1} million", threads * 1e3 / measured))?;
    line(out, "operations a second without the annotation", &format!("{:.1} million", threads * 1e3 / plain))?;
    line(out, "CPU nanoseconds per operation", &format!("{measured:.1} ±{:.1}", spread / 2.0))?;
    line(out, "CPU nanoseconds of the annotation", &format!("{:.1}", measured - plain))
}

/// Nanoseconds per call while all threads make calls.
fn nanoseconds(mind: &Mind, operation: Operation) -> f64 {
    let barrier = Barrier::new(THREADS);
    let one = |thread: usize| {
        barrier.wait();
        let start = processor(ClockId::ThreadCPUTime);
        // Each thread uses different patterns, like users with different tasks.
        let first = i64::try_from(thread).unwrap_or(0) * 512;
        for number in 0..CALLS {
            black_box(operation(mind, first + i64::from(number % 512), 1.0));
        }
        (processor(ClockId::ThreadCPUTime) - start) * 1e9 / f64::from(CALLS)
    };
    let all: Vec<f64> = thread::scope(|scope| {
        let one = &one;
        let threads: Vec<_> = (0..THREADS).map(|it| scope.spawn(move || one(it))).collect();
        threads.into_iter().filter_map(|it| it.join().ok()).collect()
    });
    all.iter().sum::<f64>() / f64::from(u32::try_from(all.len()).unwrap_or(1))
}

/// Prints the share of one processor that the target rate takes, with and without the annotation.
pub(super) fn share(out: &mut impl Write, time: Duration) -> Result<()> {
    let mind = Mind::new();
    let plain = paced(&mind, time / 2, Mind::adjust);
    let measured = paced(&mind, time / 2, Mind::learn);
    writeln!(out, "learning at {TARGET} operations a second:")?;
    line(out, "of one processor, in total", &percent(measured))?;
    line(out, "of one processor, without the annotation", &percent(plain))?;
    line(out, "of one processor, the annotation alone", &percent(measured - plain))
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// CPU time divided by elapsed time at the target rate.
fn paced(mind: &Mind, time: Duration, operation: Operation) -> f64 {
    let (start, before, mut done) = (Instant::now(), processor(ClockId::ProcessCPUTime), 0_u64);
    while start.elapsed() < time {
        thread::sleep(TICK);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and far below 2^64")]
        let due = (start.elapsed().as_secs_f64() * f64::from(TARGET)) as u64;
        for number in done..due {
            black_box(operation(mind, i64::try_from(number % 1024).unwrap_or(0), 1.0));
        }
        done = due;
    }
    (processor(ClockId::ProcessCPUTime) - before) / start.elapsed().as_secs_f64()
}
