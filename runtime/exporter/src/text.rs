//! The words of the exposition format: names, escapes and numbers.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details>

use std::borrow::Cow;
use std::fmt::Write;

/// The type of the text that [`crate::Recorder::render`] returns.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A legal name of a metric: what is illegal becomes `_`.
pub(crate) fn metric_name(name: &str) -> Cow<'_, str> {
    legal(name, |it| it.is_ascii_alphanumeric() || matches!(it, '_' | ':'))
}

/// A legal name of a label: what is illegal becomes `_`.
pub(crate) fn label_name(name: &str) -> Cow<'_, str> {
    if name.is_empty() { Cow::Borrowed("_") } else { legal(name, |it| it.is_ascii_alphanumeric() || it == '_') }
}

fn legal(name: &str, is_legal: impl Fn(char) -> bool) -> Cow<'_, str> {
    let legal = |(i, it): (usize, char)| is_legal(it) && (i > 0 || !it.is_ascii_digit());
    if name.chars().enumerate().all(legal) {
        return Cow::Borrowed(name);
    }
    name.chars().enumerate().map(|(i, it)| if legal((i, it)) { it } else { '_' }).collect()
}

/// Appends a label's value without its quotes.
pub(crate) fn push_value(out: &mut String, value: &str) {
    for it in value.chars() {
        match it {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            _ => out.push(it),
        }
    }
}

/// Appends the lines that stand before the series of a metric.
pub(crate) fn push_header(out: &mut String, name: &str, kind: &str, help: &str) {
    out.push_str("# HELP ");
    out.push_str(name);
    out.push(' ');
    for it in help.chars() {
        match it {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            _ => out.push(it),
        }
    }
    out.push_str("\n# TYPE ");
    out.push_str(name);
    out.push(' ');
    out.push_str(kind);
    out.push('\n');
}

/// Appends one series without its value: `name suffix {labels}`.
pub(crate) fn push_series(out: &mut String, name: &str, suffix: &str, labels: &str) {
    out.push_str(name);
    out.push_str(suffix);
    if !labels.is_empty() {
        out.push('{');
        out.push_str(labels);
        out.push('}');
    }
    out.push(' ');
}

/// Appends a floating-point value.
pub(crate) fn push_float(out: &mut String, value: f64) {
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else {
        push(out, value);
    }
}

/// Appends billionths as a decimal fraction, exactly.
pub(crate) fn push_billionths(out: &mut String, value: u128) {
    const WHOLE: u128 = 1_000_000_000;
    push(out, value / WHOLE);
    let rest = value % WHOLE;
    if rest > 0 {
        push(out, format_args!(".{rest:09}"));
        out.truncate(out.trim_end_matches('0').len());
    }
}

/// Appends a value by its `Display`.
pub(crate) fn push(out: &mut String, value: impl std::fmt::Display) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_legal() {
        for (name, expected) in [("ok_1:a", "ok_1:a"), ("a.b", "a_b"), ("1x", "_x"), ("", ""), ("é", "_")] {
            assert_eq!(metric_name(name), expected);
        }
        for (name, expected) in [("ok_1", "ok_1"), ("a:b", "a_b"), ("", "_"), ("9", "_")] {
            assert_eq!(label_name(name), expected);
        }
    }

    #[test]
    fn billionths_are_written_exactly() {
        for (value, expected) in
            [(0, "0"), (1, "0.000000001"), (100_000_000, "0.1"), (20_000_000_000, "20"), (1_500_000_000, "1.5")]
        {
            let mut out = String::from("100 ");
            push_billionths(&mut out, value);
            assert_eq!(out, format!("100 {expected}"));
        }
    }

    #[test]
    fn floats_are_written_as_prometheus_reads_them() {
        for (value, expected) in
            [(f64::NAN, "NaN"), (f64::INFINITY, "+Inf"), (f64::NEG_INFINITY, "-Inf"), (1e-6, "0.000001"), (1.0, "1")]
        {
            let mut out = String::new();
            push_float(&mut out, value);
            assert_eq!(out, expected);
        }
    }
}
