//! Whether memory grows with ten million distinct label values and names, and with fifty million recordings without a
//! scrape.
//!
//! `cargo bench -p measurand-exporter --bench growth` prints a table. The process measures its own memory, which works
//! only on Linux.
#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench prints its figures")]

use measurand_catalog::{Catalog, SITE_TARGET, families};
use measurand_exporter::{Program, Recorder};
use metrics::{counter, gauge, histogram, with_local_recorder};
use std::time::Instant;

fn main() {
    let program = Program {
        families: families::ALL.to_vec(),
        catalog: Catalog { format: Catalog::FORMAT, families: Vec::new(), sites: Vec::new() },
        binary: None,
        initialize: || (),
        limit_series: |_| (),
    };
    let recorder = Recorder::new(&program);
    println!("| work | times | nanoseconds each | growth of resident memory, KiB |");
    println!("|---|---:|---:|---:|");
    let work = |name: &str, times: u64, record: &dyn Fn(u64)| {
        with_local_recorder(&recorder, || {
            // Memory that is used until the limits are reached does not count as growth.
            (0..10_000).for_each(record);
            let (before, begin) = (resident(), Instant::now());
            (10_000..times).for_each(record);
            let each = begin.elapsed().as_nanos() as f64 / (times - 10_000) as f64;
            let grown = resident().saturating_sub(before) / 1024;
            println!("| {name} | {times} | {each:.0} | {grown} |");
        });
    };
    work("distinct values of a family's label", 10_000_000, &|number| {
        counter!("function_calls_total", "function" => format!("user_{number}"), "module" => "m").increment(1);
    });
    work("distinct values of another metric's label", 10_000_000, &|number| {
        counter!("requests_total", "user" => format!("user_{number}")).increment(1);
    });
    work("distinct names of metrics", 10_000_000, &|number| {
        counter!(format!("requests_of_{number}_total")).increment(1);
    });

    let (calls, in_flight, duration, foreign) = with_local_recorder(&recorder, || {
        (
            counter!(target: SITE_TARGET, "cache_hits_total", "cache" => "c"),
            gauge!(target: SITE_TARGET, "function_calls_in_flight", "function" => "f", "module" => "m"),
            histogram!(target: SITE_TARGET, "function_duration_seconds", "function" => "f", "module" => "m"),
            histogram!("wait_seconds"),
        )
    });
    work("recordings without a scrape: counter, gauge, histogram of a family", 50_000_000, &|number| {
        in_flight.increment(1.0);
        calls.increment(1);
        duration.record((number % 1000) as f64 / 1e5);
        in_flight.decrement(1.0);
    });
    work("recordings without a scrape: another histogram", 50_000_000, &|number| {
        foreign.record((number % 1000) as f64 / 1e5);
    });
}

fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("this bench runs on Linux");
    pages.split(' ').nth(1).and_then(|it| it.parse::<usize>().ok()).expect("a number of pages") * 4096
}
