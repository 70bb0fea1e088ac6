//! A function's own severity: its alert comes with it, and no alert comes twice.

use crate::support::{folder, measured, monitoring, promtool, verified};
use measurand_catalog::SiteRecord;
use measurand_monitoring::NamedQuery;

fn alerts(sites: &[SiteRecord], name: &str) -> Vec<String> {
    let monitoring = monitoring(sites);
    let expressions: Vec<String> =
        monitoring.queries().filter(|it| it.name == name).map(|it: NamedQuery<'_>| it.text()).collect();
    let alerts = monitoring.alerts.iter().flat_map(|it| &it.rules).filter(|it| it.name == name);
    alerts
        .zip(expressions)
        .map(|(it, text)| format!("{} {} {text}", it.severity.map_or("none", |it| it.as_str()), it.team))
        .collect()
}

#[test]
fn a_function_with_a_severity_has_an_alert_of_its_own() {
    let sites =
        [measured("pay", &["severity=P0", "owner=money"]), measured("list", &[]), measured("log", &["severity=P3"])];
    let expected = [
        r#"P0 money job_function_module:function_errors:ratio_rate5m{job="shop",function="pay",module="shop::work"} > 0.05 and job_function_module:function_errors:rate5m{job="shop"} > 0.01"#,
        r#"P3 unowned job_function_module:function_errors:ratio_rate5m{job="shop",function="log",module="shop::work"} > 0.05 and job_function_module:function_errors:rate5m{job="shop"} > 0.01"#,
        r#"P1 unowned (job_function_module:function_errors:ratio_rate5m{job="shop"} unless job_function_module:function_errors:ratio_rate5m{job="shop",function="log",module="shop::work"} unless job_function_module:function_errors:ratio_rate5m{job="shop",function="pay",module="shop::work"}) > 0.05 and job_function_module:function_errors:rate5m{job="shop"} > 0.01"#,
    ];
    assert_eq!(alerts(&sites, "FunctionErrorRatioHigh"), expected);
}

#[test]
fn the_familys_own_severity_changes_nothing() {
    let sites = [measured("pay", &["severity=P1"]), measured("list", &[])];
    assert_eq!(alerts(&sites, "FunctionErrorRatioHigh").len(), 1);
}

#[test]
fn of_two_functions_with_the_same_labels_the_most_urgent_decides() {
    let again = SiteRecord { function: "again".to_owned(), ..verified("coder", &["severity=P0"]) };
    let sites = [verified("coder", &["severity=P3"]), again];
    let alerts = alerts(&sites, "VerificationFailureRate");
    assert_eq!(alerts.len(), 2, "{alerts:#?}");
    assert!(alerts[0].starts_with("P0 "), "{alerts:#?}");
}

#[test]
fn nothing_fires_twice() {
    let folder = folder(&monitoring(&[
        measured("pay", &["severity=P0"]),
        measured("refund", &["severity=P0"]),
        measured("list", &[]),
        measured("log", &["severity=P3"]),
    ]));
    let mut test =
        String::from("rule_files: [recording-rules.yml, alerts.yml]\ntests:\n  - interval: 1m\n    input_series:\n");
    for function in ["pay", "refund", "list", "log"] {
        let labels = format!(r#"job="shop",instance="a",function="{function}",module="shop::work""#);
        for (series, more) in [("function_calls_total", ""), ("function_errors_total", ",outcome=\"error\"")] {
            let line = format!(
                "      - {{ series: '{series}{{{labels}{more}}}', values: '0+60x60' }}
"
            );
            test.push_str(&line);
        }
    }
    test.push_str(
        r#"    promql_expr_test:
      - expr: count by (function, severity) (ALERTS{alertname="FunctionErrorRatioHigh",alertstate="firing"})
        eval_time: 30m
        exp_samples:
          - { labels: '{function="pay",severity="P0"}', value: 1 }
          - { labels: '{function="refund",severity="P0"}', value: 1 }
          - { labels: '{function="list",severity="P1"}', value: 1 }
          - { labels: '{function="log",severity="P3"}', value: 1 }
"#,
    );
    std::fs::write(folder.path().join("test.yml"), test).unwrap();
    promtool(folder.path(), &["check", "rules", "--lint=all", "--lint-fatal", "alerts.yml"]);
    promtool(folder.path(), &["test", "rules", "test.yml"]);
}
