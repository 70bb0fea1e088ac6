//! Conversion of one of our panels to a Grafana panel.

use super::model::{
    Datasource, GrafanaPanel, GridPos, PanelType, SortField, Target, TargetFormat, TargetQuery, Transformation,
    TransformationOptions,
};
use super::options::{
    BarGaugeOptions, CellOptions, Color, ColorMode, ColumnStyle, Custom, DataLink, FieldConfig, FieldDefaults,
    FieldMatcher, GaugeOptions, HeatmapAxis, HeatmapColor, HeatmapFilter, HeatmapOptions, HeatmapTooltip, Legend,
    LineStyle, Mapped, Mapping, Override, PanelOptions, Property, ReduceOptions, Reducer, RowsFrame, Scale, Shown,
    Special, SpecialText, Stacking, StatOptions, Step, TableOptions, TextMode, Thresholds, ThresholdsStyle,
    TimeSeriesOptions, Tooltip, UnitId,
};
use crate::build::objectives::OBJECTIVE_LABEL;
use crate::build::panels::explorer::FUNCTION;
use crate::model::monitoring::Monitoring;
use crate::model::{self, Limit, Line, PanelKind, Piece, Unit, label};
use crate::query::Query;
use crate::query::promql::{Histograms, Place, print_as};
use measurand_catalog::Severity;
use std::collections::BTreeMap;

/// Shortest interval between two points of queries over buckets, of which there are many. It is half of what a rate
/// looks back at the usual scrape interval: no observation is missed, with half the work.
const OF_BUCKETS: &str = "30s";

const JOB: &str = "job";
const ALERT: &str = "alertname";
const SEVERITY: &str = "severity";

/// The width in pixels of a column with paths.
const WIDE: u32 = 320;

/// The smallest width in pixels of any other column, so that all columns fit on a screen.
const NARROW: u32 = 80;

pub(super) fn panel(panel: &model::Panel, monitoring: &Monitoring) -> GrafanaPanel {
    let histograms = monitoring.histograms;
    let place = panel.place;
    GrafanaPanel {
        id: panel.id,
        kind: kind(panel.kind),
        title: super::plain(&panel.title),
        description: panel.description.clone(),
        grid_pos: GridPos { h: place.height, w: place.width, x: place.x, y: place.y },
        datasource: Datasource::VARIABLE,
        interval: panel.lines.iter().any(|it| reads_buckets(&it.query)).then_some(OF_BUCKETS),
        targets: panel.lines.iter().enumerate().map(|(index, it)| target(index, it, panel.kind, histograms)).collect(),
        transformations: if panel.kind == PanelKind::Table { table_columns(panel) } else { Vec::new() },
        field_config: field_config(panel, monitoring),
        options: options(panel),
    }
}

/// Whether the query reads every bucket of every series, without a recording rule.
fn reads_buckets(query: &Query) -> bool {
    match query {
        Query::Buckets(..) | Query::Heatmap(..) => true,
        Query::Recorded { .. } => false,
        _ => query.children().into_iter().any(reads_buckets),
    }
}

fn kind(kind: PanelKind) -> PanelType {
    match kind {
        PanelKind::Lines | PanelKind::Stack => PanelType::Timeseries,
        PanelKind::Number | PanelKind::Name | PanelKind::Status => PanelType::Stat,
        PanelKind::Bars => PanelType::Bargauge,
        PanelKind::Dial => PanelType::Gauge,
        PanelKind::Heatmap => PanelType::Heatmap,
        PanelKind::Table => PanelType::Table,
    }
}

fn target(index: usize, line: &Line, kind: PanelKind, histograms: Histograms) -> Target {
    let instant = kind == PanelKind::Table;
    let by_bucket = kind == PanelKind::Heatmap && histograms == Histograms::Classic;
    Target {
        ref_id: ref_id(index),
        datasource: Datasource::VARIABLE,
        query: TargetQuery {
            expr: print_as(&line.query, Place::Dashboard, histograms),
            legend_format: if by_bucket { "{{le}}".to_owned() } else { series_legend(line, kind) },
            format: match kind {
                PanelKind::Heatmap => TargetFormat::Heatmap,
                PanelKind::Table => TargetFormat::Table,
                _ => TargetFormat::TimeSeries,
            },
            instant,
            range: !instant,
            exemplar: kind == PanelKind::Lines && reads_buckets(&line.query),
            editor_mode: "code",
        },
    }
}

/// Returns `A` to `Z`, then `A1` and so on.
pub(crate) fn ref_id(index: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(index % 26).unwrap_or_default());
    if index < 26 { letter.to_string() } else { format!("{letter}{}", index / 26) }
}

/// Returns a legend that tells the jobs apart if there are several.
fn series_legend(line: &Line, kind: PanelKind) -> String {
    let legend = legend(&line.legend);
    let has_job = line.query.labels().is_none_or(|it| it.contains(JOB));
    let is_unique = line.legend.contains(&label(JOB)) || line.legend.contains(&label("instance"));
    if kind == PanelKind::Table || !has_job || is_unique {
        legend
    } else {
        format!("{legend}${{{}}}", super::LEGEND_END)
    }
}

fn legend(pieces: &[Piece]) -> String {
    let piece = |it: &Piece| match it {
        // A legend has no escape for braces.
        Piece::Text(text) | Piece::Foreign(text) => super::plain(&text.replace(['{', '}'], "")),
        Piece::Label(name) | Piece::LabelOr(name, _) => format!("{{{{{name}}}}}"),
        Piece::Labels | Piece::Value(_) => String::new(),
    };
    pieces.iter().map(piece).collect()
}

pub(crate) fn unit(unit: Unit) -> UnitId {
    match unit {
        Unit::Count | Unit::Factor => UnitId::Short,
        Unit::PerSecond => UnitId::OperationsPerSecond,
        Unit::Seconds => UnitId::Seconds,
        Unit::Bytes => UnitId::Bytes,
        Unit::Share | Unit::Cores => UnitId::Share,
    }
}

fn has_label(panel: &model::Panel, name: &str) -> bool {
    panel.lines.iter().any(|it| it.query.labels().is_some_and(|labels| labels.contains(name)))
}

/// Whether the lines of a table are about a job each.
fn is_by_job(panel: &model::Panel) -> bool {
    panel.lines.iter().all(|it| it.query.labels().is_some_and(|labels| labels.iter().eq([&JOB])))
}

/// Sorts rows and renames columns: the results of line `A` are in the column `Value #A`, which gets the name of the line.
fn table_columns(panel: &model::Panel) -> Vec<Transformation> {
    let names = panel.lines.iter().enumerate();
    let rename_by_name = names.map(|(index, it)| (format!("Value #{}", ref_id(index)), legend(&it.legend))).collect();
    // Most tables are about one program. An alert can be about any of the chosen ones.
    let shows_job = is_by_job(panel) || has_label(panel, ALERT);
    let hidden = ["Time", JOB].into_iter().filter(|it| *it != JOB || !shows_job);
    let exclude_by_name = hidden.map(|it| (it.to_owned(), true)).collect();
    let columns = TransformationOptions::Organize { exclude_by_name, rename_by_name };
    vec![
        Transformation { id: "merge", options: TransformationOptions::Merge {} },
        Transformation { id: "organize", options: columns },
        Transformation { id: "sortBy", options: TransformationOptions::SortBy { sort: [worst_first(panel)] } },
    ]
}

fn field_config(panel: &model::Panel, monitoring: &Monitoring) -> FieldConfig {
    let below_zero = panel.lines.iter().any(|it| matches!(it.query, Query::Complement(_)));
    let over_time = matches!(panel.kind, PanelKind::Lines | PanelKind::Stack);
    // If low values are bad, high ones are the usual ones. An axis from zero would hide how they differ.
    let low_is_bad = over_time && panel.limits.iter().any(|it| !it.above);
    FieldConfig {
        defaults: FieldDefaults {
            unit: unit(panel.unit),
            no_value: panel.no_value.clone(),
            // The rest of an error budget can be negative.
            min: (panel.kind != PanelKind::Heatmap && !below_zero && !low_is_bad).then_some(0.0),
            max: (panel.unit == Unit::Share && matches!(panel.kind, PanelKind::Dial | PanelKind::Bars)).then_some(1.0),
            color: base_color(panel),
            thresholds: Thresholds { mode: "absolute", steps: steps(&panel.limits) },
            mappings: match panel.kind {
                PanelKind::Status => vec![up_and_down()],
                // A quantile of no calls is not a number, and an alert has only some of the labels.
                PanelKind::Table => {
                    vec![Mapping::Special(Special { r#match: "null+nan", result: SpecialText { text: "–" } })]
                }
                _ => Vec::new(),
            },
            custom: custom(panel),
        },
        overrides: overrides(panel, monitoring),
    }
}

/// Returns the colour of values that no override is about. A colour with a meaning is that of a threshold.
fn base_color(panel: &model::Panel) -> Color {
    let (mode, fixed_color) = match panel.kind {
        PanelKind::Lines | PanelKind::Stack | PanelKind::Heatmap => (ColorMode::PaletteClassic, None),
        PanelKind::Status => (ColorMode::Thresholds, None),
        _ if !panel.limits.is_empty() => (ColorMode::Thresholds, None),
        _ => (ColorMode::Fixed, Some("text")),
    };
    Color { mode, fixed_color }
}

fn overrides(panel: &model::Panel, monitoring: &Monitoring) -> Vec<Override> {
    let about = |matcher, properties| Override { matcher, properties };
    let column = |name: &str| FieldMatcher::Name(name.to_owned());
    let is_table = panel.kind == PanelKind::Table;
    let columns = panel.lines.iter().enumerate().filter_map(|(index, it)| {
        let mut properties = vec![Property::Unit(unit(it.unit?))];
        if is_table && matches!(it.query, Query::Complement(_)) {
            properties.push(Property::CellOptions(CellOptions { kind: "color-background" }));
        }
        let name = legend(&it.legend);
        Some(about(if is_table { column(&name) } else { FieldMatcher::Query(ref_id(index)) }, properties))
    });
    let fixed = |it: Severity| Color { mode: ColorMode::Fixed, fixed_color: Some(color(it)) };
    let severities = Severity::ALL
        .into_iter()
        .filter(|_| panel.lines.iter().any(|it| it.legend.first() == Some(&label("severity"))));
    let severities = severities
        .map(|it| about(FieldMatcher::Regexp(format!("/^{}\\b/", it.as_str())), vec![Property::Color(fixed(it))]));
    let is_by = |name: &str| is_table && has_label(panel, name);
    let function = is_by(FUNCTION).then(|| {
        let details = "/d/${__dashboard.uid}?${__url_time_range}&${datasource:queryparam}&${job:queryparam}\
                       &${instance:queryparam}&var-function=${__value.raw:percentencode}";
        // A browser scrolls to the text after `:~:text=`.
        let list = super::super::runbook::FUNCTIONS_ANCHOR;
        let source = format!("{}#{list}:~:text=${{__value.raw:percentencode}}", monitoring.runbook_url);
        let links = vec![
            DataLink { title: "Details of the function", url: details.to_owned(), target_blank: false },
            DataLink { title: "Source line and owner", url: source, target_blank: true },
        ];
        about(column(FUNCTION), vec![Property::Links(links), Property::Width(WIDE)])
    });
    let job = (is_table && is_by_job(panel)).then(|| {
        let url = format!("/dashboards?tag={}&query=${{__value.raw:percentencode}}", super::TAG);
        about(
            column(JOB),
            vec![Property::Links(vec![DataLink { title: "Dashboard of the program", url, target_blank: false }])],
        )
    });
    let objective = is_by(OBJECTIVE_LABEL).then(|| about(column(OBJECTIVE_LABEL), vec![Property::Width(WIDE)]));
    let alert = is_by(ALERT).then(|| {
        let url = format!("{}#:~:text=${{__value.raw:percentencode}}", monitoring.runbook_url);
        about(column(ALERT), vec![Property::Links(vec![DataLink { title: "Runbook", url, target_blank: true }])])
    });
    columns.chain(severities).chain(function).chain(objective).chain(job).chain(alert).collect()
}

fn up_and_down() -> Mapping {
    let mapped = |text, color, index| Mapped { text, color, index };
    Mapping::Value(BTreeMap::from([("0", mapped("DOWN", "red", 0)), ("1", mapped("UP", "green", 1))]))
}

fn custom(panel: &model::Panel) -> Option<Custom> {
    match panel.kind {
        PanelKind::Lines | PanelKind::Stack => Some(Custom::Lines(line_style(panel))),
        PanelKind::Table => Some(Custom::Table(ColumnStyle { min_width: NARROW })),
        _ => None,
    }
}

fn line_style(panel: &model::Panel) -> LineStyle {
    let stacked = panel.kind == PanelKind::Stack;
    LineStyle {
        draw_style: "line",
        line_width: 1,
        fill_opacity: if stacked { 30 } else { 0 },
        show_points: "auto",
        span_nulls: false,
        stacking: Stacking { mode: if stacked { "normal" } else { "none" }, group: "A" },
        thresholds_style: ThresholdsStyle { mode: if panel.limits.is_empty() { "off" } else { "dashed" } },
        // Without it, an axis of zeros would end anywhere.
        axis_soft_max: (panel.unit == Unit::Share && !panel.logarithmic).then_some(0.01),
        scale_distribution: panel.logarithmic.then_some(Scale { r#type: "symlog", log: 10, linear_threshold: 1.0 }),
    }
}

/// Returns the thresholds of alerts, coloured by severity. The good side is green.
pub(crate) fn steps(limits: &[Limit]) -> Vec<Step> {
    let mut limits = limits.to_vec();
    limits.sort_by(|a, b| a.value.total_cmp(&b.value));
    if limits.iter().all(|it| it.above) {
        let steps = limits.iter().map(|it| Step { color: color(it.severity), value: Some(it.value) });
        return std::iter::once(Step { color: "green", value: None }).chain(steps).collect();
    }
    // Below a limit is its colour; above it, that of the next higher limit.
    let from = std::iter::once(None).chain(limits.iter().map(|it| Some(it.value)));
    let colors = limits.iter().map(|it| color(it.severity)).chain(["green"]);
    from.zip(colors).map(|(value, color)| Step { color, value }).collect()
}

fn color(severity: Severity) -> &'static str {
    match severity {
        Severity::P0 => "red",
        Severity::P1 => "orange",
        Severity::P2 => "yellow",
        Severity::P3 => "blue",
    }
}

fn options(panel: &model::Panel) -> PanelOptions {
    let reduce_options = ReduceOptions::NEWEST;
    match panel.kind {
        PanelKind::Lines | PanelKind::Stack => PanelOptions::TimeSeries(TimeSeriesOptions {
            legend: Legend {
                display_mode: "table",
                placement: "bottom",
                show_legend: true,
                calcs: vec![Reducer::LastNotNull, Reducer::Mean, Reducer::Max],
            },
            tooltip: Tooltip { mode: "multi", sort: "desc" },
        }),
        PanelKind::Number | PanelKind::Name | PanelKind::Status => PanelOptions::Stat(StatOptions {
            reduce_options,
            color_mode: if panel.kind == PanelKind::Status { "background" } else { "value" },
            graph_mode: if panel.kind == PanelKind::Number { "area" } else { "none" },
            justify_mode: "auto",
            orientation: "auto",
            text_mode: if panel.kind == PanelKind::Name { TextMode::Name } else { TextMode::Auto },
        }),
        PanelKind::Dial => PanelOptions::Gauge(GaugeOptions {
            reduce_options,
            orientation: "auto",
            show_threshold_labels: false,
            show_threshold_markers: true,
        }),
        PanelKind::Bars => PanelOptions::BarGauge(BarGaugeOptions {
            reduce_options,
            orientation: "horizontal",
            display_mode: "basic",
            show_unfilled: true,
            value_mode: "color",
        }),
        PanelKind::Heatmap => PanelOptions::Heatmap(Box::new(heatmap(unit(panel.unit)))),
        PanelKind::Table => PanelOptions::Table(TableOptions { show_header: true, cell_height: "sm" }),
    }
}

/// Returns the order of a table: by severity, or by the first column.
fn worst_first(panel: &model::Panel) -> SortField {
    if has_label(panel, SEVERITY) {
        return SortField { field: SEVERITY.to_owned(), desc: false };
    }
    let first = panel.lines.first();
    SortField {
        field: first.map(|it| legend(&it.legend)).unwrap_or_default(),
        // The rest of a budget is worst if it is lowest.
        desc: !matches!(first.map(|it| &it.query), Some(Query::Complement(_))),
    }
}

fn heatmap(unit: UnitId) -> HeatmapOptions {
    HeatmapOptions {
        calculate: false,
        cell_gap: 1,
        color: HeatmapColor {
            mode: "scheme",
            scheme: "Spectral",
            fill: "dark-orange",
            scale: "exponential",
            exponent: 0.5,
            steps: 64,
            reverse: true,
        },
        // Empty buckets stay empty instead of getting the coldest colour.
        filter_values: HeatmapFilter { le: 1e-9 },
        legend: Shown { show: true },
        rows_frame: RowsFrame { layout: "auto" },
        tooltip: HeatmapTooltip { mode: "single", y_histogram: false },
        y_axis: HeatmapAxis { axis_placement: "left", reverse: false, unit },
    }
}
