//! Checks the names of a panel's series in legends and overrides.

use super::panel::Context;
use crate::finding::Findings;
use crate::read::{Expression, Node, Panel, Target, labels_of};
use crate::suggest::nearest;

/// Finds legends with a label that the query does not keep; Grafana shows nothing for it.
pub(super) fn legend(
    target: &Target,
    parsed: &Expression,
    name: &str,
    context: &Context<'_>,
    findings: &mut Findings<'_>,
) {
    let Some(legend) = &target.legend else { return };
    let labels = labels_of(&parsed.tree, &|it| context.known.labels(it));
    for part in legend.text.split("{{").skip(1).filter_map(|it| it.split_once("}}")) {
        let label = part.0.trim();
        if !labels.can_have(label) {
            let help = nearest(label, labels.names.iter().map(String::as_str)).map_or_else(
                || "aggregate by it too, or remove it from the legend".to_owned(),
                |it| format!("did you mean `{it}`?"),
            );
            findings.add(
                legend.line,
                "legend-label",
                format!("{name} has the label `{label}` in a legend, which the query does not keep"),
                help,
            );
        }
    }
}

/// Finds overrides for series that no query returns; they have no effect.
pub(super) fn overrides(
    panel: &Panel,
    parsed: &[Option<Expression>],
    name: &str,
    context: &Context<'_>,
    findings: &mut Findings<'_>,
) {
    let overrides = panel.node.at(&["fieldConfig", "overrides"]).map(Node::items).unwrap_or_default();
    let Some(names) = series_names(panel, parsed, context) else { return };
    let ids: Vec<&str> = panel.targets.iter().filter_map(|it| it.node.text_of("refId")).collect();
    for item in overrides {
        let Some(options) = item.at(&["matcher", "options"]) else { continue };
        let Some(wanted) = options.text() else { continue };
        let (exists, near) = match item.at(&["matcher", "id"]).and_then(Node::text) {
            Some("byName") => {
                (names.iter().any(|it| fits(it, wanted)), nearest(wanted, names.iter().map(String::as_str)))
            }
            Some("byFrameRefID") => (ids.contains(&wanted), nearest(wanted, ids.iter().copied())),
            _ => continue,
        };
        if !exists {
            let help = near.map_or_else(
                || "remove it, or name an existing series".to_owned(),
                |it| format!("did you mean `{it}`?"),
            );
            findings.add(
                options.line,
                "override-name",
                format!("{name} overrides `{wanted}`, but none of its series has that name"),
                help,
            );
        }
    }
}

/// Whether an override sets a unit for the series of this query.
pub(super) fn has_unit_of_its_own(panel: &Panel, target: &Target) -> bool {
    let legend = target.legend.as_ref().map(|it| it.text.as_str()).unwrap_or_default();
    let overrides = panel.node.at(&["fieldConfig", "overrides"]).map(Node::items).unwrap_or_default();
    overrides.iter().any(|entry| {
        let properties = entry.get("properties").map(Node::items).unwrap_or_default();
        let names_it = match (entry.at(&["matcher", "id"]).and_then(Node::text), entry.at(&["matcher", "options"])) {
            (Some("byName"), Some(options)) => options.text().is_some_and(|it| fits(legend, it)),
            // Other matchers may match this series.
            _ => true,
        };
        names_it && properties.iter().any(|it| it.text_of("id") == Some("unit"))
    })
}

/// The possible names of a panel's series and columns. Returns `None` if they are unknown.
fn series_names(panel: &Panel, parsed: &[Option<Expression>], context: &Context<'_>) -> Option<Vec<String>> {
    let mut names: Vec<String> = vec!["Time".to_owned(), "Value".to_owned()];
    for (target, parsed) in panel.targets.iter().zip(parsed) {
        let id = target.node.text_of("refId").unwrap_or_default();
        names.push(format!("Value #{id}"));
        if panel.kind == "table" {
            let labels = labels_of(&parsed.as_ref()?.tree, &|it| context.known.labels(it));
            if labels.open {
                return None;
            }
            names.extend(labels.names);
        }
        let legend = target.legend.as_ref().map(|it| it.text.as_str()).unwrap_or_default();
        if panel.kind != "table" && (legend.is_empty() || legend == "__auto") {
            return None;
        }
        names.push(legend.to_owned());
    }
    for transformation in panel.node.get("transformations").map(Node::items).unwrap_or_default() {
        match transformation.text_of("id") {
            Some("organize") => {
                let renamed = transformation.at(&["options", "renameByName"]).map(Node::entries).unwrap_or_default();
                names.retain(|it| !renamed.iter().any(|(from, _)| from == it));
                names.extend(renamed.iter().filter_map(|(_, to)| to.text().map(str::to_owned)));
            }
            Some("merge" | "filterFieldsByName" | "sortBy" | "limit" | "seriesToRows") => {}
            _ => return None,
        }
    }
    Some(names)
}

/// Whether a legend can become this name: `P95 {{table}}` can become `P95 orders`.
fn fits(legend: &str, name: &str) -> bool {
    let Some((before, rest)) = legend.split_once("{{") else { return legend == name };
    let after = rest.rsplit_once("}}").map_or("", |(_, it)| it);
    name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
}
