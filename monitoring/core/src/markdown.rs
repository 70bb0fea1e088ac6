//! Escaping of untrusted text in Markdown.

pub(crate) mod steps;

use std::fmt::Write;

/// Returns the text so that Markdown shows it literally on one line: nothing in it formats, links, ends a table cell or
/// names a variable of the dashboard.
///
/// It uses character references rather than backslashes, because a backslash does not stop Grafana from replacing
/// `$job`.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::new();
    let text: Vec<char> = text.trim().chars().collect();
    let is_letter = |place: Option<usize>| place.and_then(|it| text.get(it)).is_some_and(|it| it.is_alphanumeric());
    for (place, it) in text.iter().copied().enumerate() {
        match it {
            it if it.is_alphanumeric() || " .,:;/-=()'%".contains(it) => out.push(it),
            // An underscore between letters formats nothing.
            '_' if is_letter(place.checked_sub(1)) && is_letter(Some(place + 1)) => out.push('_'),
            it if it.is_whitespace() => out.push(' '),
            it if it.is_control() => {}
            // Writing into a string cannot fail.
            it => {
                let _ = write!(out, "&#{};", u32::from(it));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(escape(text), expected);
    }

    #[test]
    fn formatting_is_escaped() {
        check("plain text, src/main.rs:12", "plain text, src/main.rs:12");
        check("a | b", "a &#124; b");
        check("[x](javascript:1)", "&#91;x&#93;(javascript:1)");
        check("<b>", "&#60;b&#62;");
        check("$job ${job} [[job]]", "&#36;job &#36;&#123;job&#125; &#91;&#91;job&#93;&#93;");
        check("two\nlines\u{7}", "two lines");
        check("snake_case, 5%", "snake_case, 5%");
        check("_a_ a__b c_", "&#95;a&#95; a&#95;&#95;b c&#95;");
    }
}
