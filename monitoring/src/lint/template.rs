//! Templates in labels and annotations of alerts.

use crate::finding::Findings;
use crate::read::{Labels, Located};

/// Looks at the text of an annotation or a label of an alert whose answer has these labels.
pub(super) fn check(name: &str, text: &Located, is_label: bool, labels: &Labels, findings: &mut Findings<'_>) {
    let mut add = |message: String, mend: &str| findings.add(text.line, "alerts/template", message, mend);
    let what = if is_label { "label" } else { "annotation" };
    if text.text.matches("{{").count() != text.text.matches("}}").count() {
        add(format!("the {what} `{name}` opens more braces than it closes"), "close each `{{` with `}}`");
        return;
    }
    for action in actions(&text.text) {
        if is_label && (mentions(action, "$value") || mentions(action, ".Value")) {
            let message =
                format!("the label `{name}` holds the value: each new value is a new alert, and `for` begins anew");
            add(message, "move it into an annotation");
        }
        for label in named_labels(action) {
            if !labels.can_have(&label) && label != "alertname" {
                let message =
                    format!("the {what} `{name}` shows the label `{label}`, which the expression does not keep");
                add(message, "aggregate by it too, or leave it out");
            }
        }
        let field = action.split_whitespace().find(|it| it.starts_with('.') && it.len() > 1);
        let known = |it: &str| {
            [".Labels", ".Value", ".ExternalLabels", ".ExternalURL"].iter().any(|known| it.starts_with(known))
        };
        let in_block = text.text.contains("{{ range") || text.text.contains("{{ with") || text.text.contains("{{range");
        if let Some(field) = field.filter(|it| !known(it) && !in_block) {
            add(format!("the {what} `{name}` asks for `{field}`, which no alert has"), "use `$labels.…` or `$value`");
        }
    }
    if text.text.replace(' ', "").contains("humanizePercentage}}%") {
        add(format!("the {what} `{name}` writes `%` twice"), "leave out the `%` after `humanizePercentage`");
    }
}

/// What stands between braces.
fn actions(text: &str) -> Vec<&str> {
    text.split("{{")
        .skip(1)
        .filter_map(|it| it.split_once("}}"))
        .map(|(action, _)| action.trim_matches('-').trim())
        .collect()
}

fn mentions(action: &str, word: &str) -> bool {
    action.split(|it: char| it.is_whitespace() || it == '(' || it == ')' || it == '|').any(|it| it == word)
}

/// The labels that an action names: `$labels.table`, `.Labels.table`.
fn named_labels(action: &str) -> Vec<String> {
    let after = |marker: &str| {
        let parts = action.split(marker).skip(1);
        parts
            .map(|it| it.chars().take_while(|it| it.is_ascii_alphanumeric() || *it == '_').collect::<String>())
            .collect::<Vec<_>>()
    };
    [after("$labels."), after(".Labels.")].concat().into_iter().filter(|it| !it.is_empty()).collect()
}
