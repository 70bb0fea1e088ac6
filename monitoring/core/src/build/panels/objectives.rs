//! The row about objectives.

use super::spec::{BURN_PANEL, Limits, PLAIN, Spec, named, names, panel_of, row_of};
use crate::build::objectives::{self, INDICATOR_LABEL, OBJECTIVE_LABEL, together};
use crate::build::used_family::UsedFamily;
use crate::model::burn_rate::{BurnRateAlert, NAMES, PERIOD};
use crate::model::{Limit, Line, PanelKind, Row, Unit};
use crate::query::promql::duration;
use crate::query::{Aggregation, Query};
use measurand_catalog::Severity;
use std::collections::BTreeSet;

const KEY: &str = "objectives";

/// A budget below zero is used up.
pub(super) const USED_UP: &[Limit] = &[Limit { value: 0.0, above: false, severity: Severity::P0 }];

pub(super) const ALL_USED: &[Limit] = &[Limit { value: 1.0, above: true, severity: Severity::P0 }];

const TABLE: Spec = Spec {
    key: "table",
    title: "Objectives",
    description: "The objectives of the last 30 days, the worst first. The error budget is the share of calls that may \
                  miss the objective. At a burn rate of 1, it lasts exactly 30 days.",
    kind: PanelKind::Table,
    unit: Unit::Factor,
    width: 24,
    no_value: "no calls",
    limits: USED_UP,
    ..PLAIN
};

const BURN: Spec = Spec {
    key: "burn",
    title: "Error budget burn rate",
    description: "The burn rate of the worst objective in each window: how many times too fast its budget is used. An \
                  alert fires when a long and a short window are both above a line.",
    unit: Unit::Factor,
    logarithmic: true,
    width: 24,
    no_value: "no calls",
    links: &NAMES,
    ..PLAIN
};

/// Returns the remaining share of the budget of the worst objective.
pub(super) fn worst(families: &[UsedFamily<'_>]) -> Vec<Line> {
    let all = objectives::all(families);
    let burn = || together(&all, |it| it.burn(PERIOD)).aggregate(Aggregation::Maximum, &[]);
    (!all.is_empty()).then(|| named("worst", burn().rest())).into_iter().collect()
}

/// Returns the row. It has no panels if there are no objectives.
#[expect(clippy::redundant_closure_for_method_calls, reason = "the methods are not general enough over lifetimes")]
pub(super) fn row(families: &[UsedFamily<'_>], limits: &Limits<'_>, burns: &[BurnRateAlert; 3]) -> Row {
    let all = objectives::all(families);
    let pairs = || burns.iter().flat_map(|burn| burn.pairs.iter().map(move |it| (burn.severity, it)));
    let windows: BTreeSet<u32> = pairs().map(|(_, it)| it.long).collect();
    let burn = |seconds: u32| together(&all, |it| it.burn(seconds));
    let by = names(&[OBJECTIVE_LABEL, INDICATOR_LABEL]);
    // Grafana merges columns by all labels, and the name of a series is one of them. An aggregation drops the name.
    let each = |query: Query| query.aggregate(Aggregation::Maximum, &by);
    let column = |name: &str, unit: Unit, query: Query| Line { unit: Some(unit), ..named(name, query) };
    let mut table = vec![
        column("Budget left", Unit::Share, each(burn(PERIOD)).rest()),
        column("Target", Unit::Share, each(together(&all, |it| it.target()))),
    ];
    table.extend(
        windows.iter().map(|it| column(&format!("Burn rate {}", duration(*it)), Unit::Factor, each(burn(*it)))),
    );
    table.push(column("Calls per second", Unit::PerSecond, each(together(&all, |it| it.call_rate()))));
    let worst = |seconds: &u32| named(&duration(*seconds), burn(*seconds).aggregate(Aggregation::Maximum, &[]));
    let panels = [(TABLE, table), (BURN, windows.iter().map(worst).collect())];
    let panels = panels.into_iter().filter(|_| !all.is_empty());
    let mut panels: Vec<_> = panels.filter_map(|(spec, lines)| panel_of(lines, KEY, &spec, families, limits)).collect();
    let factors = pairs().map(|(severity, it)| Limit { value: it.factor, above: true, severity });
    for panel in panels.iter_mut().filter(|it| it.key == BURN_PANEL) {
        panel.limits = factors.clone().collect();
    }
    Row { collapsed: false, ..row_of(KEY, "Objectives", panels) }
}
