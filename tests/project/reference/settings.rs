//! The page about `monitoring.toml` has every key, and each of its examples is accepted.

use crate::cells;
use measurand_check::Settings;
use measurand_monitoring::{Options, Receivers, WorkingHours};
use measurand_tests::workspace;
use std::collections::BTreeSet;

fn page() -> String {
    std::fs::read_to_string(workspace().join("docs/reference/monitoring-toml.md")).unwrap()
}

/// The keys that an unknown key is told of: serde lists all.
fn known(section: &str) -> BTreeSet<String> {
    let error = Settings::parse("monitoring.toml", &format!("{section}\nunknown_key = 1\n")).unwrap_err();
    let list = error.split("expected ").nth(1).unwrap_or_else(|| panic!("{error}"));
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn listed(heading: &str) -> BTreeSet<String> {
    cells("monitoring-toml.md", heading).into_iter().collect()
}

#[test]
fn every_key_of_the_settings_has_a_row() {
    assert_eq!(listed("## Top level").into_iter().chain(tables()).collect::<BTreeSet<_>>(), known(""));
    assert_eq!(listed("## `[alerts.NAME]`"), known("[alerts.MemoryHigh]"));
    assert_eq!(listed("## `[objectives.NAME]`"), known("[objectives.ErrorBudgetBurn]"));
    assert_eq!(listed("## `[leave_out]`"), known("[leave_out]"));
    assert_eq!(listed("## `[remote_write]`"), known("[remote_write]"));
    assert_eq!(listed("## `[slack]`"), known("[slack]"));
    assert_eq!(listed("## `[working_hours]`"), known("[working_hours]"));
    // Its text fields are the keys.
    let debug = format!("{:?}", Receivers::default());
    let debug = debug.split(", slack: ").next().unwrap_or_default();
    let fields = debug.split(": \"").filter_map(|it| it.rsplit(['{', ',']).next());
    let fields: BTreeSet<String> = fields.map(|it| it.trim().to_owned()).filter(|it| !it.ends_with('"')).collect();
    assert_eq!(listed("## `[receivers]`"), fields);
}

/// The tables of the file, each with a section of its own.
fn tables() -> Vec<String> {
    let tables = ["alerts", "objectives", "leave_out", "receivers", "slack", "working_hours", "external_labels"];
    tables.into_iter().chain(["remote_write"]).map(str::to_owned).collect()
}

#[test]
fn every_example_is_accepted() {
    let page = page();
    let examples: Vec<&str> = page.split("```toml\n").skip(1).map(|it| it.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 5, "{examples:?}");
    for it in examples {
        Settings::parse("monitoring.toml", it).unwrap_or_else(|error| panic!("{error}\n{it}"));
    }
}

#[test]
fn every_default_is_that_of_the_code() {
    let (options, receivers, page) = (Options::default(), Receivers::default(), page());
    let (slack, hours) = (&receivers.slack, WorkingHours::default());
    let receivers = [
        ("secrets", &receivers.secrets),
        ("pagerduty_url", &receivers.pagerduty_url),
        ("smtp_host", &receivers.smtp_host),
        ("smtp_from", &receivers.smtp_from),
        ("smtp_user", &receivers.smtp_user),
        ("leads", &receivers.leads),
        ("teams", &receivers.teams),
        ("capacity", &receivers.capacity),
        ("webhook_url", &receivers.webhook_url),
        ("webhook_ca_file", &receivers.webhook_ca_file),
        ("switch_url", &receivers.switch_url),
        ("critical", &slack.critical),
        ("general", &slack.general),
        ("low", &slack.low),
        ("time_zone", &hours.time_zone),
        ("start", &hours.start),
        ("end", &hours.end),
    ];
    let text = |it: &str| format!("`\"{it}\"`");
    let all = receivers.map(|(key, value)| (key, text(value))).into_iter().chain([
        ("arguments", text(&options.arguments)),
        ("grafana_url", text(&options.grafana_url)),
        ("runbook_url", text(&options.runbook_url)),
        ("under_load", format!("`{}`", options.under_load)),
        ("minimum_sample", format!("`{}`", options.minimum_sample)),
        ("memory_bytes", format!("`{:.1}`", options.memory_bytes)),
        ("histograms", text(options.histograms.as_str())),
        ("grafana", text(options.grafana.as_str())),
        ("grafana_datasource", text(&options.grafana_datasource)),
    ]);
    for (key, default) in all {
        let row = page.lines().find(|it| it.starts_with(&format!("| `{key}` |"))).unwrap_or_else(|| panic!("no {key}"));
        assert_eq!(row.split('|').nth(3).map(str::trim), Some(default.as_str()), "{row}");
    }
}
