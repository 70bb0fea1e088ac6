//! `cargo measurand explain`: describes a function, a metric or the whole program, as text or as JSON.

use super::source::{read, settings, shown};
use crate::cli::{DIRECTORY, Explain, Format};
use crate::outcome::Outcome;
use crate::output::{self, CELL_MAX, padded, painted, table};
use measurand_catalog::{Kind, Objective, Unit, visible};
use measurand_check::explain::{
    AlertView, Budget, Explainer, Explanation, FunctionView, LabelView, MetricView, Overview, PanelView, QueryView,
};
use std::fmt::Write as _;
use std::path::Path;

pub(super) fn explain(arguments: &Explain) -> Result<Outcome, String> {
    let source = &arguments.source.source;
    let catalog = read(source)?;
    let settings = settings(&arguments.decisions, Path::new(DIRECTORY), source)?;
    let explainer = Explainer::with(&catalog, &settings).map_err(|it| format!("`{}`: {it}", shown(source)))?;
    let text = match (&arguments.name, arguments.format) {
        (None, Format::Text) => overview(&explainer.overview()),
        (None, Format::Json) => output::json(&explainer.overview()),
        (Some(name), Format::Text) => explanation(&explainer.explain(name)?),
        (Some(name), Format::Json) => output::json(&explainer.explain(name)?),
    };
    output::print(&text)?;
    Ok(Outcome::Fine)
}

fn overview(it: &Overview) -> String {
    let functions: Vec<Vec<String>> = it
        .functions
        .iter()
        .map(|line| {
            let attribute = visible(&format!("#[{}]", line.attribute));
            vec![visible(&line.function), attribute, series(line.series), visible(&line.place)]
        })
        .collect();
    let families: Vec<Vec<String>> = it
        .families
        .iter()
        .map(|it| vec![visible(&it.family), it.functions.to_string(), it.metrics.to_string(), series(it.series)])
        .chain([vec!["total".to_owned(), it.functions.len().to_string(), String::new(), series(it.total)]])
        .collect();
    let mut text = format!("job {}\n\n", visible(&it.job));
    text.push_str(&table(&["FUNCTION", "ANNOTATION", "SERIES", "SOURCE"], &functions));
    text.push('\n');
    text.push_str(&table(&["FAMILY", "FUNCTIONS", "METRICS", "SERIES"], &families));
    let notes = output::sharing(&it.sharing);
    if !notes.is_empty() {
        text.push('\n');
        text.push_str(&notes);
    }
    text
}

fn explanation(it: &Explanation) -> String {
    match it {
        Explanation::Functions(all) => all.iter().map(function).collect::<Vec<_>>().join("\n"),
        Explanation::Metric(it) => metric(it),
    }
}

fn function(it: &FunctionView) -> String {
    let mut lines = vec![("annotation", format!("#[{}]", it.attribute)), ("source", it.place.clone())];
    lines.extend(it.facts.iter().map(|(key, value)| (key.as_str(), value.clone())));
    lines.extend(it.objective.iter().map(|it| ("objective", objective(it))));
    lines.push(("series", series(it.series)));
    lines.extend(it.shares_with.iter().map(|it| ("shares its series with", it.clone())));
    let metrics: Vec<Vec<String>> = it
        .metrics
        .iter()
        .map(|metric| {
            let labels = metric.labels.iter().map(label).collect::<Vec<_>>().join(", ");
            vec![
                visible(&metric.name),
                kind(metric.kind).to_owned(),
                metric.series.map(series).unwrap_or_default(),
                visible(&labels),
            ]
        })
        .collect();
    let table = table(&["METRIC", "KIND", "SERIES", "LABELS"], &metrics);
    format!("{}\n{table}{}", head(&it.function, &lines), around(&it.queries, &it.alerts, &it.panels))
}

fn metric(it: &MetricView) -> String {
    let kind = kind(it.kind);
    let mut lines =
        vec![("kind", it.unit.map_or_else(|| kind.to_owned(), |unit| format!("{kind} of {}", things(unit))))];
    lines.push(("help", it.help.clone()));
    lines.extend(it.labels.iter().map(|it| ("label", label(it))));
    if !it.buckets.is_empty() {
        lines.push(("buckets", it.buckets.iter().map(f64::to_string).collect::<Vec<_>>().join(" ")));
    }
    match it.series {
        Some(budget) => lines.push(("series", series(budget))),
        None => lines.push(("recorded by", "the endpoint itself, in every program".to_owned())),
    }
    lines.extend(it.functions.iter().map(|it| ("recorded by", it.clone())));
    format!("{}{}", head(&it.name, &lines), around(&it.queries, &it.alerts, &it.panels))
}

/// A name, and below it a line for each property.
fn head(name: &str, lines: &[(&str, String)]) -> String {
    let mut text = format!("{}\n", painted(&visible(name), "1"));
    for (key, value) in lines {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "  {:<12}{}", visible(key), visible(value));
    }
    text
}

/// The queries, alerts and panels of a function or a metric.
fn around(queries: &[QueryView], alerts: &[AlertView], panels: &[PanelView]) -> String {
    let queries = queries.iter().map(|it| (it.name.to_owned(), it.promql.clone())).collect();
    let alert = |alert: &AlertView| {
        let name = format!("{} {}", alert.severity.unwrap_or("--"), alert.name);
        (name, format!("{} For {}: {}", alert.summary, alert.hold, alert.promql))
    };
    let alerts = alerts.iter().map(alert).collect();
    let panels = panels.iter().map(|it| (format!("{} / {}", it.row, it.title), it.url.clone())).collect();
    [section("PROMQL", queries), section("ALERTS", alerts), section("PANELS", panels)].concat()
}

fn section(title: &str, rows: Vec<(String, String)>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let wide = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default().min(CELL_MAX);
    let mut text = format!("\n{}\n", painted(title, "1"));
    for (name, value) in rows {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "  {}  {}", padded(&visible(&name), wide), visible(&value));
    }
    text
}

/// `table=orders`, `outcome=error|panic|cancelled`, `table=<from table.name()>`.
fn label(it: &LabelView) -> String {
    let values = it.values.join("|");
    let value = match (&it.from, it.values.is_empty()) {
        (Some(from), true) => format!("<from {from}>"),
        (Some(from), false) => format!("{values} <from {from}>"),
        (None, true) => "<any>".to_owned(),
        (None, false) => values,
    };
    format!("{}={value}", it.name)
}

fn series(it: Budget) -> String {
    if it.bounded_by_other { format!("<={} (then `_other`)", it.series) } else { it.series.to_string() }
}

fn objective(it: &Objective) -> String {
    let percent = |share: f64| (share * 1e9).round() / 1e7;
    let success = it.success.map(|it| format!("{}% of the calls succeed", percent(it)));
    let latency = it.latency.map(|it| format!("{}% of the calls take at most {}s", percent(it.share), it.seconds));
    success.into_iter().chain(latency).collect::<Vec<_>>().join(", ")
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}

fn things(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "things",
        Unit::Seconds => "seconds",
        Unit::Ratio => "ratios from 0 to 1",
        Unit::Bytes => "bytes",
    }
}
