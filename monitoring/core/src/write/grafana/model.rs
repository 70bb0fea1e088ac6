//! The parts of Grafana's classic dashboard model that we write, apart from the panels' options.

use super::options::{FieldConfig, PanelOptions};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dashboard {
    pub(super) uid: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) tags: [&'static str; 1],
    pub(super) editable: bool,
    /// 1: all panels share the cursor.
    pub(super) graph_tooltip: u32,
    pub(super) timezone: &'static str,
    pub(super) refresh: &'static str,
    pub(super) schema_version: u32,
    pub(super) version: u32,
    pub(super) time: Time,
    pub(super) templating: Templating,
    pub(super) annotations: AnnotationList,
    pub(super) panels: Vec<AnyPanel>,
}

#[derive(Serialize)]
pub(super) struct Time {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
}

#[derive(Serialize)]
pub(super) struct Templating {
    pub(super) list: Vec<Variable>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum VariableKind {
    Datasource,
    Query,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    #[serde(rename = "type")]
    pub(super) kind: VariableKind,
    pub(super) query: &'static str,
    /// The part of each result that is the value; all of it if empty.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) regex: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) datasource: Option<Datasource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) current: Option<Current>,
    /// 2: refreshed whenever the time range changes.
    pub(super) refresh: u32,
    pub(super) multi: bool,
    pub(super) include_all: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) all_value: Option<&'static str>,
    pub(super) sort: u32,
    /// 2: not shown.
    pub(super) hide: u32,
}

#[derive(Serialize)]
pub(super) struct Current {
    pub(super) selected: bool,
    pub(super) text: Vec<String>,
    pub(super) value: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct AnnotationList {
    pub(super) list: [AnnotationQuery; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AnnotationQuery {
    pub(super) name: &'static str,
    pub(super) datasource: Datasource,
    pub(super) enable: bool,
    pub(super) icon_color: &'static str,
    pub(super) expr: String,
    pub(super) title_format: &'static str,
    pub(super) text_format: &'static str,
    pub(super) tag_keys: &'static str,
    pub(super) step: &'static str,
}

#[derive(Serialize)]
pub(super) struct Datasource {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) uid: &'static str,
}

impl Datasource {
    /// The data source that the viewer selected.
    pub(super) const VARIABLE: Datasource = Datasource { kind: "prometheus", uid: "${datasource}" };
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum AnyPanel {
    Row(RowPanel),
    Panel(Box<GrafanaPanel>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RowPanel {
    pub(super) id: u32,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) title: String,
    pub(super) collapsed: bool,
    pub(super) grid_pos: GridPos,
    pub(super) panels: Vec<GrafanaPanel>,
}

#[derive(Serialize)]
pub(super) struct GridPos {
    pub(super) h: u32,
    pub(super) w: u32,
    pub(super) x: u32,
    pub(super) y: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PanelType {
    Timeseries,
    Stat,
    Gauge,
    Bargauge,
    Heatmap,
    Table,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GrafanaPanel {
    pub(super) id: u32,
    #[serde(rename = "type")]
    pub(super) kind: PanelType,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) grid_pos: GridPos,
    pub(super) datasource: Datasource,
    /// Shortest interval between two points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) interval: Option<&'static str>,
    pub(super) targets: Vec<Target>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) transformations: Vec<Transformation>,
    pub(super) field_config: FieldConfig,
    pub(super) options: PanelOptions,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Target {
    pub(super) ref_id: String,
    pub(super) datasource: Datasource,
    #[serde(flatten)]
    pub(super) query: TargetQuery,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TargetQuery {
    pub(super) expr: String,
    pub(super) legend_format: String,
    pub(super) format: TargetFormat,
    pub(super) instant: bool,
    pub(super) range: bool,
    /// Whether the panel also shows exemplars.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) exemplar: bool,
    pub(super) editor_mode: &'static str,
}

#[derive(Serialize)]
pub(super) enum TargetFormat {
    #[serde(rename = "time_series")]
    TimeSeries,
    #[serde(rename = "heatmap")]
    Heatmap,
    #[serde(rename = "table")]
    Table,
}

/// A change to the query results before they are drawn.
#[derive(Serialize)]
pub(super) struct Transformation {
    pub(super) id: &'static str,
    pub(super) options: TransformationOptions,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum TransformationOptions {
    /// Merges all results into one table.
    Merge {},
    /// Selects and renames columns.
    #[serde(rename_all = "camelCase")]
    Organize {
        exclude_by_name: std::collections::BTreeMap<String, bool>,
        rename_by_name: std::collections::BTreeMap<String, String>,
    },
    /// Orders rows.
    SortBy { sort: [SortField; 1] },
}

#[derive(Serialize)]
pub(super) struct SortField {
    pub(super) field: String,
    pub(super) desc: bool,
}
