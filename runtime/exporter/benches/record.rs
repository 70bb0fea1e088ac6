//! The cost of recording with existing handles, compared with two clock reads, which timing a call needs.
//!
//! `cargo bench -p measurand-exporter --bench record` prints a table. Contenders take turns within each round, so a
//! machine that slows down slows all of them.
#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench prints its figures")]

use measurand_catalog::{Catalog, SITE_TARGET, families};
use measurand_exporter::{Program, Recorder};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram, with_local_recorder};
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;

const ROUNDS: usize = 101;
const CALLS: usize = 20_000;

/// The handles of one annotated function, as the runtime keeps them.
#[derive(Clone)]
struct Handles {
    calls: Counter,
    in_flight: Gauge,
    duration: Histogram,
}

fn main() {
    let program = Program {
        families: families::ALL.to_vec(),
        catalog: Catalog { format: Catalog::FORMAT, families: Vec::new(), sites: Vec::new() },
        binary: None,
        initialize: || (),
        limit_series: |_| (),
    };
    let recorder = Recorder::new(&program);
    let handles = with_local_recorder(&recorder, || Handles {
        calls: counter!(target: SITE_TARGET, "cache_hits_total", "cache" => "c"),
        in_flight: gauge!(target: SITE_TARGET, "function_calls_in_flight", "function" => "f", "module" => "m"),
        duration: histogram!(target: SITE_TARGET, "function_duration_seconds", "function" => "f", "module" => "m"),
    });
    for threads in [1, 2] {
        measure(threads, &handles);
    }
}

type Work<'a> = (&'a str, Box<dyn Fn(usize) + Sync + 'a>);

fn measure(threads: usize, handles: &Handles) {
    let clock = quanta::Clock::new();
    let works: [Work<'_>; 7] = [
        (
            "two raw clock reads",
            Box::new(|_| {
                let begin = clock.raw();
                black_box(clock.delta_as_nanos(begin, clock.raw()));
            }),
        ),
        ("counter", Box::new(|_| handles.calls.increment(1))),
        ("histogram, first bucket", Box::new(|_| handles.duration.record(black_box(1e-6)))),
        ("histogram, all buckets", Box::new(|call| handles.duration.record(VALUES[call % VALUES.len()]))),
        (
            "gauge up and down",
            Box::new(|_| {
                handles.in_flight.increment(1.0);
                handles.in_flight.decrement(1.0);
            }),
        ),
        (
            "a timed call: two clock reads, histogram",
            Box::new(|_| {
                let begin = clock.raw();
                let nanoseconds = clock.delta_as_nanos(begin, clock.raw());
                handles.duration.record(nanoseconds as f64 / 1e9);
            }),
        ),
        (
            "a timed call: two clock reads, histogram, gauge up and down",
            Box::new(|_| {
                handles.in_flight.increment(1.0);
                let begin = clock.raw();
                let nanoseconds = clock.delta_as_nanos(begin, clock.raw());
                handles.in_flight.decrement(1.0);
                handles.duration.record(nanoseconds as f64 / 1e9);
            }),
        ),
    ];
    let mut nanoseconds: Vec<Vec<f64>> = vec![Vec::new(); works.len()];
    for round in 0..ROUNDS + 5 {
        for (work, taken) in works.iter().zip(&mut nanoseconds) {
            let barrier = Barrier::new(threads);
            let sample = thread::scope(|scope| {
                let all: Vec<_> = (0..threads).map(|_| scope.spawn(|| sample(&barrier, work.1.as_ref()))).collect();
                all.into_iter().map(|it| it.join().expect("a contender does not panic")).fold(0.0, f64::max)
            });
            // The first rounds warm up.
            if round >= 5 {
                taken.push(sample);
            }
        }
    }
    println!("\n{threads} thread(s), nanoseconds a call, {ROUNDS} rounds of {CALLS} calls\n");
    println!("| work | median | p10 to p90 | ratio to two clock reads |\n|---|---:|---|---:|");
    let mut floor = None;
    for ((name, _), taken) in works.iter().zip(&mut nanoseconds) {
        taken.sort_by(f64::total_cmp);
        let at = |share: usize| taken[taken.len() * share / 100];
        let median = at(50);
        let floor = *floor.get_or_insert(median);
        println!("| {name} | {median:.1} | {:.1} to {:.1} | {:.2} |", at(10), at(90), median / floor);
    }
}

const VALUES: [f64; 8] = [1e-6, 5e-5, 2e-4, 7e-4, 0.003, 0.008, 0.02, 0.3];

fn sample(barrier: &Barrier, work: &(dyn Fn(usize) + Sync)) -> f64 {
    barrier.wait();
    let begin = std::time::Instant::now();
    for call in 0..CALLS {
        work(call);
    }
    begin.elapsed().as_secs_f64() * 1e9 / CALLS as f64
}
