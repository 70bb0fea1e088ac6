//! The OpenMetrics text has the same samples as the Prometheus text, in its own syntax.

mod support;

use measurand_catalog::SITE_TARGET;
use measurand_exporter::Recorder;
use metrics::{counter, describe_counter, gauge, histogram, with_local_recorder};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};
use support::{check_scrape, program};

fn recorder() -> Recorder {
    let recorder = Recorder::new(&program());
    with_local_recorder(&recorder, || {
        let labels = [("function", "f"), ("module", "m")];
        let _ = counter!(target: SITE_TARGET, "function_calls_total", &labels);
        let duration = histogram!(target: SITE_TARGET, "function_duration_seconds", &labels);
        gauge!(target: SITE_TARGET, "function_calls_in_flight", &labels).increment(1);
        for value in [1e-6, 0.02, 0.02, 7.0] {
            duration.record(value);
        }
        gauge!("agent_truth_score", "agent_id" => "a \"quoted\"\nline\\").set(0.25);
        describe_counter!("orders_total", "Orders, \"paid\" or not.\nAll of \\ them.");
        counter!("orders_total", "shop" => "north").increment(3);
        counter!("visits").increment(4);
        gauge!("clash").set(1.0);
        counter!("clash_total").increment(5);
        histogram!("wait_seconds").record(0.3);
    });
    recorder
}

/// Checks the rules of the format. Returns the samples by name and labels.
/// <https://prometheus.io/docs/specs/om/open_metrics_spec/>
fn check(text: &str) -> BTreeMap<String, String> {
    let body = text.strip_suffix("# EOF\n").expect("the text ends with `# EOF`");
    assert!(!body.contains("# EOF"));
    let (mut samples, mut seen) = (BTreeMap::new(), BTreeSet::new());
    let (mut family, mut kind) = ("", "");
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let (what, rest) = rest.split_once(' ').expect(line);
            let (name, value) = rest.split_once(' ').expect(line);
            assert!(seen.insert(format!("{what} {name}")), "twice: {line}");
            match what {
                "HELP" => family = name,
                "TYPE" => kind = value,
                "UNIT" => assert!(name.ends_with(&format!("_{value}")), "{line}"),
                _ => panic!("no such line: {line}"),
            }
            assert_eq!(name, family, "the lines of a metric belong together");
            continue;
        }
        let (name, value) = line.rsplit_once(' ').expect(line);
        let suffix = name.split('{').next().and_then(|it| it.strip_prefix(family)).expect(line);
        let allowed: &[&str] = match kind {
            "counter" => &["_total", "_created"],
            "gauge" | "unknown" => &[""],
            "histogram" => &["_bucket", "_sum", "_count", "_created"],
            _ => panic!("no such type: {kind}"),
        };
        assert!(allowed.contains(&suffix), "{line} is not a sample of the {kind} {family}");
        if let Some((_, bound)) = name.rsplit_once("le=\"").filter(|_| suffix == "_bucket") {
            let bound = bound.trim_end_matches("\"}");
            assert!(bound.contains(['.', 'e']) || bound == "+Inf", "{line}: `{bound}` looks like an integer");
        }
        assert!(samples.insert(name.to_owned(), value.to_owned()).is_none(), "twice: {line}");
    }
    samples
}

#[test]
fn it_has_the_same_samples_as_the_prometheus_text() {
    let recorder = recorder();
    let text = recorder.render_openmetrics();
    let samples = check(&text);
    for line in [
        "# HELP function_calls Calls that ended, with any outcome.",
        "# TYPE function_calls counter",
        r#"function_calls_total{function="f",module="m"} 4"#,
        "# TYPE function_duration_seconds histogram",
        "# UNIT function_duration_seconds seconds",
        r#"function_duration_seconds_bucket{function="f",module="m",le="1e-05"} 1"#,
        r#"function_duration_seconds_bucket{function="f",module="m",le="1.0"} 3"#,
        r#"function_duration_seconds_bucket{function="f",module="m",le="+Inf"} 4"#,
        "# UNIT process_resident_memory_bytes bytes",
        "# TYPE process_cpu_seconds counter",
        r#"# HELP orders Orders, \"paid\" or not.\nAll of \\ them."#,
        r#"orders_total{shop="north"} 3"#,
        // OpenMetrics does not allow this name for a counter, so the type is unknown.
        "# TYPE visits unknown",
        "visits 4",
        // Two metrics must not have the same name.
        "# TYPE clash gauge",
        "# TYPE clash_total unknown",
        "clash_total 5",
        r#"agent_truth_score{agent_id="a \"quoted\"\nline\\"} 0.25"#,
    ] {
        assert!(text.lines().any(|it| it == line), "`{line}` is missing in:\n{text}");
    }
    // All samples of the other text are included, except volatile ones and buckets, whose bounds are written
    // differently.
    let fixed = |name: &&String| !name.starts_with("process_") && !name.contains("_bucket{");
    let plain = check_scrape(&recorder.render());
    let count = plain.keys().filter(fixed).inspect(|it| assert!(samples.contains_key(*it), "{it} is missing")).count();
    let created = samples.keys().filter(|it| it.contains("_created")).count();
    assert_eq!(samples.keys().filter(fixed).count(), count + created);
}

#[test]
fn counters_and_histograms_have_creation_times() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let before = now();
    let samples = check(&recorder().render_openmetrics());
    for name in [
        r#"function_calls_created{function="f",module="m"}"#,
        r#"function_duration_seconds_created{function="f",module="m"}"#,
        r#"orders_created{shop="north"}"#,
        "wait_seconds_created",
    ] {
        let created: f64 = samples[name].parse().unwrap();
        assert!(created > before - 1.0 && created <= now(), "{name} {created}");
    }
    // The creation times of these are unknown or conflict with another name.
    for name in ["process_cpu_seconds_created", "visits_created", "clash_created"] {
        assert!(!samples.contains_key(name), "{name}");
    }
}
