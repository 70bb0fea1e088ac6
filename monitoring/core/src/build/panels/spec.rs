//! Specifications of panels as rows of tables, and their conversion to panels.

use crate::build::used_family::UsedFamily;
use crate::model::{Limit, Line, Panel, PanelKind, Rectangle, Row, Unit, foreign, label, text};
use crate::query::Query;
use measurand_catalog::Family;
use std::collections::{BTreeMap, BTreeSet};

/// The thresholds of alerts by the alert's name.
pub(crate) type Limits<'a> = BTreeMap<&'a str, Vec<Limit>>;

/// The panel of burn rates.
pub(crate) const BURN_PANEL: &str = "objectives/burn";

/// A row of a table of panels. The panel exists if at least one of its lines does.
pub(super) struct Spec {
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    /// The purpose of the panel and what to do; the names of the metrics are appended.
    pub(super) description: &'static str,
    pub(super) kind: PanelKind,
    pub(super) unit: Unit,
    /// Width in cells; 24 fill a line.
    pub(super) width: u32,
    pub(super) height: u32,
    /// Whether the axis is logarithmic.
    pub(super) logarithmic: bool,
    pub(super) no_value: &'static str,
    /// Returns the lines for the families of the row: one family in its own row, all families in other rows.
    pub(super) lines: fn(&[UsedFamily<'_>]) -> Vec<Line>,
    /// Thresholds that no alert has.
    pub(super) limits: &'static [Limit],
    /// Returns the alerts whose thresholds the panel draws, because they compare the values that it shows.
    pub(super) alerts: fn(&[UsedFamily<'_>]) -> Vec<String>,
    /// The alerts that link to the panel without a threshold in it.
    pub(super) links: &'static [&'static str],
}

/// The defaults of most panels.
pub(super) const PLAIN: Spec = Spec {
    key: "",
    title: "",
    description: "",
    kind: PanelKind::Lines,
    unit: Unit::Count,
    width: 8,
    height: 8,
    logarithmic: false,
    no_value: "no data",
    lines: |_| Vec::new(),
    limits: &[],
    alerts: |_| Vec::new(),
    links: &[],
};

pub(super) fn row(key: &str, title: &str, specs: &[Spec], families: &[UsedFamily<'_>], limits: &Limits<'_>) -> Row {
    row_of(key, title, specs.iter().filter_map(|it| panel(key, it, families, limits)).collect())
}

/// Returns a row with these panels, without a position.
pub(super) fn row_of(key: &str, title: &str, panels: Vec<Panel>) -> Row {
    Row { key: key.to_owned(), title: title.to_owned(), collapsed: true, id: 0, y: 0, panels }
}

pub(super) fn panel(row: &str, spec: &Spec, families: &[UsedFamily<'_>], limits: &Limits<'_>) -> Option<Panel> {
    panel_of((spec.lines)(families), row, spec, families, limits)
}

/// Returns a panel with these lines instead of those of the specification.
pub(super) fn panel_of(
    lines: Vec<Line>,
    row: &str,
    spec: &Spec,
    families: &[UsedFamily<'_>],
    limits: &Limits<'_>,
) -> Option<Panel> {
    let drawn = (spec.alerts)(families);
    (!lines.is_empty()).then(|| Panel {
        key: format!("{row}/{}", spec.key),
        id: 0,
        title: spec.title.to_owned(),
        description: format!("{}\n\n{}", spec.description, sources(&lines)),
        kind: spec.kind,
        unit: common_unit(&lines).filter(|_| spec.kind != PanelKind::Table).unwrap_or(spec.unit),
        lines,
        limits: drawn.iter().filter_map(|it| limits.get(it.as_str())).flatten().chain(spec.limits).copied().collect(),
        alerts: drawn.into_iter().chain(spec.links.iter().map(|it| (*it).to_owned())).collect(),
        logarithmic: spec.logarithmic,
        no_value: spec.no_value.to_owned(),
        place: Rectangle { width: spec.width, height: spec.height, ..Rectangle::default() },
    })
}

/// Returns owned names of alerts.
pub(super) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|it| (*it).to_owned()).collect()
}

/// Returns the family if the program uses it.
pub(super) fn find<'a, 'b>(all: &'b [UsedFamily<'a>], family: &Family) -> Option<&'b UsedFamily<'a>> {
    all.iter().find(|it| it.family.name == family.name)
}

/// Returns a line for one family if the program uses it and the family has the needed metrics.
pub(super) fn of(
    all: &[UsedFamily<'_>],
    family: &Family,
    line: impl FnOnce(&UsedFamily<'_>) -> Option<Line>,
) -> Vec<Line> {
    find(all, family).and_then(line).into_iter().collect()
}

/// Returns the unit that all lines have in common. It takes precedence over the unit of the table. The unit of a single
/// line must not change the others: a share next to rates would show the rates as percentages.
fn common_unit(lines: &[Line]) -> Option<Unit> {
    let first = lines.first()?.unit?;
    lines.iter().all(|it| it.unit == Some(first)).then_some(first)
}

/// Returns a sentence with the names of the metrics, so that readers of a panel can query them.
fn sources(lines: &[Line]) -> String {
    let selectors = lines.iter().flat_map(|it| it.query.selectors());
    let names: BTreeSet<String> = selectors.map(|it| format!("`{}`", it.metric)).collect();
    format!("From {}.", names.into_iter().collect::<Vec<_>>().join(", "))
}

/// Returns a line with a fixed name.
pub(super) fn named(name: &str, query: Query) -> Line {
    Line { legend: vec![text(name)], query, unit: None }
}

/// Returns a line whose name comes from a catalog.
pub(super) fn titled(name: &str, query: Query) -> Line {
    Line { legend: vec![foreign(name)], query, unit: None }
}

/// Returns a line for each combination of labels, such as `P95 select patterns`.
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

/// Returns the lines of the families that have the needed metrics.
pub(super) fn each(families: &[UsedFamily<'_>], line: impl Fn(&UsedFamily<'_>) -> Option<Line>) -> Vec<Line> {
    families.iter().filter_map(line).collect()
}
