//! Checks templates in labels and annotations of alerts.

use crate::finding::Findings;
use crate::metric_index::Known;
use crate::read::{Expression, Labels, Located, labels_of};

/// The data that the templates of an alert can show.
pub(super) struct Shown<'a> {
    pub(super) labels: &'a Labels,
    /// Whether its value is a rate, which has many digits.
    pub(super) is_small: bool,
    pub(super) known: &'a Known<'a>,
}

/// Checks the template in an annotation or a label of an alert.
pub(super) fn check(name: &str, text: &Located, is_label: bool, shown: &Shown<'_>, findings: &mut Findings<'_>) {
    let mut add = |message: String, help: &str| findings.add(text.line, "alerts/template", message, help);
    let what = if is_label { "label" } else { "annotation" };
    if text.text.matches("{{").count() != text.text.matches("}}").count() {
        add(format!("the {what} `{name}` has unbalanced braces"), "close each `{{` with `}}`");
        return;
    }
    let in_block = ["{{ range", "{{ with", "{{range"].iter().any(|it| text.text.contains(it));
    // The labels of the last query's result.
    let mut answer: Option<Labels> = None;
    for action in actions(&text.text) {
        if is_label && (mentions(action, "$value") || mentions(action, ".Value")) {
            let message =
                format!("the label `{name}` contains the value: each new value is a new alert, and `for` starts again");
            add(message, "move it to an annotation");
        }
        // Inside of `range query` the dot is a series of the result instead of the alert.
        let dot = answer.as_ref().unwrap_or(shown.labels);
        let of_alert = named(action, "$labels.").into_iter().map(|it| (it, shown.labels));
        for (label, labels) in of_alert.chain(named(action, ".Labels.").into_iter().map(|it| (it, dot))) {
            if !labels.can_have(&label) && label != "alertname" {
                let message =
                    format!("the {what} `{name}` shows the label `{label}`, which the expression does not keep");
                add(message, "aggregate by it too, or remove it");
            }
        }
        let shows_value = mentions(action, "$value") || mentions(action, ".Value");
        if !is_label && shows_value && shown.is_small && !action.contains("humanize") && !action.contains("printf") {
            add(
                format!("the annotation `{name}` shows a rate with all digits"),
                "write `{{ $value | humanize }}`, or `humanizePercentage` for a ratio",
            );
        }
        if let Some(query) = query(action) {
            match Expression::parse(&query) {
                Err(error) => add(format!("the query `{query}` of the {what} `{name}` {error}"), error.help()),
                Ok(it) => answer = Some(labels_of(&it.tree, &|it| shown.known.labels(it))),
            }
        }
        if let (Some(label), Some(answer)) = (label_of_answer(action), &answer)
            && !answer.can_have(&label)
        {
            add(
                format!("the {what} `{name}` reads the label `{label}` from a query whose result does not have it"),
                "aggregate by it too, or remove it",
            );
        }
        let field = action.split_whitespace().find(|it| it.starts_with('.') && it.len() > 1);
        let known = |field: &str| {
            [".Labels", ".Value", ".ExternalLabels", ".ExternalURL"].iter().any(|known| field.starts_with(known))
        };
        if let Some(field) = field.filter(|it| !known(it) && !in_block) {
            add(format!("the {what} `{name}` uses `{field}`, which alerts do not have"), "use `$labels.…` or `$value`");
        }
    }
    if text.text.replace(' ', "").contains("humanizePercentage}}%") {
        add(format!("the {what} `{name}` shows `%` twice"), "remove the `%` after `humanizePercentage`");
    }
}

/// The texts between `{{` and `}}`.
fn actions(text: &str) -> Vec<&str> {
    text.split("{{")
        .skip(1)
        .filter_map(|it| it.split_once("}}"))
        .map(|(action, _)| action.trim_matches('-').trim())
        .collect()
}

/// The PromQL in `query "…"`. The string is in quotes, with escapes, or in backquotes.
fn query(action: &str) -> Option<String> {
    let (before, after) = action.split_once("query ")?;
    if before.ends_with(|it: char| it.is_ascii_alphanumeric() || it == '_') {
        return None;
    }
    let after = after.trim_start();
    if let Some(raw) = after.strip_prefix('`') {
        return raw.split_once('`').map(|(it, _)| it.to_owned());
    }
    let mut text = String::new();
    let mut rest = after.strip_prefix('"')?.chars();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => text.push(rest.next()?),
            it => text.push(it),
        }
    }
}

/// The label in `label "…"`, which reads a label from a query's result.
fn label_of_answer(action: &str) -> Option<String> {
    let (_, after) = action.split_once("label \"")?;
    after.split_once('"').map(|(it, _)| it.to_owned())
}

fn mentions(action: &str, word: &str) -> bool {
    action.split(|it: char| it.is_whitespace() || it == '(' || it == ')' || it == '|').any(|it| it == word)
}

/// The labels that an action names after a marker such as `$labels.` or `.Labels.`.
fn named(action: &str, marker: &str) -> Vec<String> {
    let parts = action.split(marker).skip(1);
    let names =
        parts.map(|it| it.chars().take_while(|it| it.is_ascii_alphanumeric() || *it == '_').collect::<String>());
    names.filter(|it| !it.is_empty()).collect()
}
