//! Alerts about the monitoring stack, from the metrics that Prometheus, Alertmanager and the node exporter export.
//!
//! They belong to a Prometheus server rather than to a program, so they have a file of their own. Otherwise a server
//! that watches two programs would have them twice.

use super::draft::Common;
use super::family_alert::DAY_SECONDS;
use super::scenario::{TRAFFIC, counter, gauge, growth, labels, scenario};
use super::timeline::{self, BEGINS, CROWD, NOTHING, OVER};
use crate::model::{Format, Piece, Scenario, Signal, label, text};
use crate::query::{Combination, Comparison, Match, Query, Selector, Window};
use measurand_catalog::Severity;

pub(crate) const PROMETHEUS: &str = "prometheus";
pub(crate) const ALERTMANAGER: &str = "alertmanager";
pub(crate) const NODE: &str = "node";

const DELIVERY: f64 = 0.01;
const DISK: f64 = 0.2;
const STORAGE_BYTES_A_DAY: f64 = 100.0 * 1024.0 * 1024.0;
const QUARTER: Window = Window::Seconds(900);

/// File systems without persistent data.
const NO_DISKS: [&str; 5] = ["tmpfs", "overlay", "squashfs", "ramfs", "devtmpfs"];

pub(super) const ALERTS: &[Common] = &[
    Common {
        name: "AlertDeliveryFailing",
        severity: Some(Severity::P1),
        for_seconds: 300,
        summary: "Alertmanager cannot deliver notifications.",
        impact: "Alerts sent through this channel may not arrive.",
        panel: "overview/alerts",
        absent: "Silent without series. When Alertmanager is gone, the dead man's switch misses the Watchdog.",
        advice: &[
            "The log of Alertmanager shows the error of the channel.",
            "The usual cause is a changed address or an expired secret. `alertmanager.yml` names the files.",
            "Until it is fixed, read the alerts in Alertmanager itself.",
        ],
        query: |_| {
            let by = ["instance".to_owned(), "integration".to_owned()];
            let rate = |name| Query::Rate(Selector::of_job(ALERTMANAGER, name), QUARTER).sum(&by);
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
            Scenario { job: Some(ALERTMANAGER), recovery: 20, courses, ..scenario(vec![all, failed], labels, 0.5) }
        },
    },
    Common {
        name: "RuleEvaluationFailing",
        severity: Some(Severity::P1),
        for_seconds: 300,
        summary: "Prometheus cannot evaluate its rules.",
        impact: "The alerts of this rule group cannot fire.",
        panel: "overview/alerts",
        absent: "Silent without series. When Prometheus is gone, the dead man's switch misses the Watchdog.",
        advice: &[
            "The page `/rules` of Prometheus shows the error next to the rule.",
            "If a file was just generated or edited, restore the old one. `promtool check rules` finds such errors.",
        ],
        query: |_| {
            let by = ["instance".to_owned(), "rule_group".to_owned()];
            let failures = Selector::of_job(PROMETHEUS, "prometheus_rule_evaluation_failures_total");
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
            Scenario { job: Some(PROMETHEUS), recovery: 20, courses, ..scenario(vec![signal], labels, 7.0) }
        },
    },
    Common {
        name: "LowDiskSpace",
        severity: Some(Severity::P3),
        for_seconds: 1800,
        summary: "A disk is nearly full.",
        impact: "When the disk is full, nothing can be written to it.",
        panel: "overview/alerts",
        absent: "Silent without series. The node exporter may not be installed.",
        advice: &[
            "Run `du -x --max-depth=2` on the mount point to see what uses the space.",
            "Delete old logs and images first. `--storage.tsdb.retention.size` limits what Prometheus stores.",
        ],
        query: |_| {
            let by = ["instance".to_owned(), "mountpoint".to_owned()];
            let read = |name| {
                let kinds = Match::NoneOf(NO_DISKS.map(str::to_owned).to_vec());
                Query::Instant(Selector::of_job(NODE, name).matching("fstype", kinds)).sum(&by)
            };
            let free = read("node_filesystem_avail_bytes").part_of(read("node_filesystem_size_bytes"));
            // A read-only file system cannot fill up.
            let writable = Query::Compare(Box::new(read("node_filesystem_readonly")), Comparison::Equal, 0.0);
            Some(free.below(DISK).combine(Combination::And, writable))
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
            Scenario { job: Some(NODE), lead: 0, ..plain }
        },
    },
    Common {
        name: "MonitoringStorageGrowth",
        severity: Some(Severity::P3),
        for_seconds: 3600,
        summary: "The storage of Prometheus grows fast.",
        impact: "The disk fills up, and queries become slower.",
        panel: "overview/alerts",
        absent: "Silent without series, and without a value from a day ago to compare with.",
        advice: &[
            "The page `/tsdb-status` of Prometheus shows which metrics have the most series.",
            "The usual cause is a label whose values never repeat: see the panel of series.",
        ],
        query: |_| {
            let by = ["instance".to_owned()];
            let bytes = Selector::of_job(PROMETHEUS, "prometheus_tsdb_storage_blocks_bytes");
            let (now, then) = (Query::Instant(bytes.clone()).sum(&by), Query::Offset(bytes, DAY_SECONDS).sum(&by));
            Some(now.minus(then).above(STORAGE_BYTES_A_DAY))
        },
        description: |_| {
            let bytes = Piece::Value(Format::Bytes);
            vec![
                text("The blocks of "),
                label("instance"),
                text(" are "),
                bytes,
                text(" larger than a day ago; the limit is 100MiB."),
            ]
        },
        scenario: |_| {
            let bytes = STORAGE_BYTES_A_DAY;
            let phases = [3.0 * bytes, 1.9 * bytes, bytes];
            let signal = Signal { before: bytes, ..gauge("prometheus_tsdb_storage_blocks_bytes", Vec::new(), phases) };
            let courses = vec![timeline::growth(&signal)];
            let plain = scenario(vec![signal], labels(&[("instance", "a")]), 2.0 * bytes);
            growth(Scenario { job: Some(PROMETHEUS), courses, ..plain })
        },
    },
];
