//! The functions annotated with `#[measured]`: one table of all, and a row about the ones that the viewer chooses.

use super::spec::{Limits, PLAIN, Spec, panel};
use crate::build::used_family::{Form, UsedFamily};
use crate::model::{Line, PanelKind, Row, Unit, text};
use crate::query::{Aggregation, Match, Matcher, narrowed};
use measurand_catalog::{Role, families};

const KEY: &str = "functions";

/// The variable with the functions that the viewer chose.
pub(crate) const FUNCTION: &str = "function";

const TABLE: Spec = Spec {
    key: "table",
    title: "Functions now",
    description: "The current numbers of every function. A click on a name chooses it for the row of details, or opens \
                  the runbook with its source line and its owner.",
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

/// Returns the row about the chosen functions.
pub(super) fn details(all: &[UsedFamily<'_>], limits: &Limits<'_>) -> Row {
    let key = format!("family-{}", families::FUNCTION.name);
    let mut row = super::spec::row(&key, "Function details", super::family::PANELS, &functions(all), limits);
    let chosen = [Matcher { label: FUNCTION.to_owned(), is: Match::Chosen }];
    for line in row.panels.iter_mut().flat_map(|it| &mut it.lines) {
        line.query = narrowed(&line.query, &chosen);
    }
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
