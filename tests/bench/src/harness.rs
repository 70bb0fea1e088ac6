//! Takes samples of contenders in turn, so that whatever else the machine does meets all of them alike.
//!
//! It must not know what a contender does.

use crate::table::float;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// One way to do a job.
#[derive(Debug, Clone, Copy)]
pub struct Contender {
    /// What it is called in tables and claims.
    pub name: &'static str,
    /// What it is compared with in the same breath.
    pub group: &'static str,
    /// Does the job so many times.
    pub sample: fn(u64),
}

/// How samples are taken.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Threads that do the same at the same time.
    pub threads: usize,
    /// Samples of each contender.
    pub rounds: usize,
    /// How long a sample takes on one thread.
    pub sample: Duration,
    /// Called before each round, while nothing is timed.
    pub between: fn(),
}

/// Nanoseconds for each call, in increasing order.
#[derive(Debug, Clone)]
pub struct Samples(Vec<f64>);

/// A sample in which the thread waited longer than this share for a processor is taken again, at most so many times.
const MOST_WAITING: f64 = 0.02;
const MOST_ATTEMPTS: usize = 5;

impl Plan {
    /// Samples of each contender, in the order given. Each round takes one of each, in an order of its own.
    ///
    /// # Panics
    /// When a contender does.
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

    /// The sample that this share of all samples does not exceed.
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

    /// The middle one.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }
}

/// Nanoseconds for each call, less those that the thread waited for a processor, and whether those were many.
fn one(contender: &Contender, calls: u64) -> (f64, bool) {
    let waited = waited();
    let begin = Instant::now();
    (contender.sample)(calls);
    let elapsed = begin.elapsed().as_secs_f64() * 1e9;
    let waited = float(self::waited().saturating_sub(waited));
    ((elapsed - waited) / float(calls), waited > MOST_WAITING * elapsed)
}

/// Takes a sample on all threads at once, again when one of them was disturbed.
fn undisturbed(barrier: &Barrier, disturbed: &AtomicUsize, take: impl Fn() -> (f64, bool)) -> f64 {
    let mut sample = f64::NAN;
    for _ in 0..MOST_ATTEMPTS {
        // Nobody writes here until all have passed the barrier, so all threads read the same.
        let before = disturbed.load(Ordering::Relaxed);
        barrier.wait();
        // The least disturbed one, if none is undisturbed; the minimum of a number and NaN is the number.
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

/// Nanoseconds that this thread was ready to run and did not; 0 where the operating system does not tell.
#[must_use]
pub fn waited() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().nth(1).and_then(|it| it.parse().ok()).unwrap_or(0)
}

/// How many calls take so long.
fn calibrate(contender: &Contender, sample: Duration) -> u64 {
    let mut calls = 1_000;
    loop {
        let begin = Instant::now();
        (contender.sample)(calls);
        let elapsed = begin.elapsed();
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
        // Xorshift: any order will do, as long as it changes.
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        #[expect(clippy::cast_possible_truncation, reason = "only the remainder counts")]
        order.swap(last, *random as usize % (last + 1));
    }
    order
}
