//! The dashboard about all programs: it answers which of them needs attention, and is the same for every program.

use super::spec::{PLAIN, Spec, named};
use super::system::{CPU_SECONDS, RESIDENT_BYTES, SITES, START_TIME};
use crate::build::layout;
use crate::model::{Line, PanelKind, Row, Unit, label};
use crate::query::{Aggregation, Combination, Query, Selector, Window};
use measurand_catalog::{Family, Role, families};

const KEY: &str = "programs";

const LEGEND: &str = "job";

const OVER_TIME: Spec = Spec { width: 12, ..PLAIN };

const PANELS: &[Spec] = &[
    Spec {
        key: "table",
        title: "Programs now",
        description: "Every program with annotated functions, the one with the most firing alerts first. A click on a \
                      name lists its dashboard.",
        kind: PanelKind::Table,
        width: 24,
        height: 10,
        lines: |_| {
            let columns = [
                ("Alerts", Unit::Count, Some(firing())),
                ("Up", Unit::Count, Some(of_programs(instant("up").sum(&[])))),
                ("Budget left", Unit::Share, Some(budget().rest())),
                ("Requests", Unit::PerSecond, rate(&families::HTTP, Role::Calls)),
                ("Request errors", Unit::Share, error_ratio(&families::HTTP)),
                ("Request P95", Unit::Seconds, p95(&families::HTTP)),
                ("Calls", Unit::PerSecond, rate(&families::FUNCTION, Role::Calls)),
                ("Call errors", Unit::Share, error_ratio(&families::FUNCTION)),
                ("CPU", Unit::Cores, Some(of_programs(cpu()))),
                ("Memory", Unit::Bytes, Some(of_programs(instant(RESIDENT_BYTES.name).sum(&[])))),
                ("Uptime", Unit::Seconds, Some(uptime())),
            ];
            let line = |(name, unit, query)| Some(Line { unit: Some(unit), ..named(name, query?) });
            columns.into_iter().filter_map(line).collect()
        },
        ..PLAIN
    },
    Spec {
        key: "alerts",
        title: "Firing alerts by severity",
        description: "The alerts of all programs. The dashboard of the program says which ones fire.",
        kind: PanelKind::Stack,
        no_value: "none",
        lines: |_| {
            let query =
                Query::Instant(super::overview::firing()).aggregate(Aggregation::Count, &["severity".to_owned()]);
            vec![Line { legend: vec![label("severity"), crate::model::text(" "), label(LEGEND)], query, unit: None }]
        },
        ..OVER_TIME
    },
    Spec {
        key: "budget",
        title: "Error budget used",
        description: "The used share of the 30-day error budget of the worst objective. Above 100 %, it is missed.",
        unit: Unit::Share,
        logarithmic: true,
        no_value: "no objectives",
        lines: |_| vec![by_program(budget())],
        limits: super::objectives::ALL_USED,
        ..OVER_TIME
    },
    Spec {
        key: "request_errors",
        title: "Request errors",
        description: "The share of HTTP requests that failed.",
        unit: Unit::Share,
        no_value: "no requests",
        lines: |_| error_ratio(&families::HTTP).map(by_program).into_iter().collect(),
        ..OVER_TIME
    },
    Spec {
        key: "call_errors",
        title: "Call errors",
        description: "The share of calls of annotated functions that failed.",
        unit: Unit::Share,
        no_value: "no calls",
        lines: |_| error_ratio(&families::FUNCTION).map(by_program).into_iter().collect(),
        ..OVER_TIME
    },
];

/// Returns the rows of the dashboard.
pub(crate) fn rows() -> Vec<Row> {
    let row = super::spec::row(KEY, "Programs", PANELS, &[], &super::spec::Limits::new());
    let mut rows = vec![Row { collapsed: false, ..row }];
    layout::place(&mut rows);
    rows
}

fn by_program(query: Query) -> Line {
    Line { legend: vec![label(LEGEND)], query, unit: None }
}

/// Returns the values of programs with annotated functions. Other targets have such metrics, too.
fn of_programs(query: Query) -> Query {
    // Also programs that are down now.
    let seen = Query::MaximumOverTime(Selector::new(SITES.name), Window::Shown).aggregate(Aggregation::Maximum, &[]);
    query.combine(Combination::And, seen)
}

fn instant(metric: &str) -> Query {
    Query::Instant(Selector::new(metric))
}

/// Returns the number of firing alerts, zero included.
fn firing() -> Query {
    let firing = Query::Instant(super::overview::firing()).aggregate(Aggregation::Count, &[]);
    of_programs(firing.or_zero(instant("up").sum(&[])))
}

fn budget() -> Query {
    let burn = Selector::of_rules(crate::build::objectives::budget_record());
    Query::Instant(burn).aggregate(Aggregation::Maximum, &[])
}

fn cpu() -> Query {
    Query::Rate(Selector::new(CPU_SECONDS.name), Window::Recent).sum(&[])
}

fn uptime() -> Query {
    of_programs(instant(START_TIME.name).aggregate(Aggregation::Maximum, &[])).age()
}

fn rate(family: &Family, role: Role) -> Option<Query> {
    Some(Query::Rate(Selector::new(family.metric(role)?.name), Window::Recent).sum(&[]))
}

fn error_ratio(family: &Family) -> Option<Query> {
    Some(rate(family, Role::Errors)?.share_of(rate(family, Role::Calls)?))
}

fn p95(family: &Family) -> Option<Query> {
    let metric = family.metric(Role::Duration)?;
    Some(Query::Buckets(Vec::new(), Selector::new(metric.name), Window::Recent).quantile(0.95))
}
