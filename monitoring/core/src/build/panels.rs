//! Panels as rows of tables: what a table's row says, and how it becomes a panel.

mod database;
mod explorer;
mod family;
mod lines;
mod neural;
mod objectives;
mod overview;
mod planning;
pub(crate) mod system;
mod verification;

pub(crate) use family::panel_of;

use crate::build::layout;
use crate::build::used_family::Used;
use crate::model::burn_rate::Burn;
use crate::model::{Limit, Line, Panel, PanelKind, Rectangle, Row, Unit, label, text};
use crate::query::Query;
use measurand_catalog::{Family, families};
use std::collections::{BTreeMap, BTreeSet};

/// The numbers at which alerts fire, by the alert's name.
pub(crate) type Limits<'a> = BTreeMap<&'a str, Vec<Limit>>;

/// The panel that shows how fast budgets burn.
pub(crate) const BURN_PANEL: &str = "objectives/burn";

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
    /// The alerts whose thresholds it draws, since they compare what it shows.
    alerts: fn(&[Used<'_>]) -> Vec<String>,
    /// The alerts that it shows without a threshold of theirs.
    links: &'static [&'static str],
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
    alerts: |_| Vec::new(),
    links: &[],
};

/// A row of the dashboard whose panels are fixed, and the families that it shows.
struct Fixed {
    key: &'static str,
    title: &'static str,
    families: &'static [&'static Family],
    panels: &'static [Spec],
}

/// The rows between the overview and the families of the user's own.
const FIXED: &[Fixed] = &[
    Fixed {
        key: neural::KEY,
        title: "Neural performance",
        families: &[
            &families::NEURAL,
            &families::PATTERN_CONFIDENCE,
            &families::PATTERN_LEARNING,
            &families::PATTERN_MEMORY,
            &families::MEMORY_COMPRESSION,
            &families::FEEDBACK,
        ],
        panels: neural::PANELS,
    },
    Fixed {
        key: verification::KEY,
        title: "Verification and truth",
        families: &[&families::VERIFICATION],
        panels: verification::PANELS,
    },
    Fixed {
        key: database::KEY,
        title: "Database and caching",
        families: &[
            &families::DATABASE,
            &families::DATABASE_CONNECTION,
            &families::CACHE,
            &families::PATTERN_RETRIEVAL,
        ],
        panels: database::PANELS,
    },
    Fixed {
        key: planning::KEY,
        title: "GOAP and coordination",
        families: &[
            &families::PLANNING,
            &families::COORDINATION,
            &families::TASK,
            &families::TASK_QUEUE,
            &families::PATTERNS_ACTIVE,
            &families::PATTERNS_UNUSED,
            &families::PATTERN_REUSE,
        ],
        panels: planning::PANELS,
    },
];

/// The whole dashboard, laid out and numbered: the overview, the fixed rows, a row for each family that is in none of
/// them, the explorer, the system.
pub(crate) fn rows(all: &[Used<'_>], limits: &Limits<'_>, burns: &[Burn; 3]) -> Vec<Row> {
    let mut rows = vec![row(overview::KEY, "System overview", overview::PANELS, all, limits)];
    rows.push(objectives::row(all, limits, burns));
    rows.extend(FIXED.iter().map(|it| row(it.key, it.title, it.panels, all, limits)));
    let fixed = |name: &str| FIXED.iter().flat_map(|it| it.families).any(|it| it.name == name);
    // Requests have their panels among those of the system.
    let own = all.iter().filter(|it| !fixed(&it.family.name) && it.family.name != families::HTTP.name);
    rows.extend(own.map(|it| {
        let key = format!("family-{}", it.family.name);
        row(&key, &it.family.title, family::PANELS, std::slice::from_ref(it), limits)
    }));
    rows.push(explorer::row(all, limits));
    rows.push(row(system::KEY, "System resources", system::PANELS, all, limits));
    rows.retain(|it| !it.panels.is_empty());
    layout::place(&mut rows);
    rows
}

fn row(key: &str, title: &str, specs: &[Spec], families: &[Used<'_>], limits: &Limits<'_>) -> Row {
    let panels = specs.iter().filter_map(|it| panel(key, it, families, limits)).collect();
    Row { key: key.to_owned(), title: title.to_owned(), id: 0, y: 0, panels }
}

fn panel(row: &str, spec: &Spec, families: &[Used<'_>], limits: &Limits<'_>) -> Option<Panel> {
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
fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|it| (*it).to_owned()).collect()
}

/// The family, if the program uses it.
fn find<'a, 'b>(all: &'b [Used<'a>], family: &Family) -> Option<&'b Used<'a>> {
    all.iter().find(|it| it.family.name == family.name)
}

/// A line of one family, if the program uses it and it has what the line needs.
fn of(all: &[Used<'_>], family: &Family, line: impl FnOnce(&Used<'_>) -> Option<Line>) -> Vec<Line> {
    find(all, family).and_then(line).into_iter().collect()
}

/// What only the metrics know goes before what the table says, if it is one for all lines: one line's share must not make
/// percentages of the others' rates.
fn common_unit(lines: &[Line]) -> Option<Unit> {
    let first = lines.first()?.unit?;
    lines.iter().all(|it| it.unit == Some(first)).then_some(first)
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
