//! Arbitrary text as a rule file, dashboard, rule test or Kubernetes object: findings with line numbers, or an error
//! with a line number.

use measurand_check::__private::lint_text;

/// Reads text that starts with a brace as JSON, other text as YAML.
pub fn run(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        check(text);
    }
}

pub(super) fn check(text: &str) {
    let name = if text.starts_with('{') { "own.json" } else { "own.yml" };
    // In YAML a carriage return also ends a line.
    let lines = text.matches(['\n', '\r']).count() + 1;
    match lint_text(name, text) {
        Ok(findings) => {
            for it in findings {
                assert!(!it.message.is_empty() && !it.help.is_empty() && it.file == name, "{it:?}");
                assert!(it.line as usize <= lines, "line number above {lines}: {it:?}");
            }
        }
        Err((line, reason)) => {
            assert!(!reason.is_empty() && line as usize <= lines, "line {line} of {lines}: {reason}");
        }
    }
}
