//! The files in `monitoring/` belong to a program with every family, and are current. `UPDATE_EXPECT=1 cargo test`
//! updates them. Review a change by its diff.

use crate::dashboard::flat;
use crate::support::{self, all_files, promtool, promtool_tests};
use measurand_catalog::Catalog;
use measurand_check::Settings;
use measurand_monitoring::model::Recording;
use measurand_monitoring::{File, Monitoring};
use measurand_tests::program;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The committed files. Tests of alerts are generated where they run.
fn files() -> Vec<File> {
    all_files(&shipped()).into_iter().filter(|it| !it.name.ends_with(".test.yml")).collect()
}

/// Returns the monitoring of `examples/neural-service`, which uses every built-in family, without the list of its
/// functions: it changes with every line of the program.
pub(crate) fn shipped() -> Monitoring {
    static SHIPPED: LazyLock<Monitoring> = LazyLock::new(|| {
        let mut settings = Settings::of_folder(&folder()).expect("valid settings");
        settings.options.job = Some("claude-code-app".to_owned());
        settings.options.package = Some("neural-service".to_owned());
        "--load 172000 --directory /var/lib/program --remote-faults".clone_into(&mut settings.options.arguments);
        settings.options.under_load = true;
        let mut monitoring = settings.monitoring(&example()).expect("a valid catalog");
        monitoring.functions.clear();
        monitoring
    });
    SHIPPED.clone()
}

fn example() -> Catalog {
    measurand_catalog::read_file(&program("neural-service", "neural-service", "dev")).expect("a catalog")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn our_own_lint_finds_nothing() {
    let files: Vec<_> = std::fs::read_dir(folder())
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| it.extension().is_some_and(|it| it == "yml" || it == "json"))
        // Files for other tools: the containers and the routes.
        .filter(|it| !["docker-compose.yml", "alertmanager.yml"].contains(&it.file_name().unwrap().to_str().unwrap()))
        .filter(|it| !it.to_str().unwrap().ends_with(".test.yml"))
        .collect();
    assert!(files.len() >= 6, "{files:?}");
    assert_eq!(measurand_check::lint(&files, &[]).unwrap(), []);
}

#[test]
fn the_files_of_the_system_are_current() {
    for file in files() {
        let path = folder().join(file.name);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &file.contents).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == file.contents, "`{}` is not current; run `UPDATE_EXPECT=1 cargo test`", path.display());
    }
}

#[test]
fn the_system_has_enough_panels_and_rules() {
    let monitoring = shipped();
    let alerts: usize = monitoring.alert_count() + monitoring.stack.iter().map(|it| it.rules.len()).sum::<usize>();
    assert!(monitoring.panel_count() >= 45, "{} panels", monitoring.panel_count());
    assert!(alerts >= 30, "{alerts} alerts");
    assert!(monitoring.recording_count() >= 40, "{} recordings", monitoring.recording_count());
    promtool(&folder(), &["check", "config", "--syntax-only", "prometheus.yml"]);
    let rules = ["alerts.yml", "recording-rules.yml", "stack-alerts.yml"];
    promtool(&folder(), &[&["check", "rules", "--lint=all", "--lint-fatal"], &rules[..]].concat());
}

#[test]
fn every_alert_of_the_system_passes_its_tests() {
    let (monitoring, folder) = (shipped(), support::folder(&shipped()));
    let tests: Vec<&str> = monitoring.test_files().iter().map(|it| it.name).collect();
    assert_eq!(tests.len(), 6);
    promtool_tests(folder.path(), &tests);
}

/// The panels with well-known names, by row.
#[test]
fn the_panels_have_their_titles() {
    let expected: &[(&str, &[&str])] = &[
        (
            "System overview",
            &[
                "Service Status",
                "Neural Operations/sec",
                "Cache Hit Rate",
                "Truth Score P95",
                "Memory Usage",
                "Firing alerts by severity",
                "Error budget left",
                "Uptime",
                "Build",
                // Users notice these first, so they moved here from the last row.
                "HTTP rate",
                "HTTP errors",
                "HTTP duration",
            ],
        ),
        (
            "Neural performance",
            &[
                "Operations Rate",
                "Pattern Confidence Distribution",
                "Feedback Loop Cycles",
                "Pattern Memory Size",
                "Operation latency",
                "Errors by type and outcome",
                "Patterns learned",
                "Compression ratio",
            ],
        ),
        (
            "Verification and truth",
            &[
                "Truth Score Percentiles",
                "Verification Success Rate",
                "Auto Rollbacks",
                "Agent Reliability",
                "Truth score heatmap",
                "Failures by agent",
                "Rollbacks over time",
            ],
        ),
        (
            "Database and caching",
            &[
                "Query Duration",
                "Cache Performance",
                "Connection Errors",
                "Pattern Retrieval Performance",
                "Query rate by type and table",
                "Slowest tables",
                "Query errors",
                "Hit rate by cache",
            ],
        ),
        (
            "GOAP and coordination",
            &[
                "Planning Duration",
                "Coordination Efficiency",
                "Pattern Reuse Rate",
                "Task Completion Rate",
                "Active Patterns Count",
                "Task failures by type",
                "Queue length",
                "Unused patterns",
            ],
        ),
        (
            "System resources",
            &[
                "CPU",
                "Memory over time",
                "Error Rates by Type",
                "Tokio lag",
                "Tokio busy time",
                "Open fds",
                "Threads",
                "Scrape duration",
                "Scrape samples",
                "Series per metric against its limit",
                "Panics and cancellations",
            ],
        ),
    ];
    let monitoring = shipped();
    for (row, titles) in expected {
        let row = monitoring.rows.iter().find(|it| it.title == *row).unwrap_or_else(|| panic!("no row {row}"));
        for title in *titles {
            assert!(row.panels.iter().any(|it| it.title == *title), "{}: no panel {title}", row.title);
        }
    }
}

/// Budgets of 30 days need samples of 30 days, and objectives belong to functions of the program.
#[test]
fn objectives_are_those_of_the_example_and_their_samples_are_kept() {
    let functions: BTreeSet<String> = example()
        .sites
        .iter()
        .filter(|it| it.objective.is_some())
        .map(|it| format!("{}::{}", it.module, it.function))
        .collect();
    let monitoring = shipped();
    let alerts = || monitoring.alerts.iter().flat_map(|it| &it.rules).filter(|it| it.name.starts_with("ErrorBudget"));
    let recordings = monitoring.recordings.iter().flat_map(|it| &it.rules);
    let objective = |it: &Recording| it.labels.iter().find(|it| it.0 == "objective").map(|it| it.1.clone());
    assert_eq!(recordings.filter_map(objective).collect::<BTreeSet<_>>(), functions);
    assert!(functions.len() >= 3 && alerts().all(|it| it.team != "unowned"), "{functions:?}");
    let files = files();
    let file = |name: &str| &files.iter().find(|it| it.name == name).unwrap().contents;
    assert!(file(".env.example").contains("\nPROMETHEUS_RETENTION_TIME=30d\n"));
    assert!(file("docker-compose.yml").contains("${PROMETHEUS_RETENTION_TIME:-30d}"));
}

/// An alert about one of several series links to the panel that shows each, not to their sum.
#[test]
fn alerts_link_to_panels_that_show_them() {
    let monitoring = shipped();
    let panel = |alert: &str| {
        let rule = monitoring.alerts.iter().flat_map(|it| &it.rules).find(|it| it.name == alert).unwrap();
        let panel = monitoring.rows.iter().flat_map(|it| &it.panels).find(|it| it.key == rule.panel).unwrap();
        assert!(rule.dashboard_url.ends_with(&format!("viewPanel={}", panel.id)), "{}", rule.dashboard_url);
        panel.title.clone()
    };
    for (alert, title) in [
        ("CacheHitRateLow", "Hit rate by cache"),
        ("TruthScoreBelowTarget", "Truth score by agent"),
        ("MemoryHigh", "Memory over time"),
        ("NeuralOperationsDegraded", "Operations Rate"),
        ("ServiceDown", "Service Status"),
    ] {
        assert_eq!(panel(alert), title, "{alert}");
    }
    for (alert, panel) in [("AlertDeliveryFailing", "notifications"), ("LowDiskSpace", "disks")] {
        let rule = monitoring.stack.iter().flat_map(|it| &it.rules).find(|it| it.name == alert).unwrap();
        assert_eq!(rule.panel, format!("monitoring/{panel}"));
    }
}

#[test]
fn the_dashboard_shows_targets_as_limits() {
    let json = files().into_iter().find(|it| it.name == "grafana-dashboard.json").unwrap().contents;
    let dashboard: Value = serde_json::from_str(&json).unwrap();
    let limit = |title: &str| {
        let panel = flat(&dashboard).into_iter().find(|it| it["title"] == title).unwrap();
        panel["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"].as_f64().unwrap()
    };
    let targets = [
        ("Neural Operations/sec", 150_000.0),
        ("Cache Hit Rate", 0.8),
        ("Truth Score P95", 0.95),
        ("Memory Usage", 104_857_600.0),
    ];
    for (title, expected) in targets {
        assert!((limit(title) - expected).abs() < 1e-9, "{title}: {}", limit(title));
    }
}
