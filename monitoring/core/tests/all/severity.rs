//! Severities of functions: each results in an alert of its own, and no alert fires twice.

use crate::support::{folder, measured, monitoring, promtool, promtool_tests, query, site, verified};
use measurand_catalog::{Objective, Severity, SiteRecord};
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
        r#"P0 money job_function_module:function_errors:ratio_rate5m{job="shop",function="pay",module="shop::work"} > 0.05 and job_function_module:function_errors:rate5m{job="shop"} > 0.015"#,
        r#"P3 unowned job_function_module:function_errors:ratio_rate5m{job="shop",function="log",module="shop::work"} > 0.05 and job_function_module:function_errors:rate5m{job="shop"} > 0.015"#,
        r#"P1 unowned (job_function_module:function_errors:ratio_rate5m{job="shop"} unless job_function_module:function_errors:ratio_rate5m{job="shop",function=~"log|pay",module="shop::work"}) > 0.05 and job_function_module:function_errors:rate5m{job="shop"} > 0.015"#,
    ];
    assert_eq!(alerts(&sites, "FunctionErrorRatioHigh"), expected);
}

#[test]
fn the_familys_own_severity_changes_nothing() {
    let sites = [measured("pay", &["severity=P1"]), measured("list", &[])];
    assert_eq!(alerts(&sites, "FunctionErrorRatioHigh").len(), 1);
}

#[test]
fn the_most_urgent_of_two_functions_with_the_same_labels_decides() {
    let again = SiteRecord { function: "again".to_owned(), ..verified("coder", &["severity=P0"]) };
    let sites = [verified("coder", &["severity=P3"]), again];
    let alerts = alerts(&sites, "VerificationFailureRate");
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    assert!(alerts[0].starts_with("P0 "), "{alerts:#?}");
}

/// A function with a free-text label can record any series, so the most urgent function decides.
#[test]
fn a_function_with_a_free_text_label_has_its_severity() {
    let look = |facts: &[&str]| site("cache_lookup", "cache", "look", &[], facts);
    let checked = |sites: &[SiteRecord]| alerts(sites, "CacheHitRateLow");
    let urgent =
        checked(&[look(&["severity=P0", "owner=search"]), site("cache_lookup", "cache", "b", &["cache=b"], &[])]);
    assert_eq!(urgent.len(), 1, "{urgent:#?}");
    assert!(urgent[0].starts_with("P0 search job_cache:"), "{urgent:#?}");
    let lax = checked(&[look(&["severity=P3", "owner=search"]), site("cache_lookup", "cache", "b", &["cache=b"], &[])]);
    assert_eq!(lax.len(), 2, "{lax:#?}");
    assert!(
        lax[0].starts_with("P3 search (")
            && lax[0].contains(r#" unless job_cache:cache_hits:ratio_rate5m{job="shop",cache="b"})"#),
        "{lax:#?}"
    );
    assert!(lax[1].starts_with("P1 unowned "), "{lax:#?}");
}

#[test]
fn every_alert_about_a_function_has_the_functions_facts() {
    let facts = ["severity=P3", "owner=money", "runbook=https://wiki/pay"];
    let slo = Some(Objective { success: Some(0.99), latency: None });
    let pay = SiteRecord { objective: slo, ..query("select", "payments", &facts) };
    let monitoring = monitoring(&[pay, query("select", "carts", &[]), measured("list", &["owner=web"])]);
    let rules = || monitoring.alerts.iter().flat_map(|it| &it.rules);
    for name in ["DatabaseSlowQueries", "DatabaseQueryErrors", "FunctionPanics"] {
        let own: Vec<_> = rules().filter(|it| it.name == name && it.team == "money").collect();
        assert_eq!(own.len(), 1, "{name}");
        assert_eq!((own[0].severity, own[0].runbook_url.as_str()), (Some(Severity::P3), "https://wiki/pay"), "{name}");
        // They do not apply to the other function, which has no owner.
        assert!(
            rules().any(|it| it.name == name && it.team == "unowned" && it.severity != Some(Severity::P3)),
            "{name}"
        );
    }
    let extraction = [site("neural_op", "neural", "extract", &["operation_type=extraction"], &facts)];
    let of_one_label = crate::support::monitoring(&extraction);
    let rule =
        of_one_label.alerts.iter().flat_map(|it| &it.rules).find(|it| it.name == "PatternExtractionErrors").unwrap();
    assert_eq!(
        (rule.severity, rule.team.as_str(), rule.runbook_url.as_str()),
        (Some(Severity::P3), "money", "https://wiki/pay")
    );
    let budgets: Vec<_> = rules().filter(|it| it.name.starts_with("ErrorBudget")).collect();
    assert_eq!(budgets.len(), 3);
    for it in budgets {
        let said = (it.severity, it.team.as_str(), it.runbook_url.as_str());
        assert_eq!(said, (Some(Severity::P3), "money", "https://wiki/pay"), "{}", it.name);
    }
}

/// The budget of an urgent function still has alerts of different urgency: a slow burn can wait.
#[test]
fn alerts_about_a_budget_are_at_most_as_urgent_as_the_function() {
    let of = |severity: &str| {
        let slo = Some(Objective { success: Some(0.99), latency: None });
        let site = SiteRecord { objective: slo, ..query("select", "payments", &[&format!("severity={severity}")]) };
        let rules = monitoring(&[site]).alerts.into_iter().flat_map(|it| it.rules);
        rules
            .filter(|it| it.name.starts_with("ErrorBudget"))
            .map(|it| it.severity.unwrap().as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("P0"), ["P0", "P1", "P2"]);
    assert_eq!(of("P1"), ["P1", "P1", "P2"]);
    assert_eq!(of("P3"), ["P3", "P3", "P3"]);
}

/// A function without an owner gets none from other functions, and one with an owner keeps it.
#[test]
fn a_function_without_an_owner_has_none() {
    let teams = |sites: &[SiteRecord]| {
        let all = alerts(sites, "FunctionErrorRatioHigh");
        all.iter().map(|it| it.split(' ').nth(1).unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (pay, list) = (measured("pay", &["owner=money"]), measured("list", &[]));
    assert_eq!(teams(&[pay.clone(), list.clone()]), ["money", "unowned"]);
    assert_eq!(teams(&[pay.clone(), list, measured("ship", &["owner=depot"])]), ["depot", "money", "unowned"]);
    assert_eq!(teams(&[pay]), ["money"]);
}

/// The number of rules grows with the number of teams, not of functions.
#[test]
fn a_thousand_functions_have_few_rules() {
    let rules = |facts: &dyn Fn(usize) -> String| {
        let sites: Vec<SiteRecord> = (0..1000).map(|it| measured(&format!("f{it}"), &[&facts(it)])).collect();
        let all = alerts(&sites, "FunctionErrorRatioHigh");
        let longest = all.iter().map(String::len).max().unwrap();
        (all.len(), longest)
    };
    let (count, longest) = rules(&|it| format!("owner=team{}", it % 3));
    assert_eq!(count, 3);
    assert!(longest < 20_000, "{longest}");
    assert_eq!(rules(&|it| format!("runbook=https://wiki/{it}")).0, 1);
}

/// According to their unit tests, alerts of overlapping functions fire, resolve and stay silent in Prometheus.
#[test]
fn alerts_of_functions_whose_series_overlap_pass_their_tests() {
    let sites = [
        query("select", "payments", &["severity=P0", "owner=money"]),
        query("insert", "payments", &["severity=P0", "owner=money"]),
        site("timed_query", "database", "any_table", &["query_type=select"], &["severity=P2", "owner=web"]),
        site("timed_query", "database", "any", &[], &["severity=P3", "owner=ops", "runbook=https://wiki/any"]),
        query("delete", "carts", &[]),
        measured("list", &["owner=web"]),
        measured("log", &[]),
        site("cache_lookup", "cache", "look", &[], &["severity=P3"]),
        site("records", "http", "layer", &[], &[]),
    ];
    let monitoring = monitoring(&sites);
    let folder = folder(&monitoring);
    promtool(folder.path(), &["check", "rules", "--lint=all", "--lint-fatal", "alerts.yml"]);
    promtool_tests(folder.path(), &["alerts.test.yml", "alerts-slow.test.yml"]);
}

#[test]
fn no_alert_fires_twice() {
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
