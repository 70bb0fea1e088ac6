//! The rule files: their contents, and their check with `promtool`.

use crate::support::{
    catalog, every_family, everything, file, folder, monitoring, promtool, query, site, system, verified,
};
use expect_test::expect_file;
use measurand_catalog::{Role, SiteRecord, families, platform};
use measurand_monitoring::model::{Alert, Group};
use measurand_monitoring::{Monitoring, Options};

#[test]
fn promtool_accepts_every_rule() {
    for sites in [
        every_family(),
        system(),
        everything(),
        vec![query("select", "patterns", &[])],
        vec![verified("coder", &["severity=P0"])],
    ] {
        let folder = folder(&monitoring(&sites));
        promtool(folder.path(), &["check", "rules", "--lint=all", "--lint-fatal", "alerts.yml", "recording-rules.yml"]);
        promtool(folder.path(), &["check", "rules", "--lint=all", "--lint-fatal", "stack-alerts.yml"]);
    }
}

/// Review a change by its diff of the snapshots. `UPDATE_EXPECT=1 cargo test` accepts it.
#[test]
fn the_rules_of_a_small_program() {
    let facts = ["owner=storage", "runbook=https://example.org/db"];
    let monitoring = monitoring(&[query("select", "patterns", &facts), query("insert", "patterns", &facts)]);
    expect_file!["snapshots/alerts.yml"].assert_eq(&file(&monitoring, "alerts.yml"));
    expect_file!["snapshots/recording-rules.yml"].assert_eq(&file(&monitoring, "recording-rules.yml"));
}

#[test]
fn each_alert_has_all_texts() {
    let monitoring = monitoring(&everything());
    let alerts: Vec<_> = monitoring.alerts.iter().flat_map(|it| &it.rules).collect();
    for it in &alerts {
        assert!(!it.team.is_empty() && !it.impact.as_str().is_empty() && !it.description.is_empty(), "{}", it.name);
        assert!(it.summary.as_str().ends_with('.'), "{}", it.name);
        assert!(it.advice.len() >= 2 && it.advice.iter().all(|it| it.ends_with(['.', '`'])), "{}", it.name);
        assert!(it.runbook_url.starts_with("http") && it.dashboard_url.starts_with("http"), "{}", it.name);
    }
    let team = |name: &str| alerts.iter().find(|it| it.name == name).unwrap().team.clone();
    assert_eq!(team("DatabaseQueryErrors"), "storage");
    assert_eq!(team("FunctionErrorRatioHigh"), "search", "the only owner of its functions");
    assert_eq!(team("NeuralOperationErrors"), "unowned");
    assert_eq!(team("ServiceDown"), "unowned", "the program as a whole has no owner");
}

fn listed(groups: &[Group<Alert>]) -> Vec<String> {
    let alerts = groups.iter().flat_map(|it| &it.rules);
    alerts.map(|it| format!("{} {}", it.severity.map_or("none", |it| it.as_str()), it.name)).collect()
}

/// The names are fixed, since routes, runbooks and people rely on them.
#[test]
fn the_system_has_these_alerts() {
    let options = Options { under_load: true, ..Options::default() };
    let monitoring = Monitoring::new(&catalog(&system()), &options);
    let mut all = listed(&monitoring.alerts);
    all.extend(listed(&monitoring.stack));
    all.sort();
    all.dedup();
    let expected = [
        "P0 DatabaseConnectionFailure",
        "P0 ErrorBudgetFastBurn",
        "P0 NeuralSystemStalled",
        "P0 ServiceDown",
        "P0 TruthScoreCriticallyLow",
        "P1 AlertDeliveryFailing",
        "P1 AutoRollbackStorm",
        "P1 CacheHitRateLow",
        "P1 DatabaseQueryErrors",
        "P1 DatabaseSlowQueries",
        "P1 ErrorBudgetBurn",
        "P1 FeedbackLoopStalled",
        "P1 FunctionErrorRatioHigh",
        "P1 HttpErrorRateHigh",
        "P1 NeuralOperationsDegraded",
        "P1 OutgoingRequestErrors",
        "P1 PatternConfidenceDeclining",
        "P1 PatternRetrievalSlow",
        "P1 RuleEvaluationFailing",
        "P1 SampleLimitExceeded",
        "P1 ShardDown",
        "P1 TruthScoreBelowTarget",
        "P2 AgentCoordinationEfficiency",
        "P2 AgentUnreliable",
        "P2 ConfigReloadFailed",
        "P2 ErrorBudgetSlowBurn",
        "P2 EventLoopLagHigh",
        "P2 FunctionPanics",
        "P2 GOAPPlanningSlowdown",
        "P2 HttpLatencyHigh",
        "P2 MemoryHigh",
        "P2 MonitoringTargetDown",
        "P2 NeuralOperationErrors",
        "P2 OutgoingRequestsSlow",
        "P2 PatternExtractionErrors",
        "P2 SampleLimitNear",
        "P2 SeriesLimitReached",
        "P2 TaskFailureRate",
        "P2 VerificationFailureRate",
        "P3 BackgroundTaskQueueLength",
        "P3 FileDescriptorsRunningOut",
        "P3 LowDiskSpace",
        "P3 MonitoringStorageGrowth",
        "P3 PatternMemoryGrowth",
        "P3 RestartLoop",
        "P3 ScrapeSlow",
        "P3 UnusedPatternsAccumulating",
        "none Watchdog",
    ];
    assert_eq!(all, expected);
}

#[test]
fn an_alert_needs_the_functions_that_it_is_about() {
    let names = |sites: &[SiteRecord]| listed(&monitoring(sites).alerts).join(" ");
    assert!(!names(&every_family()).contains("NeuralOperationsDegraded"), "`under_load` is off");
    let learning = [site("neural_op", "neural", "learn", &["operation_type=learning"], &[])];
    assert!(!names(&learning).contains("PatternExtractionErrors"), "nothing extracts");
    let any = [site("neural_op", "neural", "work", &[], &[])];
    assert!(names(&any).contains("PatternExtractionErrors"), "the operation type comes from an expression");
    let queries = names(&[query("select", "patterns", &[])]);
    assert!(!queries.contains("Neural") && !queries.contains("Http") && !queries.contains("Cache"), "{queries}");
}

/// A quantile is interpolated between bucket bounds, so a threshold is exact only at a bound.
#[test]
fn thresholds_of_the_platform_are_buckets() {
    let bounds = |name: &str| platform::ALL.iter().find(|it| it.name == name).unwrap().buckets;
    assert!(bounds("tokio_scheduling_lag_seconds").contains(&0.1));
    let http = families::HTTP.metric(Role::Duration).unwrap();
    assert!(http.buckets.contains(&0.5));
}
