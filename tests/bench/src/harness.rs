//! Takes samples of all contenders in turn, so other load on the machine affects all of them equally.
//!
//! It is independent of the contenders.

use crate::table::float;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A measured function.
#[derive(Debug, Clone, Copy)]
pub struct Contender {
    /// Name in tables and claims.
    pub name: &'static str,
    /// Group of comparable contenders.
    pub group: &'static str,
    /// Makes this number of calls.
    pub sample: fn(u64),
}

/// The settings of a measurement.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Number of threads that call the contender at the same time.
    pub threads: usize,
    /// Number of samples per contender.
    pub rounds: usize,
    /// Duration of a sample on one thread.
    pub sample: Duration,
    /// Called before each round, outside of the timed code.
    pub between: fn(),
}

/// Nanoseconds per call, in increasing order.
#[derive(Debug, Clone)]
pub struct Samples(Vec<f64>);

/// Share of waiting time above which a sample is disturbed and taken again.
const MOST_WAITING: f64 = 0.02;
/// Maximum number of attempts for a sample.
const MOST_ATTEMPTS: usize = 5;

impl Plan {
    /// Returns the samples of each contender, in the given order. Each round takes one sample per contender, in a
    /// random order.
    ///
    /// # Panics
    /// If a contender panics.
    #[must_use]
    pub fn measure(&self, contenders: &[Contender]) -> Vec<Samples> {
        let calls: Vec<u64> = contenders.iter().map(|it| calibrate(it, self.sample)).collect();
        let mut random = 0x9E37_79B9_7F4A_7C15_u64;
        let schedule: Vec<Vec<usize>> = (0..self.rounds).map(|_| shuffled(contenders.len(), &mut random)).collect();
        let (barrier, disturbed) = (Barrier::new(self.threads), AtomicUsize::new(0));
        let run = |thread: usize| {
            let mut taken = vec![Vec::new(); contenders.len()];
            for (round, order) in schedule.iter().enumerate() {
                if thread == 0 {
                    (self.between)();
                    eprint!("\r{} thread(s), round {} of {} ", self.threads, round + 1, self.rounds);
                }
                for &index in order {
                    let take = || one(&contenders[index], calls[index]);
                    taken[index].push(undisturbed(&barrier, &disturbed, take));
                }
            }
            taken
        };
        let by_thread: Vec<Vec<Vec<f64>>> = thread::scope(|scope| {
            let run = &run;
            let threads: Vec<_> = (0..self.threads).map(|it| scope.spawn(move || run(it))).collect();
            threads.into_iter().filter_map(|it| it.join().ok()).collect()
        });
        eprintln!("({} samples were disturbed and taken again)", disturbed.load(Ordering::Relaxed));
        assert!(by_thread.len() == self.threads, "a contender panicked");
        let mean = |index: usize, round: usize| {
            by_thread.iter().map(|it| it[index][round]).sum::<f64>() / float(by_thread.len() as u64)
        };
        (0..contenders.len())
            .map(|index| Samples::new((0..self.rounds).map(|round| mean(index, round)).collect()))
            .collect()
    }
}

impl Samples {
    fn new(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        Self(samples)
    }

    /// The quantile of the samples, for a share from 0 to 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index of a short list"
    )]
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        self.0.get((share * last as f64).round() as usize).copied().unwrap_or(f64::NAN)
    }

    /// The median of the samples.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }
}

/// Nanoseconds per call without the time in which the thread waited for a processor, and whether it waited too long.
fn one(contender: &Contender, calls: u64) -> (f64, bool) {
    let waited = waited();
    let start = Instant::now();
    (contender.sample)(calls);
    let elapsed = start.elapsed().as_secs_f64() * 1e9;
    let waited = float(self::waited().saturating_sub(waited));
    ((elapsed - waited) / float(calls), waited > MOST_WAITING * elapsed)
}

/// Takes a sample on all threads at the same time; repeats it if one of them was disturbed.
fn undisturbed(barrier: &Barrier, disturbed: &AtomicUsize, take: impl Fn() -> (f64, bool)) -> f64 {
    let mut sample = f64::NAN;
    for _ in 0..MOST_ATTEMPTS {
        // No thread writes the counter before the barrier, so all threads read the same value.
        let before = disturbed.load(Ordering::Relaxed);
        barrier.wait();
        // If all attempts are disturbed, keeps the fastest. The minimum of a number and NaN is the number.
        let (nanoseconds, waited) = take();
        sample = if waited { nanoseconds.min(sample) } else { nanoseconds };
        if waited {
            disturbed.fetch_add(1, Ordering::Relaxed);
        }
        barrier.wait();
        if disturbed.load(Ordering::Relaxed) == before {
            break;
        }
    }
    sample
}

/// Nanoseconds in which this thread was ready but waited for a processor; 0 if the operating system does not report it.
#[must_use]
pub fn waited() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().nth(1).and_then(|it| it.parse().ok()).unwrap_or(0)
}

/// The number of calls that take about this time.
fn calibrate(contender: &Contender, sample: Duration) -> u64 {
    let mut calls = 1_000;
    loop {
        let start = Instant::now();
        (contender.sample)(calls);
        let elapsed = start.elapsed();
        if elapsed * 4 >= sample {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and small")]
            return (float(calls) * sample.as_secs_f64() / elapsed.as_secs_f64()) as u64 + 1;
        }
        calls *= 2;
    }
}

fn shuffled(count: usize, random: &mut u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        // A xorshift generator is random enough for the order.
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        #[expect(clippy::cast_possible_truncation, reason = "only the remainder counts")]
        order.swap(last, *random as usize % (last + 1));
    }
    order
}
