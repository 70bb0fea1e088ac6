//! Alerts about the monitoring stack, from the metrics of its servers.
//!
//! They belong to a Prometheus server rather than to a program, so they have a file of their own. Otherwise a server
//! that watches two programs would have them twice.

use super::draft::{Common, HOUR, QUARTER};
use super::scenario::{TRAFFIC, counter, gauge, labels, scenario};
use super::timeline::{self, BEGINS, CROWD, NOTHING, OVER};
use crate::model::stack::{ALERTMANAGER, NODE, PROMETHEUS, SERVERS, SHARDS};
use crate::model::{Format, Piece, Scenario, Signal, label, text};
use crate::query::{Combination, Match, Query, Selector};
use measurand_catalog::Severity;

const DELIVERY: f64 = 0.01;
const DISK: f64 = 0.2;
/// Each sample takes about two bytes on disk, so these take 100 MB a day.
const SAMPLES_A_SECOND: f64 = 600.0;
/// Samples that Prometheus stored.
pub(crate) const APPENDED: &str = "prometheus_tsdb_head_samples_appended_total";

const UNREACHABLE: &[&str] = &[
    "See whether the server runs: `cargo measurand status`, `docker compose ps`. Its log shows why it ended.",
    "If it runs, the page `/targets` of Prometheus shows the error: an address, a certificate, a password, a limit.",
];

pub(crate) const DISK_LABELS: [&str; 2] = ["instance", "mountpoint"];
/// File systems without persistent data.
const NO_DISKS: [&str; 5] = ["tmpfs", "overlay", "squashfs", "ramfs", "devtmpfs"];

pub(super) const ALERTS: &[Common] = &[
    Common {
        name: "AlertDeliveryFailing",
        severity: Some(Severity::P1),
        for_seconds: 300,
        summary: "Alertmanager cannot deliver notifications.",
        impact: "Alerts sent through this channel may not arrive.",
        panel: "monitoring/notifications",
        absent: "Silent without series. When Alertmanager is gone, the Watchdog stops.",
        advice: &[
            "The log of Alertmanager shows the error of the channel.",
            "The usual cause is a changed address or an expired secret. `alertmanager.yml` names the files.",
            "Until it is fixed, read the alerts in Alertmanager itself.",
        ],
        query: |_| {
            let by = ["instance".to_owned(), "integration".to_owned()];
            let rate = |name| Query::Rate(Selector::of_jobs(&[ALERTMANAGER.job], name), QUARTER).sum(&by);
            let failed = rate("alertmanager_notifications_failed_total");
            Some(failed.part_of(rate("alertmanager_notifications_total")).above(DELIVERY))
        },
        description: |_| {
            let share = Piece::Value(Format::Share);
            vec![
                share,
                text(" of the notifications through "),
                label("integration"),
                text(" failed within 15 minutes."),
            ]
        },
        scenario: |_| {
            let own = labels(&[("integration", "slack")]);
            let all = counter("alertmanager_notifications_total", own.clone(), [TRAFFIC; 3]);
            let name = "alertmanager_notifications_failed_total";
            let failed = counter(name, own, [TRAFFIC / 2.0, TRAFFIC * 0.009, 0.0]);
            let courses = vec![
                timeline::course(OVER, vec![all.along(&[(57, TRAFFIC)]), failed.along(&[(23, TRAFFIC), (34, 0.0)])]),
                timeline::course(
                    BEGINS,
                    vec![
                        all.along(&[(32, CROWD * TRAFFIC), (23, TRAFFIC)]),
                        failed.along(&[(55, 1.5 * DELIVERY * TRAFFIC)]),
                    ],
                ),
                timeline::course(NOTHING, vec![all.along(&[(23, 0.0)]), failed.along(&[(23, TRAFFIC)])]),
            ];
            let labels = labels(&[("instance", "a"), ("integration", "slack")]);
            Scenario { job: Some(ALERTMANAGER.job), recovery: 20, courses, ..scenario(vec![all, failed], labels, 0.5) }
        },
    },
    Common {
        name: "RuleEvaluationFailing",
        severity: Some(Severity::P1),
        for_seconds: 300,
        summary: "Prometheus cannot evaluate its rules.",
        impact: "The alerts of this rule group cannot fire.",
        panel: "monitoring/rules",
        absent: "Silent without series. When Prometheus is gone, the Watchdog stops.",
        advice: &[
            "The page `/rules` of Prometheus shows the error next to the rule.",
            "If a file was just generated or edited, restore the old one. `promtool check rules` finds such errors.",
        ],
        query: |_| {
            let by = ["instance".to_owned(), "rule_group".to_owned()];
            let failures = Selector::of_jobs(&[PROMETHEUS.job], "prometheus_rule_evaluation_failures_total");
            Some(Query::Increase(failures, QUARTER).sum(&by).above(0.0))
        },
        description: |_| {
            let number = Piece::Value(Format::Count);
            vec![
                number,
                text(" evaluations of the rule group "),
                label("rule_group"),
                text(" failed within 15 minutes."),
            ]
        },
        scenario: |_| {
            let own = labels(&[("rule_group", "rules.yml;shop")]);
            let signal = counter("prometheus_rule_evaluation_failures_total", own, [1.0, 0.0, 0.0]);
            let labels = labels(&[("instance", "a"), ("rule_group", "rules.yml;shop")]);
            let courses = vec![timeline::burst(&signal, 15, 300)];
            Scenario { job: Some(PROMETHEUS.job), recovery: 20, courses, ..scenario(vec![signal], labels, 7.0) }
        },
    },
    Common {
        name: "ShardDown",
        severity: Some(Severity::P1),
        for_seconds: 300,
        summary: "Prometheus cannot read the samples of another Prometheus.",
        impact: "The instances that it scrapes are not monitored: none of their alerts can fire.",
        panel: "monitoring/targets",
        absent: "Silent without series. Most systems have a single Prometheus.",
        advice: UNREACHABLE,
        query: |_| Some(fails(SHARDS, "up")),
        description: |_| vec![text("Prometheus cannot scrape the shard "), label("instance"), text(".")],
        scenario: |_| zero("federate", "up"),
    },
    Common {
        name: "MonitoringTargetDown",
        severity: Some(Severity::P2),
        for_seconds: 300,
        summary: "A server of the monitoring does not answer.",
        impact: "Alerts from its metrics are silent: LowDiskSpace needs `node`, AlertDeliveryFailing `alertmanager`.",
        panel: "monitoring/targets",
        absent: "Silent without series. The server may not be installed.",
        advice: UNREACHABLE,
        query: |_| Some(fails(SERVERS, "up")),
        description: |_| {
            vec![text("Prometheus cannot scrape "), label("job"), text(" ("), label("instance"), text(").")]
        },
        scenario: |_| zero(NODE.job, "up"),
    },
    Common {
        name: "ConfigReloadFailed",
        severity: Some(Severity::P2),
        for_seconds: 300,
        summary: "A server rejected its new configuration.",
        impact: "It uses the old one: changes of targets, rules and receivers have no effect, and a restart fails.",
        panel: "monitoring/reloads",
        absent: "Silent without series. MonitoringTargetDown fires when the server is gone.",
        advice: &[
            "The log of the server names the file and the line.",
            "Check the files: `promtool check config prometheus.yml`, `amtool check-config alertmanager.yml`.",
            "Fix the file or generate it again, then reload: `curl -X POST http://HOST:PORT/-/reload`.",
        ],
        query: |_| {
            let prometheus = fails(&[PROMETHEUS.job], "prometheus_config_last_reload_successful");
            let alertmanager = fails(&[ALERTMANAGER.job], "alertmanager_config_last_reload_successful");
            Some(prometheus.combine(Combination::Or, alertmanager))
        },
        description: |_| {
            vec![label("job"), text(" ("), label("instance"), text(") rejected its configuration at the last reload.")]
        },
        scenario: |_| {
            let other = labels(&[("job", ALERTMANAGER.job)]);
            let other = gauge("alertmanager_config_last_reload_successful", other, [0.0, 1.0, 1.0]);
            let courses = vec![timeline::course(OVER, vec![other.along(&[(10, 0.0), (10, 1.0)])])];
            Scenario { courses, ..zero(PROMETHEUS.job, "prometheus_config_last_reload_successful") }
        },
    },
    Common {
        name: "LowDiskSpace",
        severity: Some(Severity::P3),
        for_seconds: 1800,
        summary: "A disk is nearly full.",
        impact: "When the disk is full, nothing can be written to it.",
        panel: "monitoring/disks",
        absent: "Silent without series. The node exporter may not be installed.",
        advice: &[
            "Run `du -x --max-depth=2` on the mount point to see what uses the space.",
            "Delete old logs and images first. `--storage.tsdb.retention.size` limits what Prometheus stores.",
        ],
        query: |_| {
            // A read-only file system cannot fill up.
            let writable = disk("node_filesystem_readonly").is_zero();
            Some(free_disk().below(DISK).combine(Combination::And, writable))
        },
        description: |_| {
            let share = Piece::Value(Format::Share);
            vec![share, text(" of "), label("mountpoint"), text(" on "), label("instance"), text(" is free.")]
        },
        scenario: |_| {
            let own = labels(&[("mountpoint", "/"), ("fstype", "ext4")]);
            let signals = vec![
                gauge("node_filesystem_avail_bytes", own.clone(), [10.0, 21.0, 50.0]),
                gauge("node_filesystem_size_bytes", own.clone(), [100.0; 3]),
                gauge("node_filesystem_readonly", own, [0.0; 3]),
            ];
            let plain = scenario(signals, labels(&[("instance", "a"), ("mountpoint", "/")]), 0.1);
            Scenario { job: Some(NODE.job), lead: 0, ..plain }
        },
    },
    Common {
        name: "MonitoringStorageGrowth",
        severity: Some(Severity::P3),
        for_seconds: 3600,
        summary: "Prometheus stores many samples.",
        impact: "Its disk fills up, or old samples are deleted before their time. Queries become slower.",
        panel: "monitoring/samples",
        absent: "Silent without series.",
        advice: &[
            "The page `/tsdb-status` of Prometheus shows which metrics have the most series.",
            "The usual cause is a label whose values never repeat: see the panel of series.",
        ],
        query: |_| {
            let samples = Selector::of_jobs(&[PROMETHEUS.job], APPENDED);
            Some(Query::Rate(samples, HOUR).sum(&["instance".to_owned()]).above(SAMPLES_A_SECOND))
        },
        description: |_| {
            let rate = Piece::Value(Format::PerSecond);
            let limit = format!(" samples; {SAMPLES_A_SECOND}/s take about 100MB a day.");
            vec![label("instance"), text(" stores "), rate, text(limit)]
        },
        scenario: |_| {
            let [bad, near, good] = [2.0, 0.98, 0.1].map(|it| it * 60.0 * SAMPLES_A_SECOND);
            let signal = Signal { before: near, ..counter(APPENDED, Vec::new(), [bad, near, good]) };
            let courses = vec![timeline::burst(&signal, 60, 3600)];
            let plain = scenario(vec![signal], labels(&[("instance", "a")]), 2.0 * SAMPLES_A_SECOND);
            Scenario { job: Some(PROMETHEUS.job), before: 125, recovery: 70, courses, ..plain }
        },
    },
];

/// The free share of each disk.
pub(crate) fn free_disk() -> Query {
    disk("node_filesystem_avail_bytes").part_of(disk("node_filesystem_size_bytes"))
}

fn disk(metric: &str) -> Query {
    let kinds = Match::NoneOf(NO_DISKS.map(str::to_owned).to_vec());
    let disks = Selector::of_jobs(&[NODE.job], metric).matching("fstype", kinds);
    Query::Instant(disks).sum(&DISK_LABELS.map(str::to_owned))
}

/// The series of these jobs that are zero.
fn fails(jobs: &'static [&'static str], metric: &str) -> Query {
    Query::Instant(Selector::of_jobs(jobs, metric)).is_zero()
}

/// A series of this job that becomes zero.
fn zero(job: &'static str, metric: &str) -> Scenario {
    let signal = gauge(metric, Vec::new(), [0.0, 1.0, 1.0]);
    Scenario { job: Some(job), lead: 0, up: false, ..scenario(vec![signal], labels(&[("instance", "a")]), 0.0) }
}
