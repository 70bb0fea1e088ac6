//! Load over a long time, with restarts, short-lived threads and broken clients.

use crate::exact::{compare, scrapes};
use crate::process::{descriptors, mebibytes, resident};
use crate::report::{Report, grouped};
use crate::serve;
use crate::shapes::{ByHand, End, Tally};
use crate::watch::{Watch, fetch, samples};
use measurand::exporter::Exporter;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) const SHORT: u64 = 20;
pub(crate) const FULL: u64 = 1800;
const TEST: &str = "soak";
/// Maximum growth of memory per minute. The history of the live page grows for one hour, but by less.
const MOST_BYTES_A_MINUTE: f64 = 256.0 * 1024.0;
/// Maximum variation of memory in a short run, where the variation of the allocator dominates.
const MOST_BYTES: u64 = 4 << 20;

pub(crate) fn run(report: &mut Report, exporter: &Exporter, threads: u32, seconds: u64) {
    let (url, address) = (exporter.url(), exporter.address().to_string());
    let before = samples(&url);
    let open = descriptors();
    let end = Instant::now() + Duration::from_secs(seconds);
    let (stop, calls, restarts) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let total = Mutex::new(Tally::default());
    let mut memory: Vec<(f64, u64)> = Vec::new();
    let watch = thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| load(end, &total, &calls));
        }
        scope.spawn(|| break_off(&address, &stop));
        scope.spawn(|| local_recorders(&stop));
        let watch = scope.spawn(|| Watch::run(&url, Duration::from_secs(1), &stop));
        let start = Instant::now();
        let mut next_restart = seconds.min(10);
        while Instant::now() < end {
            thread::sleep(Duration::from_millis(500));
            let now = start.elapsed();
            memory.push((now.as_secs_f64(), resident()));
            if now.as_secs() >= next_restart {
                next_restart += seconds.clamp(10, 60);
                restart(&address);
                restarts.fetch_add(1, Ordering::Relaxed);
                let (done, bytes) = (grouped(calls.load(Ordering::Relaxed)), mebibytes(resident()));
                report.progress(TEST, &format!("{done} calls, {bytes}, {} descriptors", descriptors()));
            }
        }
        stop.store(true, Ordering::Relaxed);
        watch.join().expect("the watch does not panic")
    });
    // Waits until the endpoint has closed broken and idle connections.
    let patience = Instant::now() + Duration::from_secs(20);
    while descriptors() > open && Instant::now() < patience {
        thread::sleep(Duration::from_millis(200));
    }
    let left = descriptors();
    let after = samples(&url);
    let tally = total.into_inner().expect("no thread panicked");
    report.bound(TEST, "seconds, calls", format!("{seconds}, {}", grouped(tally.calls())), "some", tally.calls() > 0);
    let restarts = restarts.into_inner();
    report.bound(TEST, "restarts of the endpoint", grouped(restarts), "some", restarts > 0);
    compare(report, TEST, &before, &after, &tally);
    // A shutdown waits for open responses; scrapes fail until the new endpoint listens.
    scrapes(report, TEST, &watch, restarts * 15);
    report.bound(TEST, "additional descriptors at the end", grouped(left.saturating_sub(open)), "0", left <= open);
    slope(report, &memory);
}

/// Calls all shapes in short-lived threads, so slots change their owners.
fn load(end: Instant, total: &Mutex<Tally>, calls: &AtomicU64) {
    while Instant::now() < end {
        let tally = thread::scope(|scope| {
            let worker = scope.spawn(|| {
                let (mut tally, hand) = (Tally::default(), ByHand::new());
                for step in 0..20_000 {
                    tally.step(&hand, step, End::of(step));
                    if step.is_multiple_of(256) && Instant::now() >= end {
                        break;
                    }
                }
                tally
            });
            worker.join().expect("all panics are caught")
        });
        calls.fetch_add(tally.calls(), Ordering::Relaxed);
        total.lock().expect("no thread panicked").add(&tally);
    }
}

/// Runs clients that send half a request, read half a response or send nothing.
fn break_off(address: &str, stop: &AtomicBool) {
    let mut idle = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        for words in ["GET /met", "GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n", ""] {
            let Ok(mut stream) = TcpStream::connect(address) else { continue };
            let _closed = stream.set_read_timeout(Some(Duration::from_millis(200)));
            let _closed = stream.write_all(words.as_bytes());
            if words.ends_with("\r\n\r\n") {
                let _closed = stream.read(&mut [0; 100]);
            }
            idle.push(stream);
        }
        if idle.len() > 12 {
            idle.clear();
        }
        thread::sleep(Duration::from_millis(250));
    }
}

/// Uses local recorders like tests do; they must not leak and not change the global recorder.
fn local_recorders(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let recorder = measurand_exporter::Recorder::new(&measurand_exporter::Program {
            families: Vec::new(),
            catalog: measurand::catalog(),
            binary: None,
            initialize: || (),
            limit_series: |_| (),
        });
        metrics::with_local_recorder(&recorder, || {
            let (mut tally, hand) = (Tally::default(), ByHand::new());
            (0..20).for_each(|step| tally.step(&hand, step, End::of(step)));
        });
        drop(recorder.render());
        thread::sleep(Duration::from_millis(200));
    }
}

/// Shuts down the endpoint and starts another one at the same address.
fn restart(address: &str) {
    let serving = serve(address).expect("the endpoint is running");
    serving.shutdown();
    for _ in 0..50 {
        if serve(address).is_ok_and(|it| fetch(&it.url()).is_ok()) {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Reports the growth of memory: the slope of a least-squares line, without the first third of the samples.
fn slope(report: &mut Report, memory: &[(f64, u64)]) {
    let later = &memory[memory.len() / 3..];
    #[expect(clippy::cast_precision_loss, reason = "bytes far below 2^53")]
    let points: Vec<(f64, f64)> = later.iter().map(|(time, bytes)| (*time, *bytes as f64)).collect();
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let mean = |pick: fn(&(f64, f64)) -> f64| points.iter().map(pick).sum::<f64>() / points.len().max(1) as f64;
    let (time, bytes) = (mean(|it| it.0), mean(|it| it.1));
    let above: f64 = points.iter().map(|it| (it.0 - time) * (it.1 - bytes)).sum();
    let below: f64 = points.iter().map(|it| (it.0 - time).powi(2)).sum();
    let minute = if below > 0.0 { above / below * 60.0 } else { 0.0 };
    let spread =
        later.iter().map(|it| it.1).max().unwrap_or_default() - later.iter().map(|it| it.1).min().unwrap_or_default();
    let good = minute < MOST_BYTES_A_MINUTE || spread < MOST_BYTES;
    let found = format!("{:.0} KiB a minute, spread {}", minute / 1024.0, mebibytes(spread));
    report.bound(TEST, "growth of resident memory", found, "256 KiB a minute, or 4.00 MiB", good);
    let last = memory.last().map_or(0, |it| it.1);
    report.bound(TEST, "resident memory at the end", mebibytes(last), "any", true);
}
