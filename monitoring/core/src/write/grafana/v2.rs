//! Arranges the classic model as a resource of schema V2, which Grafana 13 reads: a tab for each row.
//!
//! A panel outside of the overview is hidden while its queries return nothing. Grafana has no such rule for a tab.
//! Keys are text here; the test with `grafana_types.py` finds those that Grafana's types do not have.

use super::model::{AnnotationQuery, AnyPanel, Dashboard, Datasource, GrafanaPanel, Variable, VariableKind};
use crate::build::layout::COLUMNS;
use serde::Serialize;
use serde_json::{Map, Value, json};

const API_VERSION: &str = "dashboard.grafana.app/v2";

pub(super) fn resource(dashboard: &Dashboard) -> Value {
    let mut tabs: Vec<(&str, Vec<&GrafanaPanel>)> = Vec::new();
    for panel in &dashboard.panels {
        match panel {
            AnyPanel::Row(row) => tabs.push((&row.title, row.panels.iter().collect())),
            AnyPanel::Panel(panel) => tabs.iter_mut().last().into_iter().for_each(|(_, panels)| panels.push(panel)),
        }
    }
    let elements: Map<_, _> = tabs.iter().flat_map(|(_, it)| it).map(|it| (name(it), element(it))).collect();
    let tabs = tabs.iter().enumerate().map(|(index, (title, panels))| tab(title, panels, index > 0));
    json!({
        "apiVersion": API_VERSION,
        "kind": "Dashboard",
        "metadata": {"name": dashboard.uid},
        "spec": {
            "title": dashboard.title,
            "description": dashboard.description,
            "tags": dashboard.tags,
            "editable": dashboard.editable,
            "cursorSync": "Crosshair",
            "preload": false,
            "links": [],
            "timeSettings": {
                "timezone": dashboard.timezone,
                "from": dashboard.time.from,
                "to": dashboard.time.to,
                "autoRefresh": dashboard.refresh,
                "autoRefreshIntervals": ["5s", "10s", "30s", "1m", "5m", "15m", "30m", "1h", "2h", "1d"],
                "hideTimepicker": false,
                "fiscalYearStartMonth": 0,
            },
            "variables": dashboard.templating.list.iter().map(variable).collect::<Vec<_>>(),
            "annotations": dashboard.annotations.list.iter().map(annotation).collect::<Vec<_>>(),
            "elements": elements,
            "layout": {"kind": "TabsLayout", "spec": {"tabs": tabs.collect::<Vec<_>>()}},
        },
    })
}

/// Returns the name of a panel among the elements, which is also its name in links.
fn name(panel: &GrafanaPanel) -> String {
    format!("panel-{}", panel.id)
}

/// Returns a tab with a grid for each run of panels of one size.
fn tab(title: &str, panels: &[&GrafanaPanel], hide: bool) -> Value {
    let size = |it: &GrafanaPanel| (it.grid_pos.w, it.grid_pos.h);
    let grids = panels.chunk_by(|a, b| size(a) == size(b)).map(|it| grid(it, hide));
    let rows = grids.map(|it| {
        let spec = json!({"title": "", "collapse": false, "hideHeader": true, "layout": it});
        json!({"kind": "RowsLayoutRow", "spec": spec})
    });
    let layout = json!({"kind": "RowsLayout", "spec": {"rows": rows.collect::<Vec<_>>()}});
    json!({"kind": "TabsLayoutTab", "spec": {"title": title, "layout": layout}})
}

fn grid(panels: &[&GrafanaPanel], hide: bool) -> Value {
    let (width, height) = panels.first().map_or((COLUMNS, 0), |it| (it.grid_pos.w, it.grid_pos.h));
    let columns = COLUMNS / width.max(1);
    let items = panels.iter().map(|it| {
        let mut spec = json!({"element": {"kind": "ElementReference", "name": name(it)}});
        if hide {
            let has_data = json!({"kind": "ConditionalRenderingData", "spec": {"value": true}});
            let rule = json!({"visibility": "show", "condition": "and", "items": [has_data]});
            spec["conditionalRendering"] = json!({"kind": "ConditionalRenderingGroup", "spec": rule});
        }
        json!({"kind": "AutoGridLayoutItem", "spec": spec})
    });
    json!({
        "kind": "AutoGridLayout",
        "spec": {
            "maxColumnCount": columns,
            "columnWidthMode": if columns > 3 { "narrow" } else { "standard" },
            "rowHeightMode": if height < 6 { "short" } else if height < 12 { "standard" } else { "tall" },
            "items": items.collect::<Vec<_>>(),
        },
    })
}

fn element(panel: &GrafanaPanel) -> Value {
    let queries = panel.targets.iter().map(|it| {
        let query = data_query(&it.datasource, &it.query);
        json!({"kind": "PanelQuery", "spec": {"refId": it.ref_id, "hidden": false, "query": query}})
    });
    let transformations = panel
        .transformations
        .iter()
        .map(|it| json!({"kind": "Transformation", "group": it.id, "spec": {"options": it.options}}));
    let options = panel.interval.map_or_else(|| json!({}), |it| json!({"interval": it}));
    json!({
        "kind": "Panel",
        "spec": {
            "id": panel.id,
            "title": panel.title,
            "description": panel.description,
            "links": [],
            "data": {
                "kind": "QueryGroup",
                "spec": {
                    "queries": queries.collect::<Vec<_>>(),
                    "transformations": transformations.collect::<Vec<_>>(),
                    "queryOptions": options,
                },
            },
            "vizConfig": {
                "kind": "VizConfig",
                "group": panel.kind,
                "version": "",
                "spec": {"options": panel.options, "fieldConfig": panel.field_config},
            },
        },
    })
}

fn data_query(datasource: &Datasource, spec: &impl Serialize) -> Value {
    json!({
        "kind": "DataQuery",
        "group": datasource.kind,
        "version": "v0",
        "datasource": {"name": datasource.uid},
        "spec": spec,
    })
}

fn variable(variable: &Variable) -> Value {
    let current = variable.current.as_ref().map_or_else(|| json!({"text": "", "value": ""}), |it| json!(it));
    let mut spec = json!({
        "name": variable.name,
        "label": variable.label,
        "current": current,
        "options": [],
        "multi": variable.multi,
        "includeAll": variable.include_all,
        "regex": variable.regex,
        "hide": if variable.hide == 2 { "hideVariable" } else { "dontHide" },
        "skipUrlSync": false,
        "allowCustomValue": true,
    });
    let kind = match variable.kind {
        VariableKind::Datasource => {
            spec["pluginId"] = json!(variable.query);
            spec["refresh"] = json!("onDashboardLoad");
            "DatasourceVariable"
        }
        VariableKind::Query => {
            let query = json!({"qryType": 1, "query": variable.query, "refId": "A"});
            spec["query"] = data_query(&Datasource::VARIABLE, &query);
            spec["refresh"] = json!("onTimeRangeChanged");
            spec["sort"] = json!(if variable.sort == 1 { "alphabeticalAsc" } else { "disabled" });
            if let Some(value) = variable.all_value {
                spec["allValue"] = json!(value);
            }
            "QueryVariable"
        }
    };
    json!({"kind": kind, "spec": spec})
}

fn annotation(it: &AnnotationQuery) -> Value {
    let query = data_query(&it.datasource, &json!({"refId": "Anno", "expr": it.expr, "interval": it.step}));
    let formats = json!({"titleFormat": it.title_format, "textFormat": it.text_format, "tagKeys": it.tag_keys});
    json!({
        "kind": "AnnotationQuery",
        "spec": {
            "name": it.name,
            "enable": it.enable,
            "hide": false,
            "iconColor": it.icon_color,
            "query": query,
            "legacyOptions": formats,
        },
    })
}
