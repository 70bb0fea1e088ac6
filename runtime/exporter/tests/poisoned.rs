//! User code panics repeatedly in every hook: recording and scraping go on, nothing blocks, and every figure is exact.
//! This test has its own process, since its hooks apply to the whole process.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod support;

use measurand_exporter::{Builder, Program};
use metrics::{counter, gauge, histogram};
use std::borrow::Cow;
use std::panic::catch_unwind;
use std::thread;
use support::{check_scrape, get, program};

/// A panic payload that panics again when it is dropped.
struct Angry;

impl Drop for Angry {
    fn drop(&mut self) {
        assert!(thread::panicking(), "while it is dropped, on purpose");
    }
}

fn redact<'a>(_: &str, label: &str, value: &'a str) -> Option<Cow<'a, str>> {
    match (label, value) {
        ("secret", "plain") => panic!("on purpose"),
        ("secret", _) => std::panic::panic_any(Angry),
        _ => None,
    }
}

#[test]
fn code_of_the_user_that_panics_closes_nothing() {
    const THREADS: u32 = 8;
    const TIMES: u32 = 50;
    let builder = |initialize| {
        let program = Program { initialize, ..program() };
        Builder::new(program).redact(redact).trace_ids(|| std::panic::panic_any(Angry)).listen("127.0.0.1:0")
    };
    // Panics while the process-wide lock is held.
    let broken = catch_unwind(|| builder(|| panic!("on purpose")).install()).is_err();
    assert!(broken, "the first installation panics");
    let exporter = builder(|| ()).install().unwrap();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for number in 0..TIMES {
                    counter!("kept_total", "user" => "ann").increment(1);
                    counter!("judged_total", "secret" => "plain").increment(1);
                    counter!("judged_total", "secret" => format!("angry {number}")).increment(1);
                    gauge!("level", "secret" => "plain").set(0.5);
                    histogram!("wait_seconds", "secret" => "angry").record(0.2);
                }
            });
        }
        for _ in 0..20 {
            assert_eq!(get(exporter.address(), "/metrics").status, 200);
            assert_eq!(get(exporter.address(), "/live/alerts").status, 200);
        }
    });
    let series = check_scrape(get(exporter.address(), "/metrics").text());
    let all = f64::from(THREADS * TIMES);
    for (name, value) in [
        (r#"kept_total{user="ann"}"#, all),
        (r#"judged_total{secret="_other"}"#, all * 2.0),
        (r#"level{secret="_other"}"#, 0.5),
        (r#"wait_seconds_count{secret="_other"}"#, all),
        ("measurand_contained_panics_total", all * 4.0),
    ] {
        assert_eq!(series.get(name).map(|it| it.to_bits()), Some(value.to_bits()), "{name}: {:?}", series.get(name));
    }
    exporter.shutdown();
    assert!(builder(|| ()).install().is_ok(), "it can be installed again");
}
