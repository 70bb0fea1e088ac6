//! A real Prometheus scrapes native histograms as protocol buffers, and exemplars in both formats that support them.

#![allow(clippy::unwrap_used, clippy::float_cmp, reason = "the helpers of a test are tests; counts are exact")]

#[expect(dead_code, reason = "this test needs no alerts")]
#[path = "stack/prometheus.rs"]
mod prometheus;

use measurand::{measured, verified};
use measurand_tests::wait;
use prometheus::Prometheus;
use std::time::Duration;

#[measured]
fn sleeps(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

#[verified(agent_id = "coder")]
fn score(score: f64) -> f64 {
    score
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[test]
fn prometheus_scrapes_native_histograms_and_exemplars() {
    let exporter = measurand::exporter::builder()
        .listen("127.0.0.1:0")
        .native_histograms()
        .trace_ids(|| Some(TRACE.to_owned()))
        .install()
        .unwrap();
    (0..20).for_each(|_| sleeps(3));
    for it in [0.5, 0.9, 0.9, 0.96, 0.96, 0.96, 0.96, 1.0, 0.0, f64::NAN] {
        score(it);
    }
    metrics::histogram!("by_hand \\ \"\n", "label" => "a,b=\"c\"\\\n").record(5e6);

    let directory = tempfile::tempdir().unwrap();
    let target = exporter.address().to_string();
    let start = |flags: &str| {
        let directory = directory.path().join(flags);
        std::fs::create_dir(&directory).unwrap();
        let flags = format!("--enable-feature={flags}");
        let prometheus = Prometheus::start(&directory, &directory.join("no-rules"), "formats", &target, &[&flags]);
        wait("a scrape", || prometheus.number("up").filter(|it| *it == 1.0));
        prometheus
    };

    let text = start("exemplar-storage");
    assert_eq!(text.number(r#"function_duration_seconds_count{function="sleeps"}"#), Some(20.0));
    exemplar(&text, r#"function_duration_seconds_bucket{function="sleeps"}"#);

    let native = start("exemplar-storage,native-histograms");
    let number = |promql: &str| native.number(promql).unwrap_or_else(|| panic!("no sample for {promql}"));
    let sleeps = r#"function_duration_seconds{function="sleeps"}"#;
    assert_eq!(number(&format!("histogram_count({sleeps})")), 20.0);
    let sum = number(&format!("histogram_sum({sleeps})"));
    assert_eq!(sum, text.number(r#"function_duration_seconds_sum{function="sleeps"}"#).unwrap());
    // Every call sleeps for about three milliseconds.
    let median = number(&format!("histogram_quantile(0.5, {sleeps})"));
    assert!((0.0027..0.2).contains(&median), "{median}");
    // Native buckets of scores have an error of about four percent; NaN is not an observation.
    assert_eq!(number("histogram_count(truth_score)"), 9.0);
    let median = number("histogram_quantile(0.5, truth_score)");
    assert!((median / 0.96 - 1.0).abs() < 0.09, "{median}");
    assert_eq!(number("histogram_fraction(0, 0.001, truth_score)"), 1.0 / 9.0);
    // Label values with special characters arrive unchanged.
    let [by_hand] = &native.query("{__name__=~\"by_hand.*\"}")[..] else { panic!("one series") };
    assert_eq!(by_hand["metric"]["label"], "a,b=\"c\"\\\n");
    assert_eq!(number(r#"function_calls_total{function="sleeps"}"#), 20.0);
    exemplar(&native, sleeps);
}

fn exemplar(prometheus: &Prometheus, series: &str) {
    let found = wait("an exemplar", || {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let address = format!("query_exemplars?start={}&end={}", now - 600, now + 600);
        let answer = prometheus.ask(&address, series);
        answer.as_array()?.first()?["exemplars"].as_array()?.first().cloned()
    });
    assert_eq!(found["labels"]["trace_id"], TRACE);
    let value: f64 = found["value"].as_str().unwrap().parse().unwrap();
    assert!(value >= 0.003, "{found}");
}
