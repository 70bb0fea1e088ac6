//! The explorer: every function annotated with `#[measured]`, and the source location of each annotation.

use super::lines::percentile;
use super::spec::{Limits, PLAIN, Spec, by_labels, each, panel};
use crate::build::used_family::{Form, UsedFamily};
use crate::markdown;
use crate::model::{Line, Panel, PanelKind, Rectangle, Row, Unit, text};
use crate::query::Aggregation;
use measurand_catalog::{Role, SiteRecord, families};

const KEY: &str = "explorer";

/// Half of the dashboard's width.
const WIDE: Spec = Spec { width: 12, ..PLAIN };

const PANELS: &[Spec] = &[
    Spec {
        key: "table",
        title: "Functions now",
        description: "The current numbers of every function. Click a column header to sort.",
        kind: PanelKind::Table,
        width: 24,
        lines: |used| {
            let columns = used.iter().flat_map(columns);
            columns.map(|(name, unit, query)| Line { legend: vec![text(name)], query, unit: Some(unit) }).collect()
        },
        ..PLAIN
    },
    Spec {
        key: "rate",
        title: "Calls per second by function",
        description: "Calls per second of each function. A function that disappears is no longer called.",
        unit: Unit::PerSecond,
        lines: |it| each(it, |it| Some(by_labels("", &it.labels(), it.calls(&it.labels(), Form::Plain)?))),
        ..WIDE
    },
    Spec {
        key: "errors",
        title: "Errors per second by function",
        description: "Failed calls per second of each function.",
        unit: Unit::PerSecond,
        lines: |it| each(it, |it| Some(by_labels("", &it.labels(), it.rate(Role::Errors, &it.labels(), Form::Plain)?))),
        ..WIDE
    },
    Spec {
        key: "duration",
        title: "Duration by function: P50, P95, P99",
        description: "Half, 95 % and 99 % of the calls of each function are faster than this.",
        unit: Unit::Seconds,
        no_value: "no calls",
        lines: |used| {
            let quantiles = [0.5, 0.95, 0.99].into_iter();
            quantiles
                .flat_map(|quantile| {
                    let query = |it: &UsedFamily<'_>| it.quantile(Role::Duration, quantile, &it.labels(), Form::Plain);
                    each(used, |it| Some(by_labels(&percentile(quantile), &it.labels(), query(it)?)))
                })
                .collect()
        },
        ..WIDE
    },
    Spec {
        key: "in_flight",
        title: "Calls in flight by function",
        description: "Calls that have started and not ended. If the number only grows, calls of that function hang.",
        lines: |used| {
            each(used, |family| {
                let by = family.labels_of(Role::InFlight);
                Some(by_labels("", &by, family.gauge(Role::InFlight, Aggregation::Sum, &by)?))
            })
        },
        ..WIDE
    },
];

/// Returns the explorer's row. Its panels show the `function` family, its list shows all families.
pub(super) fn row(all: &[UsedFamily<'_>], limits: &Limits<'_>) -> Row {
    let functions: Vec<UsedFamily<'_>> =
        all.iter().filter(|it| it.family.name == families::FUNCTION.name).copied().collect();
    let mut panels: Vec<Panel> = PANELS.iter().filter_map(|it| panel(KEY, it, &functions, limits)).collect();
    panels.push(list(all));
    Row { key: KEY.to_owned(), title: "Function explorer".to_owned(), id: 0, y: 0, panels }
}

/// Returns the columns of the table: headers, units and queries.
fn columns(it: &UsedFamily<'_>) -> Vec<(&'static str, Unit, crate::query::Query)> {
    let labels = it.labels();
    let quantile = |quantile| it.quantile(Role::Duration, quantile, &labels, Form::Plain);
    let columns = [
        ("Calls per second", Unit::PerSecond, it.calls(&labels, Form::Plain)),
        ("Error ratio", Unit::Share, it.error_ratio(&labels, Form::Plain)),
        ("P50", Unit::Seconds, quantile(0.5)),
        ("P95", Unit::Seconds, quantile(0.95)),
        ("P99", Unit::Seconds, quantile(0.99)),
        ("In flight", Unit::Count, it.gauge(Role::InFlight, Aggregation::Sum, &labels)),
    ];
    columns.into_iter().filter_map(|(name, unit, query)| Some((name, unit, query?))).collect()
}

/// Returns a Markdown table with the source location of each annotation.
fn list(families: &[UsedFamily<'_>]) -> Panel {
    let mut lines: Vec<String> = families.iter().flat_map(UsedFamily::sites).map(list_line).collect();
    lines.sort();
    let height = u32::try_from(lines.len()).unwrap_or(u32::MAX).clamp(4, 20) + 2;
    let head = "| function | annotation | labels | source | owner | what it does |\n|---|---|---|---|---|---|\n";
    Panel {
        key: format!("{KEY}/list"),
        id: 0,
        title: "Annotated functions".to_owned(),
        description: "Every annotated function of the program, called or not, with the line of its annotation."
            .to_owned(),
        kind: PanelKind::Text,
        unit: Unit::Count,
        lines: Vec::new(),
        markdown: format!("{head}{}\n", lines.join("\n")),
        limits: Vec::new(),
        alerts: Vec::new(),
        no_value: String::new(),
        place: Rectangle { width: 24, height, ..Rectangle::default() },
    }
}

fn list_line(site: &SiteRecord) -> String {
    let fact = |key: &str| site.facts.get(key).map(|it| markdown::escape(it)).unwrap_or_default();
    let labels: Vec<String> =
        site.given_labels().map(|(name, value)| markdown::escape(&format!("{name}={value}"))).collect();
    let cells = [
        markdown::escape(&format!("{}::{}", site.module, site.function)),
        markdown::escape(&format!("#[{}]", site.attribute)),
        labels.join(", "),
        markdown::escape(&format!("{}:{}", site.file, site.line)),
        fact("owner"),
        fact("summary"),
    ];
    format!("| {} |", cells.join(" | "))
}
