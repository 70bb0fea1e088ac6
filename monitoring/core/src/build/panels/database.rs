//! The row about the database, caches and the retrieval of patterns.

use super::lines::{quantiles, quantiles_by_label};
use super::spec::{PLAIN, Spec, by_labels, find, named, names, of};
use crate::build::used_family::{Form, UsedFamily};
use crate::model::{PanelKind, Unit};
use crate::query::{Aggregation, Window};
use measurand_catalog::{Family, Role, families};

pub(super) const KEY: &str = "database";

const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];

pub(super) const PANELS: &[Spec] = &[
    Spec {
        key: "duration",
        title: "Query Duration",
        description: "Half, 95 % and 99 % of all queries are faster than this.",
        unit: Unit::Seconds,
        no_value: "no queries",
        lines: |it| quantiles(&used(it, &families::DATABASE), Role::Duration, &QUANTILES, Form::Plain),
        ..PLAIN
    },
    Spec {
        key: "slowest",
        title: "Slowest tables",
        description: "95 % of the queries of each type on each table are faster than this. The alert fires above the \
                      line.",
        unit: Unit::Seconds,
        no_value: "no queries",
        lines: |it| quantiles_by_label(&used(it, &families::DATABASE), Role::Duration, &[0.95]),
        alerts: |_| names(&["DatabaseSlowQueries"]),
        ..PLAIN
    },
    Spec {
        key: "heatmap",
        title: "Query duration heatmap",
        description: "The distribution of durations. Two bands mean two kinds of queries, such as with and without an \
                      index.",
        kind: PanelKind::Heatmap,
        unit: Unit::Seconds,
        lines: |it| of(it, &families::DATABASE, |it| Some(named("", it.heatmap(Role::Duration)?))),
        ..PLAIN
    },
    Spec {
        key: "rate",
        title: "Query rate by type and table",
        description: "Queries per second, successful or not.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |used| {
            of(used, &families::DATABASE, |it| Some(by_labels("", &it.labels(), it.calls(&it.labels(), Form::Plain)?)))
        },
        ..PLAIN
    },
    Spec {
        key: "errors",
        title: "Query errors",
        description: "The share of queries of each type on each table that failed. The alert fires above the line.",
        unit: Unit::Share,
        no_value: "no queries",
        lines: |used| {
            let query = |it: &UsedFamily<'_>| it.error_ratio(&it.labels(), Form::Plain);
            of(used, &families::DATABASE, |it| Some(by_labels("", &it.labels(), query(it)?)))
        },
        alerts: |_| names(&["DatabaseQueryErrors"]),
        ..PLAIN
    },
    Spec {
        key: "connection_errors",
        title: "Connection Errors",
        description: "Attempts to connect to the database within 15 minutes: failed ones and all, and those in flight. The \
                      alert fires if the failed ones are above the line, or if no attempt ends.",
        lines: |families_used| {
            let count = |it: &UsedFamily<'_>, role| it.increase(role, &[], Window::Seconds(900));
            let in_flight = |it: &UsedFamily<'_>| it.gauge(Role::InFlight, Aggregation::Sum, &[]);
            let lines = |it: &UsedFamily<'_>| {
                let all = [("failed", count(it, Role::Failures)), ("all", count(it, Role::Calls))];
                let all = all.into_iter().chain([("in flight", in_flight(it))]);
                all.filter_map(|(name, query)| Some(named(name, query?))).collect::<Vec<_>>()
            };
            used(families_used, &families::DATABASE_CONNECTION).iter().flat_map(lines).collect()
        },
        alerts: |_| names(&["DatabaseConnectionFailure"]),
        ..PLAIN
    },
    Spec {
        key: "cache",
        title: "Cache Performance",
        description: "Hits and misses per second, and the share of hits.",
        unit: Unit::PerSecond,
        lines: |used| {
            let rate =
                |name, role| of(used, &families::CACHE, |it| Some(named(name, it.rate(role, &[], Form::Plain)?)));
            let share = of(used, &families::CACHE, |it| Some(named("hit rate", it.hit_ratio(&[], Form::Plain)?)));
            let share = share.into_iter().map(|it| crate::model::Line { unit: Some(Unit::Share), ..it });
            [rate("hits", Role::Hits), rate("misses", Role::Misses), share.collect()].concat()
        },
        ..PLAIN
    },
    Spec {
        key: "hit_rate",
        title: "Hit rate by cache",
        description: "The share of hits among the recent look-ups in each cache. The alert fires below the line.",
        unit: Unit::Share,
        no_value: "no look-ups",
        lines: |used| {
            let query = |it: &UsedFamily<'_>| it.hit_ratio(&it.labels(), Form::Plain);
            of(used, &families::CACHE, |it| Some(by_labels("", &it.labels(), query(it)?)))
        },
        alerts: |_| names(&["CacheHitRateLow"]),
        ..PLAIN
    },
    Spec {
        key: "hit_rate_since_start",
        title: "Hit rate since the start",
        description: "The share of hits since the program started. With several instances, the lowest.",
        kind: PanelKind::Dial,
        unit: Unit::Share,
        no_value: "no look-ups",
        lines: |used| {
            let query = |it: &UsedFamily<'_>| it.gauge(Role::HitRate, Aggregation::Minimum, &it.labels());
            of(used, &families::CACHE, |it| Some(by_labels("", &it.labels(), query(it)?)))
        },
        ..PLAIN
    },
    Spec {
        key: "retrieval",
        title: "Pattern Retrieval Performance",
        description: "Half, 95 % and 99 % of the pattern retrievals are faster than this. The alert fires above the \
                      line.",
        unit: Unit::Seconds,
        no_value: "no retrievals",
        lines: |it| quantiles(&used(it, &families::PATTERN_RETRIEVAL), Role::Duration, &QUANTILES, Form::Plain),
        alerts: |_| names(&["PatternRetrievalSlow"]),
        ..PLAIN
    },
];

fn used<'a>(all: &[UsedFamily<'a>], family: &Family) -> Vec<UsedFamily<'a>> {
    find(all, family).into_iter().copied().collect()
}
