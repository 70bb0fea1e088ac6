//! Text from outside in Markdown.

pub(crate) mod steps;

use std::fmt::Write;

/// The text so that Markdown shows it as it is: on one line, with nothing that formats, links, ends a table's cell or
/// names one of the dashboard's variables.
///
/// Character references rather than backslashes: a backslash does not stop Grafana from replacing `$job`.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::new();
    for it in text.trim().chars() {
        match it {
            it if it.is_alphanumeric() || " .,:;/-=()'".contains(it) => out.push(it),
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
    fn nothing_formats() {
        check("plain text, src/main.rs:12", "plain text, src/main.rs:12");
        check("a | b", "a &#124; b");
        check("[x](javascript:1)", "&#91;x&#93;(javascript:1)");
        check("<b>", "&#60;b&#62;");
        check("$job ${job} [[job]]", "&#36;job &#36;&#123;job&#125; &#91;&#91;job&#93;&#93;");
        check("two\nlines\u{7}", "two lines");
        check("snake_case", "snake&#95;case");
    }
}
