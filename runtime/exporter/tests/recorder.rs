//! The recorder alone: the text contains what was recorded through the facade.

mod support;

use measurand_catalog::SITE_TARGET;
use measurand_exporter::Recorder;
use metrics::{counter, describe_counter, gauge, histogram, with_local_recorder};
use support::{check_promtool, check_scrape, program};

/// Renders the recordings of the actions, and checks the general rules.
fn recorded(actions: impl FnOnce()) -> String {
    let recorder = Recorder::new(&program());
    with_local_recorder(&recorder, actions);
    let text = recorder.render();
    check_scrape(&text);
    check_promtool(&text);
    text
}

fn check(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|it| it == *line), "`{line}` is missing in:\n{text}");
    }
}

fn check_absent(text: &str, part: &str) {
    assert!(!text.contains(part), "`{part}` is in:\n{text}");
}

#[test]
fn every_registered_series_is_there_from_the_start_with_help_and_type() {
    let text = recorded(|| {
        let _ = counter!(target: SITE_TARGET, "neural_operations_total", "operation_type" => "learning");
        let _ = histogram!(target: SITE_TARGET, "neural_operation_duration_seconds", "operation_type" => "learning");
        let _ = gauge!(target: SITE_TARGET, "agent_truth_score", "agent_id" => "coder");
    });
    check(
        &text,
        &[
            "# HELP neural_operations_total Neural operations that ended, with any outcome.",
            "# TYPE neural_operations_total counter",
            r#"neural_operations_total{operation_type="learning"} 0"#,
            "# TYPE neural_operation_duration_seconds histogram",
            r#"neural_operation_duration_seconds_bucket{operation_type="learning",le="0.000001"} 0"#,
            r#"neural_operation_duration_seconds_bucket{operation_type="learning",le="1"} 0"#,
            r#"neural_operation_duration_seconds_bucket{operation_type="learning",le="+Inf"} 0"#,
            r#"neural_operation_duration_seconds_sum{operation_type="learning"} 0"#,
            r#"neural_operation_duration_seconds_count{operation_type="learning"} 0"#,
            r#"agent_truth_score{agent_id="coder"} 0"#,
        ],
    );
    // A metric without series is not rendered.
    check_absent(&text, "db_query");
}

#[test]
fn annotations_and_hand_made_recordings_land_in_one_series() {
    let text = recorded(|| {
        let site = counter!(target: SITE_TARGET, "neural_operations_total", "operation_type" => "learning");
        let duration =
            histogram!(target: SITE_TARGET, "neural_operation_duration_seconds", "operation_type" => "learning");
        for _ in 0..3 {
            site.increment(1);
            duration.record(0.25);
        }
        counter!("neural_operations_total", "operation_type" => "learning").increment(4);
        histogram!("neural_operation_duration_seconds", "operation_type" => "learning").record(0.5);
        counter!("neural_operations_total", "operation_type" => "retrieval").increment(1);
    });
    check(
        &text,
        &[
            // Three calls of the annotated function and four by hand; the duration by hand does not count as a call.
            r#"neural_operations_total{operation_type="learning"} 7"#,
            r#"neural_operations_total{operation_type="retrieval"} 1"#,
            r#"neural_operation_duration_seconds_count{operation_type="learning"} 4"#,
            r#"neural_operation_duration_seconds_sum{operation_type="learning"} 1.25"#,
            r#"neural_operation_duration_seconds_bucket{operation_type="learning",le="0.1"} 0"#,
        ],
    );
}

#[test]
fn a_counter_without_a_duration_of_the_site_counts_by_itself() {
    let text = recorded(|| {
        counter!(target: SITE_TARGET, "verification_success_total", "agent_id" => "coder").increment(2);
        counter!(target: SITE_TARGET, "db_query_errors_total", "table" => "t", "query_type" => "select", "outcome" => "panic")
            .increment(1);
    });
    check(
        &text,
        &[
            r#"verification_success_total{agent_id="coder"} 2"#,
            r#"db_query_errors_total{outcome="panic",query_type="select",table="t"} 1"#,
        ],
    );
}

#[test]
fn a_duration_counts_as_a_call_only_where_the_site_counts_calls() {
    let text = recorded(|| {
        histogram!(target: SITE_TARGET, "neural_operation_duration_seconds", "operation_type" => "learning")
            .record(0.1);
        counter!("neural_operations_total", "operation_type" => "learning").increment(1);
    });
    check(&text, &[r#"neural_operations_total{operation_type="learning"} 1"#]);
}

#[test]
fn the_order_of_labels_makes_no_second_series() {
    let text = recorded(|| {
        histogram!("db_query_duration_seconds", "query_type" => "select", "table" => "t").record(1.0);
        histogram!("db_query_duration_seconds", "table" => "t", "query_type" => "select").record(1.0);
        counter!("foreign_total", "a" => "1", "b" => "2").increment(1);
        counter!("foreign_total", "b" => "2", "a" => "1").increment(1);
    });
    check(
        &text,
        &[r#"db_query_duration_seconds_count{query_type="select",table="t"} 2"#, r#"foreign_total{a="1",b="2"} 2"#],
    );
}

/// Prometheus treats a label without a value as missing.
#[test]
fn an_empty_label_makes_no_second_series() {
    let text = recorded(|| {
        counter!("orders_total", "kind" => "").increment(1);
        counter!("orders_total").increment(2);
        counter!("orders_total", "kind" => "", "user" => "a").increment(3);
        counter!("orders_total", "user" => "a").increment(4);
        counter!("orders_total", "user" => "a", "user" => "").increment(5);
        gauge!("level", "place" => "").set(1.0);
        gauge!("level").set(2.0);
        histogram!("wait_seconds", "place" => "").record(0.2);
        histogram!("wait_seconds").record(0.3);
        counter!("db_query_errors_total", "query_type" => "", "table" => "t", "outcome" => "error").increment(1);
        counter!("db_query_errors_total", "table" => "t", "outcome" => "error").increment(1);
    });
    check(
        &text,
        &[
            "orders_total 8",
            r#"orders_total{user="a"} 7"#,
            "level 2",
            "wait_seconds_count 2",
            r#"db_query_errors_total{outcome="error",table="t"} 2"#,
        ],
    );
    check_absent(&text, "=\"\"");
}

#[test]
fn observations_fall_into_the_bucket_of_their_bound() {
    // The observation, and the count of each bucket up to +Inf.
    let cases: [(f64, [u8; 12]); 8] = [
        (0.1, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
        (0.100_000_001, [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
        (0.85, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]),
        (1.0, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]),
        (1.5, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        (f64::NAN, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        (f64::INFINITY, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        (-2.0, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
    ];
    for (value, buckets) in cases {
        let recorder = Recorder::new(&program());
        with_local_recorder(&recorder, || histogram!("truth_score", "agent_id" => "coder").record(value));
        let text = recorder.render();
        check_scrape(&text);
        let counts = text.lines().filter(|it| it.starts_with("truth_score_bucket"));
        let counts: Vec<u8> = counts.map(|it| it.rsplit(' ').next().unwrap().parse().unwrap()).collect();
        assert_eq!(counts, buckets, "{value}");
    }
}

#[test]
fn label_values_are_escaped() {
    let text = recorded(|| {
        for name in ["neural_operations_total", "foreign_total"] {
            for value in ["\"quoted\"", "line\nfeed", "back\\slash", "\\", "\\\\", "\\\"", "\\n", "crab 🦀", "{},= "]
            {
                counter!(name, "operation_type" => value).increment(1);
            }
        }
    });
    for name in ["neural_operations_total", "foreign_total"] {
        let values =
            [r#"\"quoted\""#, r"line\nfeed", r"back\\slash", r"\\", r"\\\\", r#"\\\""#, r"\\n", "crab 🦀", "{},= "];
        for value in values {
            check(&text, &[&format!("{name}{{operation_type=\"{value}\"}} 1")]);
        }
    }
}

#[test]
fn a_name_of_another_kind_is_ignored() {
    let text = recorded(|| {
        counter!("neural_operations_total", "operation_type" => "learning").increment(1);
        gauge!("neural_operations_total", "operation_type" => "learning").set(9.0);
        histogram!("neural_operations_total", "operation_type" => "learning").record(9.0);
        gauge!("truth_score").set(9.0);
        counter!("process_threads").increment(1000);
        counter!("foreign_total").increment(1);
        gauge!("foreign_total").set(9.0);
    });
    check(&text, &[r#"neural_operations_total{operation_type="learning"} 1"#, "foreign_total 1"]);
    check_absent(&text, "# TYPE neural_operations_total gauge");
    check_absent(&text, "truth_score");
}

#[test]
fn names_that_would_become_equal_are_one_metric() {
    let text = recorded(|| {
        counter!("neural.operations.total", "operation.type" => "learning").increment(1);
        counter!("neural_operations_total", "operation_type" => "learning").increment(1);
        counter!("red.blue_total").increment(1);
        counter!("red_blue_total").increment(1);
        gauge!("red/blue_total").set(5.0);
        counter!("").increment(1);
        counter!("truth_score_count").increment(1);
        histogram!("waiting_seconds").record(0.2);
        counter!("waiting_seconds_count").increment(7);
    });
    check(
        &text,
        &[r#"neural_operations_total{operation_type="learning"} 2"#, "red_blue_total 2", "waiting_seconds_count 1"],
    );
    check_absent(&text, "truth_score_count");
}

#[test]
fn a_histogram_does_not_take_the_names_of_others() {
    let recorder = Recorder::new(&program());
    with_local_recorder(&recorder, || {
        gauge!("x_sum").set(1.0);
        histogram!("x").record(1.0);
        histogram!("y").record(1.0);
        gauge!("y_sum").set(9.0);
    });
    let text = recorder.render();
    check_scrape(&text);
    check(&text, &["x_sum 1", "y_sum 1", "y_count 1"]);
    check_absent(&text, "x_bucket");
}

#[test]
fn foreign_metrics_are_sorted_and_histograms_have_buckets() {
    let text = recorded(|| {
        describe_counter!("b_total", "Two \\ lines\nof help.");
        for name in ["c_total", "a_total", "b_total"] {
            for value in ["5", "2", "4", "1", "3", "6"] {
                counter!(name, "l" => value).increment(1);
            }
        }
        histogram!("z_seconds", "le" => "mine").record(0.3);
    });
    let names: Vec<_> =
        text.lines().filter(|it| it.starts_with("# TYPE")).map(|it| it.split(' ').nth(2).unwrap()).collect();
    assert_eq!(names[names.len() - 4..], ["a_total", "b_total", "c_total", "z_seconds"]);
    check(
        &text,
        &[
            r"# HELP b_total Two \\ lines\nof help.",
            "# HELP a_total Recorded by the program without a description.",
            r#"z_seconds_bucket{exported_le="mine",le="0.5"} 1"#,
            r#"z_seconds_bucket{exported_le="mine",le="+Inf"} 1"#,
        ],
    );
    for name in ["a_total", "b_total", "c_total"] {
        let lines: Vec<_> = text.lines().filter(|it| it.starts_with(name)).collect();
        assert_eq!(lines.len(), 6);
        assert!(lines.is_sorted(), "{lines:?}");
    }
}

#[test]
fn the_process_and_the_build_are_there_without_annotations() {
    let text = recorded(|| {
        // `metrics-process` would record this; the exact value stays.
        counter!("process_cpu_seconds_total").absolute(1_000_000);
    });
    check(&text, &["# TYPE process_cpu_seconds_total counter", "measurand_sites 1"]);
    check(&text, &[r#"build_info{commit="unknown",name="shop",version="1.2.3"} 1"#]);
    let series = check_scrape(&text);
    assert!(series["process_cpu_seconds_total"] < 1000.0);
    for name in ["process_resident_memory_bytes", "process_open_fds", "process_max_fds", "process_start_time_seconds"] {
        assert!(series[name] > 0.0, "{name}");
    }
    check_absent(&text, "tokio_");
}

#[test]
fn a_described_metric_keeps_its_help() {
    let text = recorded(|| {
        describe_counter!("neural_operations_total", "Something else.");
        counter!("neural_operations_total", "operation_type" => "learning").increment(1);
    });
    check_absent(&text, "Something else.");
}

#[test]
fn gauges_move_both_ways() {
    let text = recorded(|| {
        let in_flight = gauge!("function_calls_in_flight", "function" => "f", "module" => "m");
        in_flight.increment(1);
        in_flight.increment(1);
        in_flight.decrement(1);
        let score = gauge!("agent_truth_score", "agent_id" => "coder");
        score.set(0.5);
        score.increment(0.25);
    });
    check(
        &text,
        &[r#"function_calls_in_flight{function="f",module="m"} 1"#, r#"agent_truth_score{agent_id="coder"} 0.75"#],
    );
}
