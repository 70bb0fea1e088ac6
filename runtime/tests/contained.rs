//! Panics in code beside an annotated function: the function's caller does not notice them, and every call is counted.

#![allow(clippy::unwrap_used, reason = "test helpers may unwrap, like tests")]

use measurand::{
    CacheResult, ErrorKind, GaugeValue, Score, cache_lookup, measured, pattern_memory, timed_query, verified,
};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

#[measured(ok_if = |it: &u32| 10 / it > 0)]
fn divides(number: u32) -> u32 {
    number
}

#[timed_query("select", table = |it: &Vec<&'static str>| it[7])]
fn indexes() -> Vec<&'static str> {
    vec!["patterns"]
}

#[timed_query("update", table = |()| Angry)]
fn labelled() {}

struct Angry;

impl measurand::Label for Angry {
    const VALUES: &'static [&'static str] = &[];

    fn index(&self) -> usize {
        0
    }

    fn value(&self) -> &str {
        panic!("on purpose")
    }
}

impl Score for Angry {
    fn score(&self) -> Option<f64> {
        panic!("on purpose")
    }
}

impl GaugeValue for Angry {
    fn level(&self) -> Option<f64> {
        panic!("on purpose")
    }
}

impl CacheResult for Angry {
    fn found(&self) -> Option<bool> {
        panic!("on purpose")
    }
}

impl ErrorKind for Angry {
    fn kind(&self) -> &'static str {
        panic!("on purpose")
    }
}

#[verified(agent_id = "coder")]
fn scores() -> Angry {
    Angry
}

#[pattern_memory]
fn levels() -> Angry {
    Angry
}

#[cache_lookup("answers")]
fn finds() -> Angry {
    Angry
}

#[measured]
fn fails() -> Result<(), Angry> {
    Err(Angry)
}

#[measured]
fn fine() -> u8 {
    7
}

/// A recorder that panics on every call.
struct Broken;

impl Recorder for Broken {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
        panic!("broken on purpose")
    }

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
        panic!("broken on purpose")
    }

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
        panic!("broken on purpose")
    }

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        panic!("broken on purpose")
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        panic!("broken on purpose")
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        panic!("broken on purpose")
    }
}

#[test]
fn the_caller_notices_nothing() {
    let exporter = measurand::exporter::builder().listen("127.0.0.1:0").install().unwrap();
    assert_eq!(divides(0), 0);
    assert_eq!(indexes(), ["patterns"]);
    labelled();
    let (_, _, _) = (scores(), levels(), finds());
    assert!(fails().is_err());

    // The same holds under a broken recorder, and if the function itself panics: there, a second panic would abort.
    metrics::with_local_recorder(&Broken, || {
        assert_eq!(fine(), 7);
        let unwound = std::panic::catch_unwind(|| {
            #[measured]
            fn panics() {
                panic!("on purpose")
            }
            panics();
        });
        assert!(unwound.is_err());
    });
    assert_eq!(fine(), 7);

    let text = ureq::get(format!("{}/metrics", exporter.url())).call().unwrap().into_body().read_to_string().unwrap();
    let has = |line: &str| assert!(text.lines().any(|it| it == line), "no {line} in\n{text}");
    has(r#"function_errors_total{function="divides",module="contained",outcome="error"} 1"#);
    has(r#"db_query_duration_seconds_count{query_type="select",table="panic"} 1"#);
    has(r#"db_query_duration_seconds_count{query_type="update",table="panic"} 1"#);
    has(r#"verification_failures_total{agent_id="coder"} 1"#);
    has(r#"function_errors_total{function="fails",module="contained",outcome="error"} 1"#);
    has(r#"function_calls_total{function="fine",module="contained"} 1"#);
    // Calls under the broken recorder are counted only there.
    has("measurand_contained_panics_total 7");
}
