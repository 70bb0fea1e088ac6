//! Checks a dashboard as a whole: its variables, by dashboard-linter's rules, and the layout of its panels.

use super::panel;
use crate::finding::Findings;
use crate::metric_index::Known;
use crate::read::{Dashboard, Node, Panel};
use std::collections::{BTreeMap, BTreeSet};

const RELOAD: &str = "set `\"refresh\": 2`; in schema V2, `\"refresh\": \"onTimeRangeChanged\"`";

/// The width of Grafana's grid.
const COLUMNS: i64 = 24;

pub(super) fn check(dashboard: &Dashboard, node: &Node, known: &Known<'_>, findings: &mut Findings<'_>) {
    if node.text_of("editable") != Some("false") {
        let line = node.get("editable").unwrap_or(node).line;
        let message = "the dashboard can be edited in Grafana, and the next deployment overwrites the edits";
        findings.add(line, "uneditable-dashboard", message, "set `\"editable\": false`");
    }
    let variables: Vec<&Node> = node.at(&["templating", "list"]).map(Node::items).unwrap_or_default().iter().collect();
    datasource(&variables, node, findings);
    for (name, label, rule) in [("job", "Job", "template-job-rule"), ("instance", "Instance", "template-instance-rule")]
    {
        variable(&variables, name, label, rule, node, findings);
    }
    for variable in &variables {
        query(variable, findings);
    }
    let defined: BTreeSet<&str> = dashboard.variables.iter().map(|it| it.text.as_str()).collect();
    let context = panel::Context { known, defined: &defined };
    for target in &dashboard.others {
        context.expression(&target.expression, "a variable or annotation", findings);
    }
    for panel in &dashboard.panels {
        panel::check(panel, &context, findings);
    }
    ids(&dashboard.panels, findings);
    places(node, findings);
}

fn named<'a>(variables: &[&'a Node], name: &str) -> Option<&'a Node> {
    variables.iter().copied().find(|it| it.text_of("name") == Some(name))
}

fn datasource(variables: &[&Node], node: &Node, findings: &mut Findings<'_>) {
    const RULE: &str = "template-datasource-rule";
    let found = variables
        .iter()
        .find(|it| it.text_of("type") == Some("datasource") && it.text_of("query").is_none_or(|it| it == "prometheus"));
    let Some(found) = found else {
        let message = "there is no variable for the data source, so the dashboard works with one Prometheus only";
        return findings.add(node.line, RULE, message, "add a variable `datasource` of the type `datasource`");
    };
    let (name, label) = (found.text_of("name").unwrap_or_default(), found.text_of("label").unwrap_or_default());
    if !["datasource", "prometheus_datasource"].contains(&name) {
        findings.add(
            found.line,
            RULE,
            format!("the data source's variable has the name `{name}`"),
            "call it `datasource`",
        );
    }
    if !["Data source", "Prometheus data source"].contains(&label) {
        findings.add(
            found.line,
            RULE,
            format!("the data source's variable has the label `{label}`"),
            "label it `Data source`",
        );
    }
}

fn variable(
    variables: &[&Node],
    name: &str,
    label: &str,
    rule: &'static str,
    node: &Node,
    findings: &mut Findings<'_>,
) {
    let Some(found) = named(variables, name) else {
        let message = format!("there is no variable `{name}`, so panels mix the series of all {name}s");
        return findings.add(node.line, rule, message, format!("add a variable `{name}` of the type `query`"));
    };
    let uid =
        found.at(&["datasource", "uid"]).or_else(|| found.get("datasource")).and_then(Node::text).unwrap_or_default();
    let wanted = [
        (found.text_of("type") == Some("query"), "set its `type` to `query`"),
        (uid.contains("datasource}"), "set its data source to `${datasource}`"),
        (found.text_of("label") == Some(label), "set its `label` to its name with a capital letter"),
        (found.text_of("multi") == Some("true"), "allow several values: set `multi` to `true`"),
        (found.text_of("allValue") == Some(".+"), "set its `allValue` to `.+`"),
    ];
    for (_, help) in wanted.iter().filter(|(holds, _)| !holds) {
        findings.add(found.line, rule, format!("the variable `{name}` has a setting that panels cannot use"), *help);
    }
}

fn query(variable: &Node, findings: &mut Findings<'_>) {
    if variable.text_of("type") != Some("query") {
        return;
    }
    let name = variable.text_of("name").unwrap_or_default();
    if variable.text_of("refresh") != Some("2") {
        let message = format!("the variable `{name}` is loaded only once, so later values are missing in its list");
        findings.add(variable.line, "template-on-time-change-reload-rule", message, RELOAD);
    }
    let text = variable.get("query").and_then(|it| it.text().or_else(|| it.text_of("query"))).unwrap_or_default();
    let asks_labels = text.trim_start().starts_with("label_values");
    let closed = text.trim_end().ends_with(')') && text.matches('(').count() == text.matches(')').count();
    if asks_labels && !closed {
        let message = format!("the variable `{name}` has the query `{text}`, which Grafana cannot read");
        findings.add(variable.line, "template-label-promql-rule", message, "write `label_values(series, label)`");
    }
}

fn ids(panels: &[Panel], findings: &mut Findings<'_>) {
    let mut seen: BTreeMap<u32, &str> = BTreeMap::new();
    for panel in panels {
        let Some(id) = panel.id else { continue };
        if let Some(other) = seen.insert(id, &panel.title.text) {
            let message = format!("the panels `{other}` and `{}` have the id {id}", panel.title.text);
            findings.add(panel.title.line, "panel-id", message, "give each panel its own id");
        }
    }
}

/// Checks that panels do not overlap, since they would hide each other. A collapsed row has a grid of its own.
fn places(node: &Node, findings: &mut Findings<'_>) {
    let mut placed: Vec<([i64; 4], &str)> = Vec::new();
    for panel in node.get("panels").map(Node::items).unwrap_or_default() {
        places(panel, findings);
        let Some(place) = panel.get("gridPos") else { continue };
        let title = panel.text_of("title").unwrap_or_default();
        let cells = ["x", "y", "w", "h"].map(|it| place.text_of(it).and_then(|it| it.parse::<i64>().ok()));
        let [Some(x), Some(y), Some(w), Some(h)] = cells else {
            findings.add(
                place.line,
                "panel-place",
                format!("the panel `{title}` has no position"),
                "give it `x`, `y`, `w` and `h`",
            );
            continue;
        };
        if x < 0 || y < 0 || w <= 0 || h <= 0 || x.saturating_add(w) > COLUMNS {
            let message = format!("the panel `{title}` is outside of the grid");
            findings.add(place.line, "panel-place", message, "keep `x` and `w` within 24 columns");
        }
        let meets = |[a, b, c, d]: &[i64; 4]| {
            x < a.saturating_add(*c) && *a < x.saturating_add(w) && y < b.saturating_add(*d) && *b < y.saturating_add(h)
        };
        if let Some((_, other)) = placed.iter().find(|(it, _)| meets(it)) {
            let message = format!("the panel `{title}` overlaps the panel `{other}`");
            findings.add(place.line, "panel-place", message, "move one of them");
        }
        placed.push(([x, y, w, h], title));
    }
}
