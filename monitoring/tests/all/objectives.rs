//! What functions promise: its alerts, its recordings, and promises that are refused.

use crate::support::{catalog, monitoring, query, system};
use expect_test::{Expect, expect};
use measurand_catalog::{Latency, Objective, SiteRecord};
use measurand_monitoring::{Monitoring, Options, User};

fn promising(objective: Objective) -> SiteRecord {
    SiteRecord { objective: Some(objective), ..query("select", "patterns", &[]) }
}

fn success(share: f64) -> SiteRecord {
    promising(Objective { success: Some(share), latency: None })
}

fn latency(seconds: f64, share: f64) -> SiteRecord {
    promising(Objective { success: None, latency: Some(Latency { seconds, share }) })
}

/// The terms with this name: alerts, or recordings.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "as `expect!` gives it")]
fn check(site: SiteRecord, name: &str, expected: Expect) {
    let monitoring = monitoring(&[site]);
    let named = monitoring.queries().filter(|it| it.name == name);
    let texts: Vec<String> = named.map(|it| it.text()).collect();
    expected.assert_eq(&texts.join("\n"));
}

#[test]
fn a_fast_burn_is_one_of_an_hour_and_of_now() {
    check(
        success(0.999),
        "ErrorBudgetFastBurn",
        expect![[
            r#"job_objective_sli:objective_errors:ratio_rate1h{job="shop",objective="shop::work::select_patterns",sli="success"} > 0.0144 and job_objective_sli:objective_errors:ratio_rate5m{job="shop",objective="shop::work::select_patterns",sli="success"} > 0.0144 and job_objective_sli:objective_errors:increase1h{job="shop",objective="shop::work::select_patterns",sli="success"} > 2.5"#
        ]],
    );
    check(
        latency(0.01, 0.99),
        "ErrorBudgetSlowBurn",
        expect![[
            r#"job_objective_sli:objective_errors:ratio_rate1d{job="shop",objective="shop::work::select_patterns",sli="latency"} > 0.03 and job_objective_sli:objective_errors:ratio_rate2h{job="shop",objective="shop::work::select_patterns",sli="latency"} > 0.03 and job_objective_sli:objective_errors:increase2h{job="shop",objective="shop::work::select_patterns",sli="latency"} > 2.5 or job_objective_sli:objective_errors:ratio_rate3d{job="shop",objective="shop::work::select_patterns",sli="latency"} > 0.01 and job_objective_sli:objective_errors:ratio_rate6h{job="shop",objective="shop::work::select_patterns",sli="latency"} > 0.01 and job_objective_sli:objective_errors:increase6h{job="shop",objective="shop::work::select_patterns",sli="latency"} > 2.5"#
        ]],
    );
}

#[test]
fn windows_are_counted_or_averaged() {
    let name = |window: &str| format!("job_objective_sli:objective_errors:ratio_rate{window}");
    check(
        success(0.999),
        &name("1h"),
        expect![[
            r#"(sum by (job) (rate(db_query_errors_total{job="shop",query_type="select",table="patterns"}[1h])) or 0 * sum by (job) (rate(db_query_duration_seconds_count{job="shop",query_type="select",table="patterns"}[1h]))) / (sum by (job) (rate(db_query_duration_seconds_count{job="shop",query_type="select",table="patterns"}[1h])) > 0)"#
        ]],
    );
    check(
        success(0.999),
        &name("3d"),
        expect![[
            r#"avg_over_time(job_objective_sli:objective_errors:rate5m{job="shop",objective="shop::work::select_patterns",sli="success"}[3d]) / (avg_over_time(job_objective_sli:objective_calls:rate5m{job="shop",objective="shop::work::select_patterns",sli="success"}[3d]) > 0)"#
        ]],
    );
    check(
        success(0.999),
        &name("30d"),
        expect![[
            r#"avg_over_time(job_objective_sli:objective_errors:rate5m{job="shop",objective="shop::work::select_patterns",sli="success"}[30d]) / (avg_over_time(job_objective_sli:objective_calls:rate5m{job="shop",objective="shop::work::select_patterns",sli="success"}[30d]) > 0)"#
        ]],
    );
    check(
        latency(1.0, 0.99),
        &name("6h"),
        expect![[
            r#"(sum by (job) (rate(db_query_duration_seconds_count{job="shop",query_type="select",table="patterns"}[6h])) - sum by (job) (rate(db_query_duration_seconds_bucket{job="shop",query_type="select",table="patterns",le=~"1|1\\.0"}[6h]))) / (sum by (job) (rate(db_query_duration_seconds_count{job="shop",query_type="select",table="patterns"}[6h])) > 0)"#
        ]],
    );
}

#[test]
fn what_is_left_of_a_budget_is_shown() {
    check(
        success(0.999),
        "overview/budget",
        expect![[
            r#"1 - job_objective_sli:objective_errors:ratio_rate30d{job=~"$job",objective="shop::work::select_patterns",sli="success"} / 0.001"#
        ]],
    );
}

#[test]
fn each_window_of_each_promise_is_recorded_once() {
    let monitoring = monitoring(&system());
    let recordings = monitoring.queries().filter(|it| it.user == User::Recording);
    let windows = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"];
    let names: Vec<String> = recordings.map(|it| it.name.to_owned()).collect();
    for window in windows {
        let name = format!("job_objective_sli:objective_errors:ratio_rate{window}");
        assert_eq!(names.iter().filter(|it| **it == name).count(), 2, "{name}: {names:#?}");
    }
}

#[test]
fn a_promise_that_no_alert_can_watch_is_refused() {
    let error = |site| Monitoring::new(&catalog(&[site]), &Options::default()).unwrap_err().to_string();
    let expected = "`shop::work::select_patterns` (src/work.rs:25) promises success for 90% of its calls: at 14.4 times \
                    its budget of 10% `ErrorBudgetFastBurn` would wait for 144% of the calls, and never fire; promise more than 93.0556%, \
                    or let it fire sooner with `times` under `[objectives.ErrorBudgetFastBurn]` in monitoring.toml";
    assert_eq!(error(success(0.9)), expected);
    assert!(error(latency(0.01, 0.5)).contains("promises latency for 50%"), "{}", error(latency(0.01, 0.5)));
}

#[test]
fn a_program_without_promises_has_none_of_it() {
    let monitoring = monitoring(&[query("select", "patterns", &[])]);
    assert!(monitoring.queries().all(|it| !it.text().contains("objective")));
    assert!(monitoring.rows.iter().all(|it| it.title != "Objectives"));
}
