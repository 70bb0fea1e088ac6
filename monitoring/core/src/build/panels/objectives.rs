//! The row about objectives.

use super::spec::{BURN_PANEL, PLAIN, Spec, titled};
use crate::build::objectives::{self, DAY, HOUR, MINUTE, SiteObjective};
use crate::build::used_family::UsedFamily;
use crate::model::burn_rate::{BurnRateAlert, NAMES};
use crate::model::{Limit, Line, PanelKind, Row, Unit};

const KEY: &str = "objectives";

const PANELS: &[Spec] = &[
    Spec {
        key: "left",
        title: "Error budget over time",
        description: "The remaining share of the 30-day error budget. Below zero, the objective is missed.",
        unit: Unit::Share,
        width: 12,
        no_value: "no calls",
        lines: budgets,
        ..PLAIN
    },
    Spec {
        key: "burn",
        title: "Error budget burn rate",
        description: "The factor by which the error budget burns too fast. At 1, it lasts exactly 30 days. An alert fires \
                      when a long and a short window are both above a line.",
        unit: Unit::Factor,
        width: 12,
        no_value: "no calls",
        lines: |used| {
            let windows = [("5 m", 5 * MINUTE), ("1 h", HOUR), ("6 h", 6 * HOUR), ("3 d", 3 * DAY)];
            let lines = |it: &SiteObjective<'_>| {
                windows.map(|(name, seconds)| titled(&format!("{name} {}", legend(it)), it.burn(seconds)))
            };
            objectives::all(used).iter().flat_map(lines).collect()
        },
        links: &NAMES,
        ..PLAIN
    },
    Spec {
        key: "ratio",
        title: "Calls that missed an objective",
        description: "The share of calls within five minutes that failed or took too long.",
        kind: PanelKind::Lines,
        unit: Unit::Share,
        width: 24,
        no_value: "no calls",
        lines: |it| objectives::all(it).iter().map(|it| titled(&legend(it), it.ratio(5 * MINUTE))).collect(),
        ..PLAIN
    },
];

/// Returns a line with the remaining share of each budget.
pub(super) fn budgets(families: &[UsedFamily<'_>]) -> Vec<Line> {
    objectives::all(families).iter().map(|it| titled(&legend(it), it.left())).collect()
}

/// Returns the row. It has no panels if there are no objectives.
pub(super) fn row(families: &[UsedFamily<'_>], limits: &super::spec::Limits<'_>, burns: &[BurnRateAlert; 3]) -> Row {
    let factors = burns.iter().flat_map(|burn| burn.pairs.iter().map(|it| (it.factor, burn.severity)));
    let factors = factors.map(|(value, severity)| Limit { value, above: true, severity });
    let mut row = super::spec::row(KEY, "Objectives", PANELS, families, limits);
    for panel in row.panels.iter_mut().filter(|it| it.key == BURN_PANEL) {
        panel.limits = factors.clone().collect();
    }
    row
}

fn legend(promise: &SiteObjective<'_>) -> String {
    format!("{} {}", promise.name, promise.title())
}
