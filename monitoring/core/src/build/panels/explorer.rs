//! The functions annotated with `#[measured]`: one table of all, and a row about the ones that the viewer chooses.

use super::spec::{Limits, PLAIN, Spec, panel};
use crate::build::used_family::{Form, UsedFamily};
use crate::markdown;
use crate::model::{Line, Panel, PanelKind, Rectangle, Row, Unit, text};
use crate::query::{Aggregation, Match, Matcher, narrowed};
use measurand_catalog::{Role, SiteRecord, families};

const KEY: &str = "functions";

/// The variable with the functions that the viewer chose.
pub(crate) const FUNCTION: &str = "function";

const LIST: &str = "functions/list";

const TABLE: Spec = Spec {
    key: "table",
    title: "Functions now",
    description: "The current numbers of every function. A click on a name chooses it for the row of details.",
    kind: PanelKind::Table,
    width: 24,
    lines: |used| {
        let columns = used.iter().flat_map(columns);
        columns.map(|(name, unit, query)| Line { legend: vec![text(name)], query, unit: Some(unit) }).collect()
    },
    ..PLAIN
};

/// Returns the row with the table.
pub(super) fn row(all: &[UsedFamily<'_>], limits: &Limits<'_>) -> Row {
    let panels = panel(KEY, &TABLE, &functions(all), limits).into_iter().collect();
    Row { collapsed: false, ..super::spec::row_of(KEY, "Functions", panels) }
}

/// Returns the row about the chosen functions, with the list of the annotations of all families.
pub(super) fn details(all: &[UsedFamily<'_>], limits: &Limits<'_>) -> Row {
    let key = format!("family-{}", families::FUNCTION.name);
    let mut row = super::spec::row(&key, "Function details", super::family::PANELS, &functions(all), limits);
    let chosen = [Matcher { label: FUNCTION.to_owned(), is: Match::Chosen }];
    for line in row.panels.iter_mut().flat_map(|it| &mut it.lines) {
        line.query = narrowed(&line.query, &chosen);
    }
    row.panels.push(list(all));
    row
}

fn functions<'a>(all: &[UsedFamily<'a>]) -> Vec<UsedFamily<'a>> {
    all.iter().filter(|it| it.family.name == families::FUNCTION.name).copied().collect()
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
        key: LIST.to_owned(),
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
