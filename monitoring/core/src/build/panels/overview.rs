//! The first row: is it up, is it well, how much does it do.

use super::lines::quantiles;
use super::spec::{PLAIN, Spec, each, find, named, names, of};
use super::system::{CPU_SECONDS, RESIDENT_BYTES, SITES, START_TIME, build_info, per_instance};
use crate::build::used_family::{Form, UsedFamily};
use crate::model::{Line, PanelKind, Unit, label};
use crate::query::{Aggregation, Query, Selector, Window};
use measurand_catalog::{Role, families};

pub(super) const KEY: &str = "overview";

/// What most panels of this row are: one large number.
const NUMBER: Spec = Spec { kind: PanelKind::Number, width: 6, height: 4, ..PLAIN };

pub(super) const PANELS: &[Spec] = &[
    Spec {
        key: "status",
        title: "Service Status",
        description: "Whether Prometheus can scrape each instance. `DOWN` or nothing at all: the alert ServiceDown fires.",
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
        description: "The share of recent look-ups in all caches that found something.",
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
        description: "95 % of the scores are below P95, and 5 % below P05: the bad ones are the low ones.",
        kind: PanelKind::Dial,
        unit: Unit::Share,
        no_value: "no scores",
        lines: |it| {
            let families: Vec<_> = find(it, &families::VERIFICATION).into_iter().copied().collect();
            quantiles(&families, Role::Score, &[0.95, 0.05])
        },
        alerts: |_| names(&["TruthScoreBelowTarget"]),
        ..NUMBER
    },
    Spec {
        key: "alerts",
        title: "Firing alerts by severity",
        description: "P0 is answered within 5 minutes, P1 within 15, P2 within an hour, P3 within four.",
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
        description: "Calls of all annotated functions.",
        unit: Unit::PerSecond,
        lines: |it| total(it, |it| it.calls(&[], Form::Plain)).map(|it| named("calls", it)).into_iter().collect(),
        ..NUMBER
    },
    Spec {
        key: "error_ratio",
        title: "Error ratio",
        description: "The share of calls of all annotated functions that did not end well.",
        unit: Unit::Share,
        no_value: "no calls",
        lines: |it| {
            let counted = |it: &UsedFamily<'_>| it.family.metric(Role::Errors).is_some();
            let part = total(it, |it| it.rate(Role::Errors, &[], Form::Plain));
            let whole = total(it, |it| it.calls(&[], Form::Plain).filter(|_| counted(it)));
            part.zip(whole).map(|(part, whole)| named("errors", part.share_of(whole))).into_iter().collect()
        },
        ..NUMBER
    },
    Spec {
        key: "budget",
        title: "Error budget left",
        description: "The share of what may go wrong in 30 days that is left, for each promise. Below zero it is broken.",
        unit: Unit::Share,
        no_value: "no calls",
        lines: super::objectives::budgets,
        ..NUMBER
    },
    Spec {
        key: "uptime",
        title: "Uptime",
        description: "Time since the process began. A small number that nobody caused is a crash.",
        unit: Unit::Seconds,
        lines: |_| {
            let began = Query::Instant(Selector::new(START_TIME.name));
            let Line { legend, query, unit } = per_instance("", began, Aggregation::Maximum);
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
        description: "CPU time spent per second: 100 % is one core that is always busy.",
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
        description: "Which version of which commit runs.",
        kind: PanelKind::Name,
        no_value: "unknown",
        lines: |_| vec![build_info()],
        ..NUMBER
    },
    Spec {
        key: "sites",
        title: "Annotated functions",
        description: "How many functions of the program are annotated, called or not.",
        lines: |_| vec![per_instance("", Query::Instant(Selector::new(SITES.name)), Aggregation::Maximum)],
        ..NUMBER
    },
    Spec {
        key: "calls_by_family",
        title: "Calls per second by family",
        description: "What the program is doing.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        width: 9,
        lines: |it| each(it, |it| Some(named(&it.family.title, it.calls(&[], Form::Plain)?))),
        ..PLAIN
    },
    Spec {
        key: "errors_by_family",
        title: "Error ratio by family",
        description: "Where calls do not end well. The family's own row says which.",
        unit: Unit::Share,
        width: 9,
        no_value: "no calls",
        lines: |it| each(it, |it| Some(named(&it.family.title, it.error_ratio(&[], Form::Plain)?))),
        ..PLAIN
    },
];

/// The sum over the families. One without series counts as zero where the job is watched at all: `up` always exists.
fn total(families: &[UsedFamily<'_>], term: impl Fn(&UsedFamily<'_>) -> Option<Query>) -> Option<Query> {
    let watched = || Query::Instant(Selector::new("up")).sum(&[]);
    let terms: Vec<Query> = families.iter().filter_map(term).map(|it| it.or_zero(watched())).collect();
    (!terms.is_empty()).then_some(Query::Plus(terms))
}
