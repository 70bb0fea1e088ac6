//! The first row: whether the program is up, whether it is healthy, and how much work it does.

use super::lines::quantiles;
use super::spec::{PLAIN, Spec, each, find, named, names, of, titled};
use super::system::{CPU_SECONDS, RESIDENT_BYTES, SITES, START_TIME, build_info, per_instance};
use crate::build::used_family::{Form, UsedFamily};
use crate::model::{Line, PanelKind, Unit, label};
use crate::query::{Aggregation, Query, Selector, Window};
use measurand_catalog::{Role, families};

pub(super) const KEY: &str = "overview";

/// The defaults of most panels of this row: one large number.
const NUMBER: Spec = Spec { kind: PanelKind::Number, width: 6, height: 4, ..PLAIN };

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
        key: "neural_rate",
        title: "Neural Operations/sec",
        description: "Neural operations of all types per second.",
        unit: Unit::PerSecond,
        lines: |it| of(it, &families::NEURAL, |it| Some(named("operations", it.calls(&[], Form::Plain)?))),
        alerts: |_| names(&["NeuralOperationsDegraded"]),
        ..NUMBER
    },
    Spec {
        key: "cache_hits",
        title: "Cache Hit Rate",
        description: "The share of hits among the recent look-ups in all caches.",
        kind: PanelKind::Dial,
        unit: Unit::Share,
        no_value: "no look-ups",
        lines: |it| of(it, &families::CACHE, |it| Some(named("hits", it.hit_ratio(&[], Form::Plain)?))),
        alerts: |_| names(&["CacheHitRateLow"]),
        ..NUMBER
    },
    Spec {
        key: "truth",
        title: "Truth Score P95",
        description: "95 % of the scores are below P95, and 5 % below P05. Low scores are bad.",
        kind: PanelKind::Dial,
        unit: Unit::Share,
        no_value: "no scores",
        lines: |used| {
            let families: Vec<_> = find(used, &families::VERIFICATION).into_iter().copied().collect();
            quantiles(&families, Role::Score, &[0.95, 0.05])
        },
        alerts: |_| names(&["TruthScoreBelowTarget"]),
        ..NUMBER
    },
    Spec {
        key: "alerts",
        title: "Firing alerts by severity",
        description: "Expected response times: P0 5 minutes, P1 15 minutes, P2 one hour, P3 four hours.",
        no_value: "none",
        lines: |_| {
            let firing = Selector::of_rules("ALERTS").with("alertstate", "firing").without("severity", "none");
            let query = Query::Instant(firing).aggregate(Aggregation::Count, &["severity".to_owned()]);
            vec![Line { legend: vec![label("severity")], query, unit: None }]
        },
        ..NUMBER
    },
    Spec {
        key: "calls",
        title: "Calls per second",
        description: "Calls per second of all annotated functions.",
        unit: Unit::PerSecond,
        lines: |it| total(it, |it| it.calls(&[], Form::Plain)).map(|it| named("calls", it)).into_iter().collect(),
        ..NUMBER
    },
    Spec {
        key: "error_ratio",
        title: "Error ratio",
        description: "The share of calls of all annotated functions that failed.",
        unit: Unit::Share,
        no_value: "no calls",
        lines: |used| {
            let counted = |it: &UsedFamily<'_>| it.family.metric(Role::Errors).is_some();
            let part = total(used, |it| it.rate(Role::Errors, &[], Form::Plain));
            let whole = total(used, |it| it.calls(&[], Form::Plain).filter(|_| counted(it)));
            part.zip(whole).map(|(part, whole)| named("errors", part.share_of(whole))).into_iter().collect()
        },
        ..NUMBER
    },
    Spec {
        key: "budget",
        title: "Error budget left",
        description: "The remaining share of the 30-day error budget of each objective. Below zero, the objective is \
                      missed.",
        unit: Unit::Share,
        no_value: "no calls",
        lines: super::objectives::budgets,
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
        key: "memory",
        title: "Memory Usage",
        description: "Resident memory of the process.",
        unit: Unit::Bytes,
        lines: |_| vec![per_instance("", Query::Instant(Selector::new(RESIDENT_BYTES.name)), Aggregation::Sum)],
        alerts: |_| names(&["MemoryHigh"]),
        ..NUMBER
    },
    Spec {
        key: "cpu",
        title: "CPU",
        description: "CPU time spent per second: 100 % is one fully busy core.",
        unit: Unit::Cores,
        lines: |_| {
            let spent = Query::Rate(Selector::new(CPU_SECONDS.name), Window::Recent);
            vec![per_instance("", spent, Aggregation::Sum)]
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
        key: "sites",
        title: "Annotated functions",
        description: "The number of annotated functions in the program, called or not.",
        lines: |_| vec![per_instance("", Query::Instant(Selector::new(SITES.name)), Aggregation::Maximum)],
        ..NUMBER
    },
    Spec {
        key: "calls_by_family",
        title: "Calls per second by family",
        description: "Calls per second of each family: what the program is busy with.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        width: 9,
        lines: |it| each(it, |it| Some(titled(&it.family.title, it.calls(&[], Form::Plain)?))),
        ..PLAIN
    },
    Spec {
        key: "errors_by_family",
        title: "Error ratio by family",
        description: "The share of failed calls of each family. The family's own row has the details.",
        unit: Unit::Share,
        width: 9,
        no_value: "no calls",
        lines: |it| each(it, |it| Some(titled(&it.family.title, it.error_ratio(&[], Form::Plain)?))),
        ..PLAIN
    },
];

/// Returns the sum over the families. A family without series counts as zero if the job has a target: `up` exists.
fn total(families: &[UsedFamily<'_>], term: impl Fn(&UsedFamily<'_>) -> Option<Query>) -> Option<Query> {
    let watched = || Query::Instant(Selector::new("up")).sum(&[]);
    let terms: Vec<Query> = families.iter().filter_map(term).map(|it| it.or_zero(watched())).collect();
    (!terms.is_empty()).then_some(Query::Plus(terms))
}
