//! The first row: whether the program is up, which alerts fire, and what its users notice.

use super::lines::quantiles;
use super::spec::{PLAIN, Spec, by_labels, each, find, named, names, of, titled};
use super::system::{RESIDENT_BYTES, START_TIME, build_info, per_instance};
use crate::build::objectives::{self, OBJECTIVE_LABEL};
use crate::build::used_family::{Form, UsedFamily};
use crate::model::{Line, PanelKind, Unit, label};
use crate::query::{Aggregation, Combination, Query, Selector};
use measurand_catalog::{Role, families};

pub(super) const KEY: &str = "overview";

/// The defaults of most panels of this row: one large number.
const NUMBER: Spec = Spec { kind: PanelKind::Number, width: 4, height: 4, ..PLAIN };

pub(super) const PANELS: &[Spec] = &[
    Spec {
        key: "status",
        title: "Service Status",
        description: "Whether Prometheus can scrape each instance. If one is `DOWN` or all are missing, the alert \
                      ServiceDown fires.",
        kind: PanelKind::Status,
        no_value: "NO TARGET",
        lines: |_| vec![per_instance("", Query::Instant(Selector::new("up")), Aggregation::Minimum)],
        ..NUMBER
    },
    Spec {
        key: "alerts",
        title: "Firing alerts by severity",
        description: "Expected response times: P0 5 minutes, P1 15 minutes, P2 one hour, P3 four hours.",
        no_value: "none",
        lines: |_| {
            let query = Query::Instant(firing()).aggregate(Aggregation::Count, &["severity".to_owned()]);
            vec![Line { legend: vec![label("severity")], query, unit: None }]
        },
        ..NUMBER
    },
    Spec {
        key: "budget",
        title: "Error budget left",
        description: "The remaining share of the 30-day error budget of the worst objective. Below zero, it is missed.",
        unit: Unit::Share,
        no_value: "no calls",
        lines: super::objectives::worst,
        limits: super::objectives::USED_UP,
        ..NUMBER
    },
    Spec {
        key: "uptime",
        title: "Uptime",
        description: "Time since the process started. A small number without a deployment means a crash.",
        unit: Unit::Seconds,
        lines: |_| {
            let started = Query::Instant(Selector::new(START_TIME.name));
            let Line { legend, query, unit } = per_instance("", started, Aggregation::Maximum);
            vec![Line { legend, query: Query::Age(Box::new(query)), unit }]
        },
        ..NUMBER
    },
    Spec {
        key: "build",
        title: "Build",
        description: "The version and the commit that run.",
        kind: PanelKind::Name,
        no_value: "unknown",
        lines: |_| vec![build_info()],
        ..NUMBER
    },
    Spec {
        key: "firing",
        title: "Firing alerts",
        description: "The firing alerts: which program and which function, whose team, and for how long. A click on \
                      a name opens its section of the runbook.",
        kind: PanelKind::Table,
        width: 24,
        height: 6,
        no_value: "none",
        lines: |used| {
            let mut by = names(&["alertname", "severity", "job", "team", "function"]);
            if !objectives::all(used).is_empty() {
                by.push(OBJECTIVE_LABEL.to_owned());
            }
            let firing = || Query::Instant(firing()).aggregate(Aggregation::Count, &by);
            let started = Selector::of_rules("ALERTS_FOR_STATE").without("severity", "none");
            let started = Query::Instant(started).aggregate(Aggregation::Minimum, &by);
            let age = started.combine(Combination::And, firing()).age();
            vec![named("Firing", firing()), Line { unit: Some(Unit::Seconds), ..named("For", age) }]
        },
        ..PLAIN
    },
    Spec {
        key: "neural_rate",
        title: "Neural Operations/sec",
        description: "Neural operations of all types and instances per second in the last five minutes.",
        unit: Unit::PerSecond,
        lines: |it| of(it, &families::NEURAL, |it| Some(named("operations", it.calls(&[], Form::Recorded)?))),
        alerts: |_| names(&["NeuralOperationsDegraded"]),
        ..NUMBER
    },
    Spec {
        key: "cache_hits",
        title: "Cache Hit Rate",
        description: "The share of hits among the look-ups of the last five minutes in all caches.",
        kind: PanelKind::Dial,
        unit: Unit::Share,
        no_value: "no look-ups",
        lines: |it| of(it, &families::CACHE, |it| Some(named("hits", it.hit_ratio(&[], Form::Recorded)?))),
        alerts: |_| names(&["CacheHitRateLow"]),
        ..NUMBER
    },
    Spec {
        key: "truth",
        title: "Truth Score P95",
        description: "95 % of the scores of the last five minutes are below P95, and 5 % below P05. Low scores are bad.",
        kind: PanelKind::Dial,
        unit: Unit::Share,
        no_value: "no scores",
        lines: |used| {
            let families: Vec<_> = find(used, &families::VERIFICATION).into_iter().copied().collect();
            quantiles(&families, Role::Score, &[0.95, 0.05], Form::Recorded)
        },
        alerts: |_| names(&["TruthScoreBelowTarget"]),
        ..NUMBER
    },
    Spec {
        key: "memory",
        title: "Memory Usage",
        description: "Resident memory of the largest process that keeps patterns in memory.",
        unit: Unit::Bytes,
        lines: |used| {
            let resident = || Query::Instant(Selector::new(RESIDENT_BYTES.name)).aggregate(Aggregation::Maximum, &[]);
            find(used, &families::PATTERN_MEMORY).map(|_| named("largest", resident())).into_iter().collect()
        },
        alerts: |_| names(&["MemoryHigh"]),
        ..NUMBER
    },
    Spec {
        key: "http_rate",
        title: "HTTP rate",
        description: "Requests per second by route, successful or not.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |it| of(it, &families::HTTP, |it| Some(by_labels("", &route(), it.calls(&route(), Form::Plain)?))),
        ..PLAIN
    },
    Spec {
        key: "http_errors",
        title: "HTTP errors",
        description: "The share of requests that failed: status 500 and above, gRPC errors, panics, and what the layer \
                      is configured to count.",
        unit: Unit::Share,
        no_value: "no requests",
        lines: |it| of(it, &families::HTTP, |it| Some(by_labels("", &route(), it.error_ratio(&route(), Form::Plain)?))),
        alerts: |_| names(&["HttpErrorRateHigh"]),
        ..PLAIN
    },
    Spec {
        key: "http_duration",
        title: "HTTP duration",
        description: "95 % of the requests of each route are answered faster than this.",
        unit: Unit::Seconds,
        no_value: "no requests",
        lines: |used| {
            of(used, &families::HTTP, |family| {
                Some(by_labels("P95", &route(), family.quantile(Role::Duration, 0.95, &route(), Form::Plain)?))
            })
        },
        alerts: |_| names(&["HttpLatencyHigh"]),
        ..PLAIN
    },
    Spec {
        key: "calls_by_family",
        title: "Calls per second by family",
        description: "Calls per second of each family: what the program is busy with.",
        unit: Unit::PerSecond,
        width: 12,
        lines: |it| by_family(it, |it| it.calls(&[], Form::Plain)),
        ..PLAIN
    },
    Spec {
        key: "errors_by_family",
        title: "Error ratio by family",
        description: "The share of failed calls of each family. The family's own row has the details.",
        unit: Unit::Share,
        width: 12,
        no_value: "no calls",
        lines: |it| by_family(it, |it| it.error_ratio(&[], Form::Plain)),
        ..PLAIN
    },
];

/// Returns a line for each family. A program with an HTTP layer has none: its requests say what its users notice.
fn by_family(used: &[UsedFamily<'_>], query: fn(&UsedFamily<'_>) -> Option<Query>) -> Vec<Line> {
    let inner = find(used, &families::HTTP).is_none();
    each(used, |it| Some(titled(&it.family.title, query(it).filter(|_| inner)?)))
}

/// The alerts that fire, without the Watchdog.
pub(crate) fn firing() -> Selector {
    Selector::of_rules("ALERTS").with("alertstate", "firing").without("severity", "none")
}

fn route() -> Vec<String> {
    names(&["route"])
}
