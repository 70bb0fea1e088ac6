//! Any text as a file of rules, a dashboard, a test or an object of Kubernetes: findings with their lines, or a line and
//! what is wrong there.

use measurand_check::__private::lint_text;

/// Text that begins with a brace is JSON.
pub fn run(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        check(text);
    }
}

pub(super) fn check(text: &str) {
    let name = if text.starts_with('{') { "own.json" } else { "own.yml" };
    // YAML ends a line at a carriage return too.
    let lines = text.matches(['\n', '\r']).count() + 1;
    match lint_text(name, text) {
        Ok(findings) => {
            for it in findings {
                assert!(!it.message.is_empty() && !it.help.is_empty() && it.file == name, "{it:?}");
                assert!(it.line as usize <= lines, "a line beyond the {lines} that there are: {it:?}");
            }
        }
        Err((line, reason)) => {
            assert!(!reason.is_empty() && line as usize <= lines, "line {line} of {lines}: {reason}");
        }
    }
}
