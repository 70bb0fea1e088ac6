//! Checks one panel: dashboard-linter's rules for panels and targets, and mistakes that Grafana ignores silently.

use super::options::{COLUMN_STYLE, FIELD, KEYS, LINE_STYLE, MAPPINGS, WORDS};
use super::units::dimension;
use super::vocabulary::{PANEL_TYPES, vocabulary};
use super::{expression, names};
use crate::finding::Findings;
use crate::metric_index::{Known, is_variable};
use crate::read::{Expression, Located, Node, Panel, Target, selections};
use crate::suggest::did_you_mean;
use measurand_monitoring::model::stack;
use promql_parser::label::MatchOp;
use std::collections::BTreeSet;

/// Panel types that show series.
const ASKING: &[&str] = &[
    "bargauge",
    "barchart",
    "gauge",
    "heatmap",
    "histogram",
    "piechart",
    "stat",
    "state-timeline",
    "table",
    "timeseries",
];

/// Panel types that Grafana removed.
const REMOVED: &[&str] = &["graph", "singlestat", "table-old"];

/// The data that the checks of all panels need.
pub(super) struct Context<'a> {
    pub(super) known: &'a Known<'a>,
    /// The variables that the dashboard defines.
    pub(super) defined: &'a BTreeSet<&'a str>,
}

impl Context<'_> {
    pub(super) fn expression(&self, text: &Located, context: &str, findings: &mut Findings<'_>) -> Option<Expression> {
        let expression = expression::check(text, context, self.known, findings)?;
        let unknown =
            expression.variables.iter().filter(|it| !it.starts_with("__") && !self.defined.contains(it.as_str()));
        for name in unknown {
            let help = did_you_mean(name, self.defined.iter().copied(), "define it under `templating`");
            findings.add(
                text.line,
                "variable-unknown",
                format!("{context} uses the variable `${name}`, which is not defined"),
                help,
            );
        }
        Some(expression)
    }
}

pub(super) fn check(panel: &Panel, context: &Context<'_>, findings: &mut Findings<'_>) {
    if panel.kind == "row" {
        return;
    }
    let name = format!("the panel `{}`", panel.title.text);
    let line = panel.title.line;
    if !PANEL_TYPES.contains(&panel.kind.as_str()) && !panel.kind.contains("-panel") {
        let line = panel.node.get("type").unwrap_or(&panel.node).line;
        let help = if REMOVED.contains(&panel.kind.as_str()) {
            "Grafana removed this type; use `timeseries`, `stat` or `table`".to_owned()
        } else {
            did_you_mean(&panel.kind, PANEL_TYPES.iter().copied(), "use a panel type of Grafana")
        };
        findings.add(line, "panel-type", format!("{name} has the unknown type `{}`", panel.kind), help);
    }
    words(panel, &name, findings);
    ids(&panel.node, &name, findings);
    thresholds(&panel.node, &name, findings);
    if !ASKING.contains(&panel.kind.as_str()) {
        return;
    }
    let description = panel.node.text_of("description").unwrap_or_default();
    if panel.title.text.trim().is_empty() || description.trim().is_empty() {
        findings.add(
            line,
            "panel-title-description-rule",
            format!("{name} has no title or no description"),
            "describe what it shows and what to do about it",
        );
    }
    if panel.targets.is_empty() {
        if asks_elsewhere(&panel.node) {
            return;
        }
        findings.add(line, "panel-no-targets-rule", format!("{name} has no query"), "add a query, or remove the panel");
        return;
    }
    let of_variable = |node: &Node| {
        let datasource = node.get("datasource");
        datasource.and_then(|it| it.text_of("uid").or_else(|| it.text())).is_some_and(|it| it.starts_with('$'))
    };
    if !of_variable(&panel.node) && !panel.targets.iter().all(|it| of_variable(&it.node)) {
        findings.add(line, "panel-datasource-rule", format!("{name} has a fixed data source"), "use `${datasource}`");
    }
    unit(panel, &name, findings);
    let parsed: Vec<Option<Expression>> =
        panel.targets.iter().map(|it| target(panel, it, &name, context, findings)).collect();
    names::overrides(panel, &parsed, &name, context, findings);
}

/// Whether the panel queries another data source than Prometheus.
fn asks_elsewhere(panel: &Node) -> bool {
    let kind = |it: &Node| it.at(&["datasource", "type"]).and_then(Node::text).map(str::to_owned);
    let targets = panel.get("targets").map(Node::items).unwrap_or_default();
    targets.iter().filter_map(|it| kind(it).or_else(|| kind(panel))).any(|it| it != "prometheus")
}

/// Finds unknown options and values, where the list of all is known.
fn words(panel: &Panel, name: &str, findings: &mut Findings<'_>) {
    let is_for = |kinds: &[&str]| kinds.is_empty() || kinds.contains(&panel.kind.as_str());
    for keys in KEYS.iter().filter(|it| is_for(it.kinds)) {
        for (key, node) in panel.node.at(keys.path).map(Node::entries).unwrap_or_default() {
            if !keys.all.contains(&key.as_str()) {
                let help = did_you_mean(key, keys.all.iter().copied(), "remove it");
                let message = format!("{name} sets `{}.{key}`, which Grafana ignores", keys.path.join("."));
                findings.add(node.line, "option-unknown", message, help);
            }
        }
    }
    for setting in WORDS.iter().filter(|it| is_for(it.kinds)) {
        let Some(node) = panel.node.at(setting.path) else { continue };
        if let Some(word) = node.text().filter(|word| !setting.all.contains(word)) {
            let help =
                did_you_mean(word, setting.all.iter().copied(), &format!("use one of {}", setting.all.join(", ")));
            let message = format!("{name} sets `{}` to `{word}`, which Grafana does not know", setting.path.join("."));
            findings.add(node.line, "option-unknown", message, help);
        }
    }
}

/// Finds unknown ids of units, reducers, colours, transformations and mappings in all parts of the panel.
fn ids(panel: &Node, name: &str, findings: &mut Findings<'_>) {
    let known = vocabulary();
    let mut check = |node: &Node, rule: &'static str, what: &str, list: &BTreeSet<String>, holds: bool| {
        let Some(id) = node.text().filter(|_| !holds) else { return };
        let help = did_you_mean(id, list.iter().map(String::as_str), "use an id that Grafana knows");
        findings.add(node.line, rule, format!("{name} uses the {what} `{id}`, which Grafana does not know"), help);
    };
    let of_known = |node: &Node, list: &BTreeSet<String>| node.text().is_some_and(|it| list.contains(it));
    panel.each(&mut |node| {
        if let Some(unit) = node.get("unit").filter(|it| it.text().is_some()) {
            check(unit, "panel-units-rule", "unit", &known.units, known.knows_unit(unit.text().unwrap_or_default()));
        }
        for reducer in node.get("calcs").map(Node::items).unwrap_or_default() {
            check(reducer, "reducer-unknown", "reducer", &known.reducers, of_known(reducer, &known.reducers));
        }
        for mapping in node.get("mappings").map(Node::items).unwrap_or_default() {
            let kind = mapping.get("type").filter(|it| it.text().is_none_or(|it| !MAPPINGS.contains(&it)));
            let all = MAPPINGS.iter().map(|it| (*it).to_owned()).collect();
            if let Some(kind) = kind {
                check(kind, "mapping-unknown", "mapping type", &all, false);
            }
        }
    });
    if let Some(mode) = panel.at(&["fieldConfig", "defaults", "color", "mode"]) {
        check(mode, "color-unknown", "colour mode", &known.color_modes, of_known(mode, &known.color_modes));
    }
    for transformation in panel.get("transformations").map(Node::items).unwrap_or_default() {
        let id = transformation.get("id");
        if let Some(id) = id {
            let holds = of_known(id, &known.transformers);
            check(id, "transformation-unknown", "transformation", &known.transformers, holds);
        }
    }
    for item in panel.at(&["fieldConfig", "overrides"]).map(Node::items).unwrap_or_default() {
        let id = item.at(&["matcher", "id"]);
        if let Some(id) = id {
            check(id, "matcher-unknown", "matcher", &known.field_matchers, of_known(id, &known.field_matchers));
        }
        for property in item.get("properties").map(Node::items).unwrap_or_default() {
            let Some(id) = property.get("id") else { continue };
            let all: BTreeSet<String> = property_ids();
            check(id, "property-unknown", "property", &all, id.text().is_some_and(is_property));
            let value = property.get("value").filter(|_| id.text() == Some("unit"));
            if let Some(value) = value {
                let holds = known.knows_unit(value.text().unwrap_or_default());
                check(value, "panel-units-rule", "unit", &known.units, holds);
            }
        }
    }
}

fn property_ids() -> BTreeSet<String> {
    let custom = LINE_STYLE.iter().chain(COLUMN_STYLE).map(|it| format!("custom.{it}"));
    FIELD.iter().map(|it| (*it).to_owned()).chain(custom).collect()
}

/// Whether this is the id of a property. Of `custom.stacking.mode` only the first two parts count.
fn is_property(id: &str) -> bool {
    let first_two = id.split('.').take(2).collect::<Vec<_>>().join(".");
    // Third-party panels have their own options under `custom`.
    property_ids().contains(&first_two) || id == "custom"
}

/// Finds thresholds that are unsorted or not numbers. A threshold in quotes is text, so it never matches.
fn thresholds(panel: &Node, name: &str, findings: &mut Findings<'_>) {
    let steps = panel.at(&["fieldConfig", "defaults", "thresholds", "steps"]).map(Node::items).unwrap_or_default();
    let mut before = f64::NEG_INFINITY;
    for (index, step) in steps.iter().enumerate() {
        let is_null = step.get("value").is_none_or(|it| it.text() == Some("null"));
        match step.number_of("value") {
            Some(value) if value > before => before = value,
            Some(_) => findings.add(step.line, "threshold", format!("{name} has thresholds out of order"), "sort them"),
            None if is_null && index == 0 => {}
            None => findings.add(
                step.line,
                "threshold",
                format!("{name} has a threshold that is not a number"),
                "write a number without quotes",
            ),
        }
    }
}

/// Compares the unit of the panel with the dimension of its queries.
fn unit(panel: &Panel, name: &str, findings: &mut Findings<'_>) {
    let defaults = ["fieldConfig", "defaults"];
    let node = panel.node.at(&defaults).and_then(|it| it.get("unit"));
    let mapped = panel.node.at(&defaults).and_then(|it| it.get("mappings")).is_some_and(|it| !it.items().is_empty());
    let Some(node) = node else {
        if !mapped && panel.kind != "table" {
            findings.add(
                panel.title.line,
                "panel-units-rule",
                format!("{name} has no unit"),
                "set the unit of its values",
            );
        }
        return;
    };
    let unit = node.text().unwrap_or_default();
    if panel.kind == "heatmap" || panel.kind == "table" {
        return;
    }
    for target in panel.targets.iter().filter(|it| !names::has_unit_of_its_own(panel, it)) {
        let answer = Expression::parse(&target.expression.text).ok().and_then(|it| dimension(&it.tree));
        if let Some(answer) = answer.filter(|it| it.is_contradicted_by(unit)) {
            let message = format!("{name} shows {answer:?} in the unit `{unit}`").replace("PerSecond", "a rate");
            findings.add(node.line, "unit-mismatch", message, format!("use one of {}", answer.units().join(", ")));
            return;
        }
    }
}

fn target(
    panel: &Panel,
    target: &Target,
    name: &str,
    context: &Context<'_>,
    findings: &mut Findings<'_>,
) -> Option<Expression> {
    let line = target.expression.line;
    if panel.kind == "table"
        && target.node.text_of("instant") != Some("true")
        && target.node.text_of("format") == Some("table")
    {
        let message = format!("{name} fills a table with a row for each point in time");
        findings.add(line, "table-instant", message, "set `\"instant\": true`");
    }
    let parsed = context.expression(&target.expression, name, findings)?;
    if expression::wrong_rate_interval(&parsed) {
        let message = format!(
            "{name} takes a rate over a fixed range, which is too short for wide views and too long for narrow ones"
        );
        findings.add(line, "target-rate-interval-rule", message, "use `[$__rate_interval]`");
    }
    for selection in selections(&parsed.tree) {
        let series = selection.name().unwrap_or_default();
        let matchers = &selection.selector.matchers.matchers;
        // The servers of the stack are the same for every program.
        let servers = matchers.iter().any(|it| it.name == "job" && it.value.split('|').all(is_server));
        for label in ["job", "instance"].into_iter().filter(|_| !servers) {
            let rule = if label == "job" { "target-job-rule" } else { "target-instance-rule" };
            // Recorded series and alerts have no instance.
            let has_none = label == "instance" && (series.contains(':') || series.starts_with("ALERTS"));
            let chosen =
                matchers.iter().any(|it| it.name == label && is_variable(it) && matches!(it.op, MatchOp::Re(_)));
            if !chosen && !has_none {
                let message = format!("{name} selects `{series}` of every {label}");
                findings.add(line, rule, message, format!("add `{label}=~\"${label}\"`"));
            }
        }
        if series.ends_with("_total") && expression::is_bare_counter(&selection, context.known) {
            let message = format!("{name} shows the raw counter `{series}`");
            findings.add(line, "target-counter-agg-rule", message, "show its `rate` or `increase`");
        }
    }
    names::legend(target, &parsed, name, context, findings);
    Some(parsed)
}

fn is_server(job: &str) -> bool {
    stack::SERVERS.iter().chain(stack::SHARDS).any(|it| *it == job)
}
