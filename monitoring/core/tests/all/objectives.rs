//! Objectives: alerts, recordings, and objectives that are refused.

use crate::support::{folder, monitoring, promtool_tests, query, system};
use expect_test::{Expect, expect};
use measurand_catalog::{Latency, Objective, SiteRecord};
use measurand_monitoring::User;
use measurand_monitoring::query::Query;
use measurand_monitoring::query::promql::{Place, print};

fn with_objective(objective: Objective) -> SiteRecord {
    SiteRecord { objective: Some(objective), ..query("select", "patterns", &[]) }
}

fn success(share: f64) -> SiteRecord {
    with_objective(Objective { success: Some(share), latency: None })
}

fn latency(seconds: f64, share: f64) -> SiteRecord {
    with_objective(Objective { success: None, latency: Some(Latency { seconds, share }) })
}

/// Compares the queries with this name, which are alerts or recordings.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` returns it by value")]
fn check(site: SiteRecord, name: &str, expected: Expect) {
    let monitoring = monitoring(&[site]);
    let named = monitoring.queries().filter(|it| it.name == name);
    let texts: Vec<String> = named.map(|it| it.text()).collect();
    expected.assert_eq(&texts.join("\n"));
}

#[test]
fn a_fast_burn_needs_the_last_hour_and_the_last_minutes() {
    check(
        success(0.999),
        "ErrorBudgetFastBurn",
        expect![[
            r#"job_objective_sli:objective_burn:rate1h{job="shop"} > 14.4 and job_objective_sli:objective_burn:rate5m{job="shop"} > 14.4 and job_objective_sli:objective_errors:increase5m{job="shop"} > 4.5"#
        ]],
    );
    check(
        latency(0.01, 0.99),
        "ErrorBudgetSlowBurn",
        expect![[
            r#"job_objective_sli:objective_burn:rate1d{job="shop"} > 3 and job_objective_sli:objective_burn:rate2h{job="shop"} > 3 and job_objective_sli:objective_errors:increase2h{job="shop"} > 4.5 or job_objective_sli:objective_burn:rate3d{job="shop"} > 1 and job_objective_sli:objective_burn:rate6h{job="shop"} > 1 and job_objective_sli:objective_errors:increase6h{job="shop"} > 4.5"#
        ]],
    );
}

#[test]
fn windows_are_counted_or_averaged() {
    let name = |window: &str| format!("job_objective_sli:objective_burn:rate{window}");
    check(
        success(0.999),
        &name("1h"),
        expect![[
            r#"(sum by (job) (rate(db_query_errors_total{job="shop",query_type="select",table="patterns"}[1h])) or 0 * sum by (job) (rate(db_query_duration_seconds_count{job="shop",query_type="select",table="patterns"}[1h]))) / (sum by (job) (rate(db_query_duration_seconds_count{job="shop",query_type="select",table="patterns"}[1h])) > 0) / 0.001"#
        ]],
    );
    check(
        success(0.999),
        &name("3d"),
        expect![[
            r#"avg_over_time(job_objective_sli:objective_errors:rate5m{job="shop",objective="shop::work::select_patterns",sli="success"}[3d]) / (avg_over_time(job_objective_sli:objective_calls:rate5m{job="shop",objective="shop::work::select_patterns",sli="success"}[3d]) > 0) / 0.001"#
        ]],
    );
    check(
        success(0.999),
        &name("30d"),
        expect![[
            r#"avg_over_time(job_objective_sli:objective_errors:rate5m{job="shop",objective="shop::work::select_patterns",sli="success"}[30d]) / (avg_over_time(job_objective_sli:objective_calls:rate5m{job="shop",objective="shop::work::select_patterns",sli="success"}[30d]) > 0) / 0.001"#
        ]],
    );
    check(
        latency(1.0, 0.99),
        &name("6h"),
        expect![[
            r#"(sum by (job) (rate(db_query_duration_seconds_count{job="shop",query_type="select",table="patterns"}[6h])) - sum by (job) (rate(db_query_duration_seconds_bucket{job="shop",query_type="select",table="patterns",le=~"1|1\\.0"}[6h]))) / (sum by (job) (rate(db_query_duration_seconds_count{job="shop",query_type="select",table="patterns"}[6h])) > 0) / 0.01"#
        ]],
    );
}

#[test]
fn the_remaining_budget_is_shown() {
    check(
        success(0.999),
        "overview/budget",
        expect![[r#"1 - max by (job) (job_objective_sli:objective_burn:rate30d{job=~"$job"})"#]],
    );
}

#[test]
fn each_window_of_each_objective_is_recorded_once() {
    let monitoring = monitoring(&system());
    let recordings = monitoring.queries().filter(|it| it.user == User::Recording);
    let windows = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"];
    let names: Vec<String> = recordings.map(|it| it.name.to_owned()).collect();
    for window in windows {
        let name = format!("job_objective_sli:objective_burn:rate{window}");
        assert_eq!(names.iter().filter(|it| **it == name).count(), 2, "{name}: {names:#?}");
    }
}

/// A burn rate of 14.4 and a budget of 10 % would require that 144 % of the calls fail.
#[test]
fn every_objective_has_alerts_that_can_fire() {
    let sites = [50.0, 1.0, 90.0, 95.0, 0.0001, 99.999_999_9].map(|percent: f64| {
        let name = format!("f{percent}").replace('.', "_");
        SiteRecord { function: name, ..success(percent / 100.0) }
    });
    let monitoring = monitoring(&sites);
    assert_eq!(monitoring.problems, []);
    let alerts = || monitoring.alerts.iter().flat_map(|it| &it.rules).filter(|it| it.name.starts_with("ErrorBudget"));
    assert_eq!(alerts().count(), 3, "one rule for all");
    let limits = monitoring.recordings.iter().flat_map(|it| &it.rules).filter(|it| it.record.ends_with("burn:limit"));
    let limits: Vec<f64> =
        limits.filter_map(|it| if let Query::Constant(it) = it.query { Some(it) } else { None }).collect();
    assert_eq!(limits, [1.000_000_5, 1.005_050_505, 1.5, 5.5, 10.5, 500_000_000.5], "between 1 and 1 / budget");
}

#[test]
fn objectives_of_one_owner_have_one_rule() {
    let named = |name: &str, facts: &[(&str, &str)]| {
        let facts = facts.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        SiteRecord { function: name.to_owned(), facts, ..success(0.999) }
    };
    let rules = |sites: &[SiteRecord]| -> Vec<String> {
        let monitoring = monitoring(sites);
        let fast = monitoring.alerts.iter().flat_map(|it| &it.rules).filter(|it| it.name == "ErrorBudgetFastBurn");
        let text = |it: &Query| print(it, Place::Rules { job: "shop" });
        fast.map(|it| format!("{} {}", it.team, text(&it.query).split(" > ").next().unwrap())).collect()
    };
    let many: Vec<SiteRecord> = (0..40).map(|it| named(&format!("f{it}"), &[])).collect();
    assert_eq!(rules(&many), [r#"unowned job_objective_sli:objective_burn:rate1h{job="shop"}"#]);
    let owned = [named("a", &[]), named("b", &[("owner", "money")]), named("c", &[("owner", "money")])];
    assert_eq!(
        rules(&owned),
        [
            r#"money job_objective_sli:objective_burn:rate1h{job="shop",objective=~"shop\\:\\:work\\:\\:b|shop\\:\\:work\\:\\:c"}"#,
            r#"unowned job_objective_sli:objective_burn:rate1h{job="shop",objective="shop::work::a"}"#,
        ]
    );
}

#[test]
fn a_large_budget_has_a_threshold_below_all_calls() {
    check(
        success(0.9),
        "ErrorBudgetFastBurn",
        expect![[
            r#"(job_objective_sli:objective_burn:rate1h{job="shop"} > 14.4 or job_objective_sli:objective_burn:rate1h{job="shop"} > job_objective_sli:objective_burn:limit{job="shop"}) and (job_objective_sli:objective_burn:rate5m{job="shop"} > 14.4 or job_objective_sli:objective_burn:rate5m{job="shop"} > job_objective_sli:objective_burn:limit{job="shop"}) and job_objective_sli:objective_errors:increase5m{job="shop"} > 4.5"#
        ]],
    );
}

/// In Prometheus, each alert becomes pending, fires and resolves.
#[test]
fn alerts_of_a_large_budget_fire_in_prometheus() {
    let of_table = |table: &str, share| {
        let objective = Some(Objective { success: Some(share), latency: None });
        SiteRecord { objective, ..query("select", table, &[]) }
    };
    let sites = [of_table("a", 0.9), of_table("b", 0.5), of_table("c", 0.01), latency(0.01, 0.9)];
    let monitoring = monitoring(&sites);
    let folder = folder(&monitoring);
    promtool_tests(folder.path(), &["alerts.test.yml", "alerts-slow.test.yml", "alerts-slowest.test.yml"]);
}

#[test]
fn an_objective_without_a_budget_is_left_out_alone() {
    let sites = [success(1.0 - 1e-12), SiteRecord { function: "other".to_owned(), ..success(0.9) }];
    let monitoring = monitoring(&sites);
    let problems: Vec<String> = monitoring.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0]
            .starts_with("src/work.rs:25: the objective `success` of `shop::work::select_patterns` has no panels"),
        "{problems:?}"
    );
    let objectives = monitoring.alerts.iter().flat_map(|it| &it.rules).filter(|it| it.name.starts_with("ErrorBudget"));
    assert_eq!(objectives.count(), 3);
}

#[test]
fn a_program_without_objectives_has_no_alerts_about_them() {
    let monitoring = monitoring(&[query("select", "patterns", &[])]);
    assert!(monitoring.queries().all(|it| !it.text().contains("objective")));
    assert!(monitoring.rows.iter().all(|it| it.title != "Objectives"));
}
