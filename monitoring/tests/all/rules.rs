//! The rule files as a person reads them, and as `promtool` does.

use crate::support::{every_family, everything, file, folder, monitoring, promtool, query, verified};
use expect_test::expect_file;

#[test]
fn promtool_accepts_every_rule() {
    for sites in [
        every_family(),
        everything(),
        vec![query("select", "patterns", &[])],
        vec![verified("coder", &["severity=P0"])],
    ] {
        let folder = folder(&monitoring(&sites));
        promtool(folder.path(), &["check", "rules", "--lint=all", "--lint-fatal", "alerts.yml", "recording-rules.yml"]);
    }
}

/// Reading the difference is the review of a change; `UPDATE_EXPECT=1 cargo test` accepts it.
#[test]
fn the_rules_of_a_small_program() {
    let facts = ["owner=storage", "runbook=https://example.org/db"];
    let monitoring = monitoring(&[query("select", "patterns", &facts), query("insert", "patterns", &facts)]);
    expect_file!["snapshots/alerts.yml"].assert_eq(&file(&monitoring, "alerts.yml"));
    expect_file!["snapshots/recording-rules.yml"].assert_eq(&file(&monitoring, "recording-rules.yml"));
}

#[test]
fn each_alert_has_all_that_the_reader_needs() {
    let monitoring = monitoring(&everything());
    let alerts: Vec<_> = monitoring.alerts.iter().flat_map(|it| &it.rules).collect();
    for it in &alerts {
        assert!(!it.team.is_empty() && !it.impact.is_empty() && !it.description.is_empty(), "{}", it.name);
        assert!(it.summary.ends_with('.'), "{}", it.name);
        assert!(it.runbook_url.contains('#') || it.runbook_url.starts_with("https://"), "{}", it.name);
    }
    let team = |name: &str| alerts.iter().find(|it| it.name == name).unwrap().team.clone();
    assert_eq!(team("DatabaseQueryErrors"), "storage");
    assert_eq!(team("FunctionErrorRatioHigh"), "search", "the one owner that is named");
    assert_eq!(team("NeuralOperationErrors"), "unowned");
    assert_eq!(team("ServiceDown"), "unowned", "the whole program is not one function's");
}

#[test]
fn the_generated_alerts_are_these() {
    let monitoring = monitoring(&everything());
    let alerts = monitoring.alerts.iter().flat_map(|it| &it.rules);
    let listed: Vec<String> =
        alerts.map(|it| format!("{} {}", it.severity.map_or("none", |it| it.as_str()), it.name)).collect();
    let expected = [
        "P0 ServiceDown",
        "P2 FunctionPanics",
        "P3 ScrapeSlow",
        "P3 FileDescriptorsRunningOut",
        "none Watchdog",
        "P1 DatabaseQueryErrors",
        "P1 DatabaseSlowQueries",
        "P1 FunctionErrorRatioHigh",
        "P2 NeuralOperationErrors",
        "P0 TruthScoreCriticallyLow",
        "P1 TruthScoreBelowTarget",
        "P1 AutoRollbackStorm",
        "P2 VerificationFailureRate",
    ];
    assert_eq!(listed, expected);
}
