//! Panels as rows of tables: what a table's row says, and how it becomes a panel.

use crate::build::used_family::UsedFamily;
use crate::model::{Limit, Line, Panel, PanelKind, Rectangle, Row, Unit, label, text};
use crate::query::Query;
use measurand_catalog::Family;
use std::collections::{BTreeMap, BTreeSet};

/// The numbers at which alerts fire, by the alert's name.
pub(crate) type Limits<'a> = BTreeMap<&'a str, Vec<Limit>>;

/// The panel that shows how fast budgets burn.
pub(crate) const BURN_PANEL: &str = "objectives/burn";

/// One row of a table of panels. The panel exists if at least one line does.
pub(super) struct Spec {
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    /// What it shows and what to do about it; the names of the metrics are added.
    pub(super) description: &'static str,
    pub(super) kind: PanelKind,
    pub(super) unit: Unit,
    /// In cells; 24 fill a line.
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) no_value: &'static str,
    /// From the families of the row: one for a family's own row, all of them elsewhere.
    pub(super) lines: fn(&[UsedFamily<'_>]) -> Vec<Line>,
    /// The alerts whose thresholds it draws, since they compare what it shows.
    pub(super) alerts: fn(&[UsedFamily<'_>]) -> Vec<String>,
    /// The alerts that it shows without a threshold of theirs.
    pub(super) links: &'static [&'static str],
}

/// What most panels are; a table's row names what it has of its own.
pub(super) const PLAIN: Spec = Spec {
    key: "",
    title: "",
    description: "",
    kind: PanelKind::Lines,
    unit: Unit::Count,
    width: 8,
    height: 8,
    no_value: "no data",
    lines: |_| Vec::new(),
    alerts: |_| Vec::new(),
    links: &[],
};

pub(super) fn row(key: &str, title: &str, specs: &[Spec], families: &[UsedFamily<'_>], limits: &Limits<'_>) -> Row {
    let panels = specs.iter().filter_map(|it| panel(key, it, families, limits)).collect();
    Row { key: key.to_owned(), title: title.to_owned(), id: 0, y: 0, panels }
}

pub(super) fn panel(row: &str, spec: &Spec, families: &[UsedFamily<'_>], limits: &Limits<'_>) -> Option<Panel> {
    let lines = (spec.lines)(families);
    let drawn = (spec.alerts)(families);
    (!lines.is_empty()).then(|| Panel {
        key: format!("{row}/{}", spec.key),
        id: 0,
        title: spec.title.to_owned(),
        description: format!("{}\n\n{}", spec.description, sources(&lines)),
        kind: spec.kind,
        unit: common_unit(&lines).filter(|_| spec.kind != PanelKind::Table).unwrap_or(spec.unit),
        lines,
        markdown: String::new(),
        limits: drawn.iter().filter_map(|it| limits.get(it.as_str())).flatten().copied().collect(),
        alerts: drawn.into_iter().chain(spec.links.iter().map(|it| (*it).to_owned())).collect(),
        no_value: spec.no_value.to_owned(),
        place: Rectangle { width: spec.width, height: spec.height, ..Rectangle::default() },
    })
}

/// Names of alerts.
pub(super) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|it| (*it).to_owned()).collect()
}

/// The family, if the program uses it.
pub(super) fn find<'a, 'b>(all: &'b [UsedFamily<'a>], family: &Family) -> Option<&'b UsedFamily<'a>> {
    all.iter().find(|it| it.family.name == family.name)
}

/// A line of one family, if the program uses it and it has what the line needs.
pub(super) fn of(
    all: &[UsedFamily<'_>],
    family: &Family,
    line: impl FnOnce(&UsedFamily<'_>) -> Option<Line>,
) -> Vec<Line> {
    find(all, family).and_then(line).into_iter().collect()
}

/// What only the metrics know goes before what the table says, if it is one for all lines: one line's share must not make
/// percentages of the others' rates.
fn common_unit(lines: &[Line]) -> Option<Unit> {
    let first = lines.first()?.unit?;
    lines.iter().all(|it| it.unit == Some(first)).then_some(first)
}

/// Names the metrics, so that readers of a panel can query them.
fn sources(lines: &[Line]) -> String {
    let selectors = lines.iter().flat_map(|it| it.query.selectors());
    let names: BTreeSet<String> = selectors.map(|it| format!("`{}`", it.metric)).collect();
    format!("From {}.", names.into_iter().collect::<Vec<_>>().join(", "))
}

/// A line with a fixed name.
pub(super) fn named(name: &str, query: Query) -> Line {
    Line { legend: vec![text(name)], query, unit: None }
}

/// A line for each combination of labels: `P95 select patterns`.
pub(super) fn by_labels(prefix: &str, labels: &[String], query: Query) -> Line {
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
pub(super) fn each(families: &[UsedFamily<'_>], line: impl Fn(&UsedFamily<'_>) -> Option<Line>) -> Vec<Line> {
    families.iter().filter_map(line).collect()
}
