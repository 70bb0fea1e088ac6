//! Many threads record while the endpoint is scraped over HTTP: each scrape is consistent, and no recording is lost.

mod support;

use measurand_catalog::SITE_TARGET;
use measurand_exporter::{Builder, Program};
use metrics::{counter, gauge, histogram};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use support::{check_promtool, check_scrape, program};

const THREADS: usize = 8;
const CALLS: usize = 200_000;

/// Registers series at zero on the global recorder, as the runtime does.
fn initialize() {
    let _ = counter!(target: SITE_TARGET, "function_calls_total", "function" => "f", "module" => "m");
    let _ = histogram!(target: SITE_TARGET, "function_duration_seconds", "function" => "f", "module" => "m");
}

fn work(thread: usize) {
    let calls = counter!(target: SITE_TARGET, "function_calls_total", "function" => "f", "module" => "m");
    let duration = histogram!(target: SITE_TARGET, "function_duration_seconds", "function" => "f", "module" => "m");
    let in_flight = gauge!(target: SITE_TARGET, "function_calls_in_flight", "function" => "f", "module" => "m");
    let errors = counter!(target: SITE_TARGET, "function_errors_total", "function" => "f", "module" => "m", "outcome" => "error");
    let durations = [1e-6, 1e-4, 0.002, 0.03, 20.0];
    for call in 0..CALLS {
        in_flight.increment(1);
        duration.record(durations[(call + thread) % durations.len()]);
        calls.increment(1);
        if call % 10 == 0 {
            errors.increment(1);
            counter!("foreign_total").increment(1);
            counter!("function_calls_total", "function" => "g", "module" => "m").increment(1);
        }
        in_flight.decrement(1);
    }
}

fn scrape(url: &str) -> BTreeMap<String, f64> {
    let text =
        ureq::get(format!("{url}/metrics")).call().expect("answers").body_mut().read_to_string().expect("is read");
    check_scrape(&text)
}

/// Scrapes until `stop` is set, and compares each scrape with the previous one. Returns the number of scrapes.
fn watch(url: &str, stop: &AtomicBool) -> u32 {
    let mut before = scrape(url);
    let mut scrapes = 1;
    while !stop.load(Ordering::Relaxed) {
        let now = scrape(url);
        for (name, value) in &before {
            let grows = ["_total", "_bucket", "_count", "_sum"].iter().any(|it| name.contains(it));
            assert!(!grows || now[name] >= *value, "{name} fell from {value} to {}", now[name]);
        }
        assert_eq!(
            now[r#"function_calls_total{function="f",module="m"}"#].to_bits(),
            now[r#"function_duration_seconds_count{function="f",module="m"}"#].to_bits(),
            "calls and durations of one scrape agree"
        );
        before = now;
        scrapes += 1;
    }
    scrapes
}

#[test]
fn nothing_is_lost_and_no_scrape_is_torn() {
    let exporter = Builder::new(Program { initialize, ..program() }).listen("127.0.0.1:0").install().unwrap();
    let url = exporter.url();
    assert!(
        scrape(&url).contains_key(r#"function_calls_total{function="f",module="m"}"#),
        "zeroed before the first call"
    );

    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let watchers = [scope.spawn(|| watch(&url, &stop)), scope.spawn(|| watch(&url, &stop))];
        let workers: Vec<_> = (0..THREADS).map(|it| scope.spawn(move || work(it))).collect();
        for worker in workers {
            worker.join().unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        for watcher in watchers {
            assert!(watcher.join().unwrap() > 2, "the scrapes ran meanwhile");
        }
    });

    let text = ureq::get(format!("{url}/metrics")).call().unwrap().body_mut().read_to_string().unwrap();
    check_promtool(&text);
    let total = THREADS * CALLS;
    for (name, expected) in [
        (r#"function_calls_total{function="f",module="m"}"#, total),
        (r#"function_calls_total{function="g",module="m"}"#, total / 10),
        (r#"function_duration_seconds_count{function="f",module="m"}"#, total),
        (r#"function_duration_seconds_bucket{function="f",module="m",le="0.0001"}"#, total / 5 * 2),
        (r#"function_duration_seconds_bucket{function="f",module="m",le="10"}"#, total / 5 * 4),
        (r#"function_errors_total{function="f",module="m",outcome="error"}"#, total / 10),
        (r#"function_calls_in_flight{function="f",module="m"}"#, 0),
        ("foreign_total", total / 10),
    ] {
        assert!(text.lines().any(|it| it == format!("{name} {expected}")), "{name} is not {expected} in:\n{text}");
    }
    // 20.032101 seconds for every five calls, exact to the nanosecond.
    let sum = total / 5 * 20_032_101;
    let sum = format!(
        "function_duration_seconds_sum{{function=\"f\",module=\"m\"}} {}.{:06}",
        sum / 1_000_000,
        sum % 1_000_000
    );
    assert!(text.contains(sum.trim_end_matches('0').trim_end_matches('.')), "{sum} is missing in:\n{text}");
}
