//! The limit on series: recordings beyond it count as `_other`, and all others stay unchanged.

mod support;

use measurand_catalog::SITE_TARGET;
use measurand_exporter::Recorder;
use metrics::{Label, counter, gauge, histogram, with_local_recorder};
use support::{check_promtool, check_scrape, program};

/// Renders the recordings of the actions with this limit of series per metric.
fn recorded(limit: usize, actions: impl FnOnce()) -> String {
    let recorder = Recorder::new(&program());
    recorder.set_series_limit(limit);
    with_local_recorder(&recorder, actions);
    let text = recorder.render();
    check_scrape(&text);
    check_promtool(&text);
    text
}

/// Asserts that the metric has exactly these lines, in any order.
fn check(text: &str, metric: &str, lines: &[&str]) {
    let mut found: Vec<_> = text.lines().filter(|it| it.split(['{', ' ']).next() == Some(metric)).collect();
    let mut expected = lines.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn labels_that_a_table_fixes_keep_their_values() {
    let text = recorded(2, || {
        let errors = |function: &str, outcome: &'static str| {
            counter!("function_errors_total", "function" => function.to_owned(), "module" => "m", "outcome" => outcome)
                .increment(1);
        };
        errors("a", "error");
        errors("a", "panic");
        errors("b", "error");
        errors("c", "error");
        errors("c", "cancelled");
        // Existing series keep counting at the limit.
        errors("a", "panic");
        // A label that errors of any family may have in addition.
        counter!("function_errors_total", "function" => "a", "module" => "m", "outcome" => "error", "error_kind" => "io")
            .increment(1);
        // An outcome that the table does not list.
        errors("d", "sunshine");
        // Labels that do not match the family at all.
        counter!("function_errors_total").increment(1);
        counter!("function_errors_total", "mood" => "good", "module" => "m", "outcome" => "error").increment(1);
    });
    check(
        &text,
        "function_errors_total",
        &[
            r#"function_errors_total{function="a",module="m",outcome="error"} 1"#,
            r#"function_errors_total{function="a",module="m",outcome="panic"} 2"#,
            r#"function_errors_total{function="_other",module="_other",outcome="error"} 2"#,
            r#"function_errors_total{function="_other",module="_other",outcome="cancelled"} 1"#,
            r#"function_errors_total{error_kind="_other",function="_other",module="_other",outcome="error"} 1"#,
            r#"function_errors_total{function="_other",module="_other",outcome="_other"} 3"#,
        ],
    );
    check(
        &text,
        "measurand_label_overflows_total",
        &[
            r#"measurand_label_overflows_total{family="foreign"} 0"#,
            r#"measurand_label_overflows_total{family="function"} 7"#,
        ],
    );
    check(&text, "measurand_series", &[r#"measurand_series{metric="function_errors_total"} 6"#]);
    check(&text, "measurand_series_limit", &["measurand_series_limit 2"]);
}

#[test]
fn every_kind_of_metric_is_bounded() {
    let text = recorded(1, || {
        for agent in ["coder", "tester", "planner"] {
            gauge!("agent_truth_score", "agent_id" => agent).set(0.5);
            histogram!("truth_score", "agent_id" => agent).record(0.5);
            gauge!("load", "machine" => agent).set(1.0);
            histogram!("wait_seconds", "machine" => agent).record(1.0);
        }
    });
    check(
        &text,
        "agent_truth_score",
        &[r#"agent_truth_score{agent_id="coder"} 0.5"#, r#"agent_truth_score{agent_id="_other"} 0.5"#],
    );
    check(
        &text,
        "truth_score_count",
        &[r#"truth_score_count{agent_id="coder"} 1"#, r#"truth_score_count{agent_id="_other"} 2"#],
    );
    check(&text, "load", &[r#"load{machine="coder"} 1"#, r#"load{machine="_other"} 1"#]);
    check(
        &text,
        "wait_seconds_count",
        &[r#"wait_seconds_count{machine="coder"} 1"#, r#"wait_seconds_count{machine="_other"} 2"#],
    );
}

#[test]
fn made_up_names_of_labels_and_metrics_are_bounded() {
    let text = recorded(10, || {
        for number in 0..100 {
            counter!("jobs_total", vec![Label::new(format!("queue_{number}"), "x")]).increment(1);
        }
        for number in 0..2500 {
            counter!(format!("made_up_{number}_total")).increment(1);
        }
        // The other metrics keep counting.
        counter!("jobs_total", "queue_3" => "x").increment(1);
        counter!("neural_operations_total", "operation_type" => "learning").increment(1);
    });
    assert!(text.contains("\njobs_total{queue_3=\"x\"} 2\n"));
    assert!(text.contains("\njobs_total{queue_10=\"_other\"} 1\n"));
    // Ten series within the limit, sixteen with their own label names, and one for all others.
    assert_eq!(text.matches("\njobs_total{").count(), 26);
    assert!(text.contains("\njobs_total 74\n"));
    assert!(text.contains("\nneural_operations_total{operation_type=\"learning\"} 1\n"));
    assert_eq!(text.matches("# TYPE made_up_").count(), 1999);
    let refused = 2500 - 1999;
    check(
        &text,
        "measurand_label_overflows_total",
        &[
            &format!("measurand_label_overflows_total{{family=\"foreign\"}} {}", 90 + refused),
            "measurand_label_overflows_total{family=\"function\"} 0",
        ],
    );
}

#[test]
fn annotated_functions_have_their_own_limit_and_count_in_the_same_series() {
    let text = recorded(1, || {
        for function in ["a", "b", "c"] {
            let _ = counter!(target: SITE_TARGET, "function_calls_total", "function" => function, "module" => "m");
            histogram!(target: SITE_TARGET, "function_duration_seconds", "function" => function, "module" => "m")
                .record(0.1);
        }
        counter!("function_calls_total", "function" => "a", "module" => "m").increment(1);
        counter!("function_calls_total", "function" => "z", "module" => "m").increment(1);
        counter!(target: SITE_TARGET, "measurand_label_overflows_total", "family" => "function").increment(5);
    });
    check(
        &text,
        "function_calls_total",
        &[
            r#"function_calls_total{function="a",module="m"} 2"#,
            r#"function_calls_total{function="b",module="m"} 1"#,
            r#"function_calls_total{function="c",module="m"} 1"#,
            r#"function_calls_total{function="_other",module="_other"} 1"#,
        ],
    );
    assert!(text.contains("\nmeasurand_label_overflows_total{family=\"function\"} 6\n"), "{text}");
}
