//! The part of the page that is constant while the program runs.

use super::page::{Page, RECENT_SECONDS};
use super::text::template;
use crate::model::{Alert, Line, Panel, PanelKind, Unit};
use crate::query::Query;
use crate::query::promql::{Place, duration, print};
use crate::write::alertmanager::inhibition;
use crate::write::grafana::{ref_id, steps, unit};
use serde_json::{Value, json};

pub(super) fn of(page: &Page) -> Value {
    let rows = page.monitoring.rows.iter().filter_map(|row| {
        let panels: Vec<Value> = row.panels.iter().filter(|it| is_shown(page, it)).map(|it| panel(page, it)).collect();
        (!panels.is_empty()).then(|| json!({"title": row.title, "panels": panels}))
    });
    let alerts = page.monitoring.alerts.iter().flat_map(|it| &it.rules).map(|it| alert(page, it));
    json!({
        "rows": rows.collect::<Vec<_>>(),
        "functions": page.functions,
        "alerts": alerts.collect::<Vec<_>>(),
        "inhibitions": inhibition::RULES,
        "problems": page.monitoring.problems,
    })
}

/// Whether the page shows a panel. It has its own list of the alerts.
pub(super) fn is_shown(page: &Page, panel: &Panel) -> bool {
    panel.kind != PanelKind::Table || panel.lines.iter().any(|it| page.unavailable(&it.query).is_none())
}

fn panel(page: &Page, it: &Panel) -> Value {
    let below_zero = it.lines.iter().any(|it| matches!(it.query, Query::Complement(_)));
    let bounded = it.kind != PanelKind::Heatmap;
    let texts = if it.kind == PanelKind::Status {
        json!([{"value": 0, "text": "DOWN", "colour": "red"}, {"value": 1, "text": "UP", "colour": "green"}])
    } else {
        json!([])
    };
    let thresholds = steps(&it.limits).into_iter().map(|it| json!({"from": it.value, "colour": it.color}));
    let queries = it.lines.iter().enumerate().map(|(place, line)| query(page, place, line));
    json!({
        "id": it.id,
        "title": it.title,
        "description": it.description,
        "kind": kind(it.kind),
        "shows": if it.kind == PanelKind::Name { "name" } else { "value" },
        "unit": unit(it.unit),
        "decimals": null,
        "min": (bounded && !below_zero).then_some(0),
        "max": (bounded && it.unit == Unit::Share).then_some(1),
        "stacked": it.kind == PanelKind::Stack,
        "width": it.place.width,
        "height": it.place.height,
        "empty": it.no_value,
        "thresholds": thresholds.collect::<Vec<_>>(),
        "texts": texts,
        "queries": queries.collect::<Vec<_>>(),
    })
}

fn kind(kind: PanelKind) -> &'static str {
    match kind {
        PanelKind::Lines | PanelKind::Stack => "timeseries",
        PanelKind::Number | PanelKind::Name | PanelKind::Status => "stat",
        PanelKind::Dial => "gauge",
        PanelKind::Heatmap => "heatmap",
        PanelKind::Table => "table",
        PanelKind::Bars => "bars",
    }
}

fn query(page: &Page, place: usize, it: &Line) -> Value {
    let window = duration(RECENT_SECONDS);
    json!({
        "ref": ref_id(place),
        "legend": template(&it.legend),
        "unit": it.unit.map(unit),
        "promql": print(&it.query, Place::Instant { window: &window }),
        "unavailable": page.unavailable(&it.query),
    })
}

fn alert(page: &Page, it: &Alert) -> Value {
    let panels = || page.monitoring.rows.iter().flat_map(|it| &it.panels);
    json!({
        "name": it.name,
        "team": it.team,
        "severity": it.severity.map_or("none", measurand_catalog::Severity::as_str),
        "labels": it.labels,
        "summary": it.summary.as_str(),
        "description": template(&it.description),
        "impact": it.impact.as_str(),
        "advice": it.advice,
        "for": it.for_seconds,
        "promql": print(&it.query, Place::Rules { job: page.job() }),
        "panel": panels().find(|panel| panel.key == it.panel).map(|it| it.id),
        "unavailable": page.unavailable(&it.query),
    })
}
