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
            for finding in findings {
                assert!(!finding.message.is_empty() && !finding.help.is_empty() && finding.file == name, "{finding:?}");
                assert!(finding.line as usize <= lines, "line number above {lines}: {finding:?}");
            }
        }
        Err((line, reason)) => {
            assert!(!reason.is_empty() && line as usize <= lines, "line {line} of {lines}: {reason}");
        }
    }
}
