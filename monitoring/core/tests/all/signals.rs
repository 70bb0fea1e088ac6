//! Each row of the table of signals makes a complete alert.

use crate::support::{record, site};
use measurand_catalog::{Alert, Catalog, Condition, Family, Kind, Label, Metric, Role, SIGNALS, Severity, Signal};
use measurand_monitoring::model::Piece;
use measurand_monitoring::{Monitoring, Options};

fn metric(role: Role) -> Metric {
    let suffix = match (role.kind(), role) {
        (Kind::Counter, _) => "_total",
        (_, Role::Duration) => "_seconds",
        _ => "",
    };
    let buckets: &[f64] = if role.kind() == Kind::Histogram { &[0.25, 0.5, 1.0] } else { &[] };
    Metric { name: format!("work_{}{suffix}", role.as_str()).leak(), role, help: "Help.", buckets }
}

fn alert(signal: Signal) -> Alert {
    let threshold = if signal == Signal::Stalled { 60.0 } else { 0.5 };
    let condition = Condition { signal, quantile: signal.spec().threshold.histogram.map(|_| 0.9), threshold };
    let name = format!("{signal:?}").leak();
    Alert { name, severity: Severity::P1, condition, for_seconds: 60, summary: "Summary.", impact: "Impact." }
}

#[test]
fn each_signal_makes_a_whole_alert() {
    let family = Family {
        name: "work",
        title: "Work",
        help: "Work.",
        labels: Vec::leak(vec![Label::open("team")]),
        metrics: Vec::leak(Role::ALL.map(metric).to_vec()),
        alerts: Vec::leak(SIGNALS.iter().map(|it| alert(it.signal)).collect()),
    };
    let sites = vec![site("measured", "work", "work", &["team=red"], &[])];
    let catalog = Catalog { format: Catalog::FORMAT, families: vec![record(&family)], sites };
    let catalog = Catalog::from_json(catalog.to_json().as_bytes()).expect("a correct catalog");
    let monitoring = Monitoring::new(&catalog, &Options { under_load: true, ..Options::default() });
    let own = monitoring.alerts.iter().find(|it| it.name.ends_with("-family-work")).expect("alerts of the family");
    let names: Vec<&str> = own.rules.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, family.alerts.iter().map(|it| it.name).collect::<Vec<_>>());
    for alert in &own.rules {
        let panels = monitoring.rows.iter().flat_map(|it| &it.panels);
        assert!(panels.clone().any(|it| it.key == alert.panel), "{} has no panel", alert.name);
        let values = alert.description.iter().filter(|it| matches!(it, Piece::Value(_)));
        assert_eq!(values.count(), 1, "{:?}", alert.description);
        let is_open = |it: &Piece| matches!(it, Piece::Text(text) if text.contains(['{', '}']));
        assert!(!alert.description.iter().any(is_open), "{:?}", alert.description);
        assert!(!alert.absent.is_empty() && !alert.advice.is_empty(), "{} has no texts", alert.name);
        // The last one is about the waiting time of any alert.
        assert!(!alert.scenario.signals.is_empty() && alert.scenario.courses.len() > 1, "{} has no tests", alert.name);
    }
}
