//! Panels as rows of tables: what a table's row says, and how it becomes a panel.

mod explorer;
mod family;
mod lines;
mod overview;
mod system;

pub(crate) use family::panel_of;
pub(crate) use system::{
    DESCRIPTORS, DESCRIPTORS_PANEL, PANICS_PANEL, SCRAPE_PANEL, SCRAPE_SECONDS, STATUS_PANEL, descriptors,
};

use crate::family::Used;
use crate::layout;
use crate::model::{Limit, Line, Panel, PanelKind, Rectangle, Row, Unit, label, text};
use crate::query::Query;
use std::collections::BTreeSet;

/// One row of a table of panels. The panel exists if at least one line does.
struct Spec {
    key: &'static str,
    title: &'static str,
    /// What it shows and what to do about it; the names of the metrics are added.
    description: &'static str,
    kind: PanelKind,
    unit: Unit,
    /// In cells; 24 fill a line.
    width: u32,
    height: u32,
    no_value: &'static str,
    /// From the families of the row: one for a family's own row, all of them elsewhere.
    lines: fn(&[Used<'_>]) -> Vec<Line>,
    limits: fn(&[Used<'_>]) -> Vec<Limit>,
}

/// What most panels are; a table's row names what it has of its own.
const PLAIN: Spec = Spec {
    key: "",
    title: "",
    description: "",
    kind: PanelKind::Lines,
    unit: Unit::Count,
    width: 8,
    height: 8,
    no_value: "no data",
    lines: |_| Vec::new(),
    limits: |_| Vec::new(),
};

/// The whole dashboard, laid out and numbered.
pub(crate) fn rows(families: &[Used<'_>]) -> Vec<Row> {
    let mut rows = vec![row(overview::KEY, "System overview", overview::PANELS, families)];
    rows.extend(families.iter().map(|it| {
        let key = format!("family-{}", it.family.name);
        row(&key, &it.family.title, family::PANELS, std::slice::from_ref(it))
    }));
    rows.push(explorer::row(families));
    rows.push(row(system::KEY, "System resources", system::PANELS, families));
    layout::place(&mut rows);
    rows
}

fn row(key: &str, title: &str, specs: &[Spec], families: &[Used<'_>]) -> Row {
    let panels = specs.iter().filter_map(|it| panel(key, it, families)).collect();
    Row { key: key.to_owned(), title: title.to_owned(), id: 0, y: 0, panels }
}

fn panel(row: &str, spec: &Spec, families: &[Used<'_>]) -> Option<Panel> {
    let lines = (spec.lines)(families);
    (!lines.is_empty()).then(|| Panel {
        key: format!("{row}/{}", spec.key),
        id: 0,
        title: spec.title.to_owned(),
        description: format!("{}\n\n{}", spec.description, sources(&lines)),
        kind: spec.kind,
        // What only the metric knows goes before what the table says.
        unit: lines.iter().find_map(|it| it.unit).filter(|_| spec.kind != PanelKind::Table).unwrap_or(spec.unit),
        lines,
        markdown: String::new(),
        limits: (spec.limits)(families),
        no_value: spec.no_value.to_owned(),
        place: Rectangle { width: spec.width, height: spec.height, ..Rectangle::default() },
    })
}

/// Names the metrics, so that whoever looks at a panel can ask for more.
fn sources(lines: &[Line]) -> String {
    let selectors = lines.iter().flat_map(|it| it.query.selectors());
    let names: BTreeSet<String> = selectors.map(|it| format!("`{}`", it.metric)).collect();
    format!("From {}.", names.into_iter().collect::<Vec<_>>().join(", "))
}

/// A line with a fixed name.
fn named(name: &str, query: Query) -> Line {
    Line { legend: vec![text(name)], query, unit: None }
}

/// A line for each combination of labels: `P95 select patterns`.
fn by_labels(prefix: &str, labels: &[String], query: Query) -> Line {
    let mut legend = Vec::new();
    if !prefix.is_empty() || labels.is_empty() {
        legend.push(text(if prefix.is_empty() { "all" } else { prefix }));
    }
    for name in labels {
        if !legend.is_empty() {
            legend.push(text(" "));
        }
        legend.push(label(name));
    }
    Line { legend, query, unit: None }
}

/// The lines that the families can give.
fn each(families: &[Used<'_>], line: impl Fn(&Used<'_>) -> Option<Line>) -> Vec<Line> {
    families.iter().filter_map(line).collect()
}
