//! The row about the monitoring itself: the servers of the stack. They are independent of the chosen job.

use super::spec::{PLAIN, Spec, by_labels, names};
use crate::build::alerts::stack::{APPENDED, DISK_LABELS, free_disk};
use crate::model::stack::{ALERTMANAGER, PROMETHEUS, SERVERS, SHARDS};
use crate::model::{Line, PanelKind, Unit};
use crate::query::{Aggregation, Combination, Query, Selector, Window};

pub(super) const KEY: &str = "monitoring";

pub(super) const PANELS: &[Spec] = &[
    Spec {
        key: "targets",
        title: "Servers",
        description: "Whether Prometheus can scrape each server of the stack, and other Prometheus servers.",
        kind: PanelKind::Status,
        lines: |_| vec![is_one(newest(SERVERS, "up").combine(Combination::Or, newest(SHARDS, "up")))],
        links: &["MonitoringTargetDown", "ShardDown"],
        ..PLAIN
    },
    Spec {
        key: "reloads",
        title: "Last configuration reload",
        description: "`DOWN` means that the server rejected its configuration and uses the old one.",
        kind: PanelKind::Status,
        lines: |_| {
            let prometheus = newest(&[PROMETHEUS.job], "prometheus_config_last_reload_successful");
            let alertmanager = newest(&[ALERTMANAGER.job], "alertmanager_config_last_reload_successful");
            vec![is_one(prometheus.combine(Combination::Or, alertmanager))]
        },
        links: &["ConfigReloadFailed"],
        ..PLAIN
    },
    Spec {
        key: "rules",
        title: "Failed rule evaluations",
        description: "Rules that Prometheus could not evaluate, per second. Alerts of the group cannot fire.",
        unit: Unit::PerSecond,
        lines: |_| vec![rate("", &[PROMETHEUS.job], "prometheus_rule_evaluation_failures_total", &["rule_group"])],
        links: &["RuleEvaluationFailing"],
        ..PLAIN
    },
    Spec {
        key: "notifications",
        title: "Notifications",
        description: "Notifications per second by channel, and those that Alertmanager could not deliver.",
        unit: Unit::PerSecond,
        lines: |_| {
            let by = &["integration"];
            vec![
                rate("", &[ALERTMANAGER.job], "alertmanager_notifications_total", by),
                rate("failed", &[ALERTMANAGER.job], "alertmanager_notifications_failed_total", by),
            ]
        },
        links: &["AlertDeliveryFailing"],
        ..PLAIN
    },
    Spec {
        key: "disks",
        title: "Free disk space",
        description: "The free share of each disk that the node exporter sees.",
        unit: Unit::Share,
        lines: |_| vec![by_labels("", &names(&DISK_LABELS), free_disk())],
        alerts: |_| names(&["LowDiskSpace"]),
        ..PLAIN
    },
    Spec {
        key: "samples",
        title: "Stored samples",
        description: "Samples that Prometheus stores per second, each about two bytes.",
        unit: Unit::PerSecond,
        lines: |_| vec![rate("", &[PROMETHEUS.job], APPENDED, &["instance"])],
        alerts: |_| names(&["MonitoringStorageGrowth"]),
        ..PLAIN
    },
];

fn newest(jobs: &'static [&'static str], metric: &str) -> Query {
    Query::Instant(Selector::of_jobs(jobs, metric))
}

fn is_one(query: Query) -> Line {
    by_labels("", &names(&["job", "instance"]), query.aggregate(Aggregation::Minimum, &names(&["instance"])))
}

fn rate(prefix: &str, jobs: &'static [&'static str], metric: &str, by: &[&str]) -> Line {
    let by = names(by);
    by_labels(prefix, &by, Query::Rate(Selector::of_jobs(jobs, metric), Window::Recent).sum(&by))
}
