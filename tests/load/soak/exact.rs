//! Calls of all shapes with all outcomes from several threads, with concurrent scrapes.

use crate::report::{Report, grouped};
use crate::shapes::{ByHand, End, Tally};
use crate::watch::{Samples, Watch, grown, samples};
use measurand::exporter::Exporter;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) const SHORT: u64 = 1_000_000;
pub(crate) const FULL: u64 = 1_000_000_000;

pub(crate) fn run(report: &mut Report, exporter: &Exporter, threads: u32, calls: u64) {
    const TEST: &str = "exact";
    let url = exporter.url();
    let before = samples(&url);
    let steps = calls.div_ceil(Tally::CALLS * u64::from(threads));
    let all = steps * u64::from(threads) * Tally::CALLS;
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let start = Instant::now();
    let (tally, watch) = thread::scope(|scope| {
        let watch = scope.spawn(|| Watch::run(&url, Duration::from_millis(50), &stop));
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| work(steps, &done))).collect();
        while !workers.iter().all(thread::ScopedJoinHandle::is_finished) {
            thread::sleep(Duration::from_millis(100));
            if start.elapsed().as_millis() % 5000 < 100 {
                report.progress(TEST, &format!("{} of {} calls", grouped(done.load(Ordering::Relaxed)), grouped(all)));
            }
        }
        let mut tally = Tally::default();
        for it in workers {
            tally.add(&it.join().expect("all panics are caught"));
        }
        stop.store(true, Ordering::Relaxed);
        (tally, watch.join().expect("the watch does not panic"))
    });
    let seconds = start.elapsed().as_secs_f64();

    report.equal(TEST, "calls and recordings", tally.calls(), all);
    for (end, name) in [(End::Ok, "ok"), (End::Error, "error"), (End::Panic, "panic"), (End::Cancelled, "cancelled")] {
        let found = tally.ended(end);
        report.bound(TEST, format!("outcome {name}"), grouped(found), "some", found > 0);
    }
    compare(report, TEST, &before, &samples(&url), &tally);
    scrapes(report, TEST, &watch, 0);
    #[expect(clippy::cast_precision_loss, reason = "only whole nanoseconds are shown")]
    let each = seconds * 1e9 * f64::from(threads) / all as f64;
    report.bound(TEST, "time per call and thread", format!("{each:.0} ns"), "any", true);
}

fn work(steps: u64, done: &AtomicU64) -> Tally {
    const REPORTED: u64 = 10_000;
    let (mut tally, hand) = (Tally::default(), ByHand::new());
    for step in 0..steps {
        tally.step(&hand, step, End::of(step));
        if step % REPORTED == REPORTED - 1 {
            done.fetch_add(REPORTED * Tally::CALLS, Ordering::Relaxed);
        }
    }
    tally
}

/// Compares every series with the number of calls.
pub(crate) fn compare(report: &mut Report, test: &'static str, before: &Samples, after: &Samples, tally: &Tally) {
    let expected = tally.expected();
    let wrong: Vec<String> = expected
        .iter()
        .map(|(series, wanted)| (series, grown(before, after, series), wanted))
        .filter(|(_, found, wanted)| found != *wanted)
        .map(|(series, found, wanted)| format!("{series} is {found} instead of {wanted}"))
        .collect();
    report.bound(test, "series compared", grouped(expected.len() as u64), "at least 40", expected.len() >= 40);
    report.none(test, "series with a wrong value", &wrong);
    let left = after.iter().filter(|it| it.0.contains("_in_flight{") && *it.1 != 0.0);
    let left: Vec<String> = left.map(|(series, value)| format!("{series} is {value}")).collect();
    report.none(test, "calls still in flight", &left);
}

/// Reports the results of the concurrent scrapes.
pub(crate) fn scrapes(report: &mut Report, test: &'static str, watch: &Watch, may_fail: u64) {
    report.bound(test, "concurrent scrapes", grouped(watch.scrapes), "at least 3", watch.scrapes >= 3);
    report.bound(
        test,
        "failed scrapes",
        grouped(watch.failed),
        format!("at most {may_fail}"),
        watch.failed <= may_fail,
    );
    report.none(test, "inconsistencies within or between scrapes", &watch.problems);
}
