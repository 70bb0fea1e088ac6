//! The options of each kind of panel, and the formats and colours of its numbers.

use serde::Serialize;

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum PanelOptions {
    TimeSeries(TimeSeriesOptions),
    Stat(StatOptions),
    Gauge(GaugeOptions),
    BarGauge(BarGaugeOptions),
    Heatmap(Box<HeatmapOptions>),
    Table(TableOptions),
}

#[derive(Serialize)]
pub(super) struct TimeSeriesOptions {
    pub(super) legend: Legend,
    pub(super) tooltip: Tooltip,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "Grafana's names")]
pub(super) struct Legend {
    pub(super) display_mode: &'static str,
    pub(super) placement: &'static str,
    pub(super) show_legend: bool,
    pub(super) calcs: Vec<Reducer>,
}

#[derive(Serialize)]
pub(super) struct Tooltip {
    pub(super) mode: &'static str,
    pub(super) sort: &'static str,
}

/// A function that reduces a series to one number.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Reducer {
    LastNotNull,
    Max,
    Mean,
}

#[derive(Serialize)]
pub(super) struct ReduceOptions {
    calcs: [Reducer; 1],
    fields: &'static str,
    values: bool,
}

impl ReduceOptions {
    /// The newest value of each series.
    pub(super) const NEWEST: ReduceOptions = ReduceOptions { calcs: [Reducer::LastNotNull], fields: "", values: false };
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TextMode {
    Auto,
    Name,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatOptions {
    pub(super) reduce_options: ReduceOptions,
    pub(super) color_mode: &'static str,
    pub(super) graph_mode: &'static str,
    pub(super) justify_mode: &'static str,
    pub(super) orientation: &'static str,
    pub(super) text_mode: TextMode,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GaugeOptions {
    pub(super) reduce_options: ReduceOptions,
    pub(super) orientation: &'static str,
    pub(super) show_threshold_labels: bool,
    pub(super) show_threshold_markers: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BarGaugeOptions {
    pub(super) reduce_options: ReduceOptions,
    pub(super) orientation: &'static str,
    pub(super) display_mode: &'static str,
    pub(super) show_unfilled: bool,
    pub(super) value_mode: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HeatmapOptions {
    /// `false`, since the series already are buckets.
    pub(super) calculate: bool,
    pub(super) cell_gap: u32,
    pub(super) color: HeatmapColor,
    pub(super) filter_values: HeatmapFilter,
    pub(super) legend: Shown,
    pub(super) rows_frame: RowsFrame,
    pub(super) tooltip: HeatmapTooltip,
    pub(super) y_axis: HeatmapAxis,
}

#[derive(Serialize)]
pub(super) struct HeatmapColor {
    pub(super) mode: &'static str,
    pub(super) scheme: &'static str,
    pub(super) fill: &'static str,
    pub(super) scale: &'static str,
    pub(super) exponent: f64,
    pub(super) steps: u32,
    pub(super) reverse: bool,
}

#[derive(Serialize)]
pub(super) struct HeatmapFilter {
    pub(super) le: f64,
}

#[derive(Serialize)]
pub(super) struct Shown {
    pub(super) show: bool,
}

#[derive(Serialize)]
pub(super) struct RowsFrame {
    pub(super) layout: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HeatmapTooltip {
    pub(super) mode: &'static str,
    pub(super) y_histogram: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HeatmapAxis {
    pub(super) axis_placement: &'static str,
    pub(super) reverse: bool,
    pub(super) unit: UnitId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TableOptions {
    pub(super) show_header: bool,
    pub(super) cell_height: &'static str,
}

#[derive(Serialize)]
pub(super) struct FieldConfig {
    pub(super) defaults: FieldDefaults,
    pub(super) overrides: Vec<Override>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FieldDefaults {
    pub(super) unit: UnitId,
    pub(super) no_value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max: Option<f64>,
    pub(super) color: Color,
    pub(super) thresholds: Thresholds,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) mappings: Vec<Mapping>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) custom: Option<Custom>,
}

/// Grafana's unit ids.
#[derive(Serialize, Clone, Copy)]
pub(crate) enum UnitId {
    #[serde(rename = "short")]
    Short,
    #[serde(rename = "ops")]
    OperationsPerSecond,
    #[serde(rename = "s")]
    Seconds,
    #[serde(rename = "bytes")]
    Bytes,
    #[serde(rename = "percentunit")]
    Share,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Color {
    pub(super) mode: ColorMode,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fixed_color: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ColorMode {
    /// Another colour for each series.
    PaletteClassic,
    /// The colour of the threshold that the value has reached.
    Thresholds,
    /// One colour.
    Fixed,
}

#[derive(Serialize)]
pub(super) struct Thresholds {
    pub(super) mode: &'static str,
    pub(super) steps: Vec<Step>,
}

/// A colour and the number from which it applies. The first step has no number.
#[derive(Serialize)]
pub(crate) struct Step {
    pub(crate) color: &'static str,
    pub(crate) value: Option<f64>,
}

#[derive(Serialize)]
#[serde(tag = "type", content = "options", rename_all = "lowercase")]
pub(super) enum Mapping {
    Value(std::collections::BTreeMap<&'static str, Mapped>),
    Special(Special),
}

/// The text of a special value.
#[derive(Serialize)]
pub(super) struct Special {
    pub(super) r#match: &'static str,
    pub(super) result: SpecialText,
}

#[derive(Serialize)]
pub(super) struct SpecialText {
    pub(super) text: &'static str,
}

#[derive(Serialize)]
pub(super) struct Mapped {
    pub(super) text: &'static str,
    pub(super) color: &'static str,
    pub(super) index: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LineStyle {
    pub(super) draw_style: &'static str,
    pub(super) line_width: u32,
    pub(super) fill_opacity: u32,
    pub(super) show_points: &'static str,
    pub(super) span_nulls: bool,
    pub(super) stacking: Stacking,
    pub(super) thresholds_style: ThresholdsStyle,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) axis_soft_max: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scale_distribution: Option<Scale>,
}

/// The scale of an axis.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Scale {
    pub(super) r#type: &'static str,
    pub(super) log: u32,
    /// The scale is linear between zero and this value.
    pub(super) linear_threshold: f64,
}

/// The options that only one kind of panel has.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Custom {
    Lines(LineStyle),
    Table(ColumnStyle),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ColumnStyle {
    pub(super) min_width: u32,
}

#[derive(Serialize)]
pub(super) struct Stacking {
    pub(super) mode: &'static str,
    pub(super) group: &'static str,
}

#[derive(Serialize)]
pub(super) struct ThresholdsStyle {
    pub(super) mode: &'static str,
}

#[derive(Serialize)]
pub(super) struct Override {
    pub(super) matcher: FieldMatcher,
    pub(super) properties: Vec<Property>,
}

/// The fields that an override is about.
#[derive(Serialize)]
#[serde(tag = "id", content = "options")]
pub(super) enum FieldMatcher {
    #[serde(rename = "byName")]
    Name(String),
    #[serde(rename = "byRegexp")]
    Regexp(String),
    /// The results of one query.
    #[serde(rename = "byFrameRefID")]
    Query(String),
}

#[derive(Serialize)]
#[serde(tag = "id", content = "value", rename_all = "lowercase")]
pub(super) enum Property {
    Unit(UnitId),
    Color(Color),
    #[serde(rename = "custom.cellOptions")]
    CellOptions(CellOptions),
    Links(Vec<DataLink>),
    /// The width of a column in pixels.
    #[serde(rename = "custom.width")]
    Width(u32),
}

/// How a cell of a table is drawn.
#[derive(Serialize)]
pub(super) struct CellOptions {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DataLink {
    pub(super) title: &'static str,
    pub(super) url: String,
    pub(super) target_blank: bool,
}
