//! The syntax of the exposition formats: names, escapes and numbers.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details>
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>

use crate::storage::cells::Exemplar;
use measurand_catalog::Kind;
use metrics_exporter_prometheus::formatting;
use std::borrow::Cow;
use std::fmt::Write;

/// The text format of a scrape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Prometheus' own format, which every scraper accepts.
    Prometheus,
    /// The standard based on it: with units, creation times, and an end marker that shows that the text is complete.
    OpenMetrics,
}

impl Format {
    /// Returns the value of the `content-type` header.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Returns the name of a kind in a `# TYPE` line.
pub(crate) fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}

/// Returns a valid metric name. Invalid characters become `_`, as with `metrics-exporter-prometheus`, so programs that
/// migrate from it keep their metric names.
pub(crate) fn metric_name(name: &str) -> Cow<'_, str> {
    legal(name, b"_:", formatting::sanitize_metric_name)
}

/// Returns a valid label name. Invalid characters become `_`, as with `metrics-exporter-prometheus`.
pub(crate) fn label_name(name: &str) -> Cow<'_, str> {
    if name.is_empty() { Cow::Borrowed("_") } else { legal(name, b"_", formatting::sanitize_label_key) }
}

/// Most names are valid and are returned without a copy.
fn legal<'a>(name: &'a str, more: &[u8], sanitize: impl Fn(&str) -> String) -> Cow<'a, str> {
    let legal = |it: u8| it.is_ascii_alphanumeric() || more.contains(&it);
    if name.bytes().all(legal) && !name.starts_with(|it: char| it.is_ascii_digit()) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(sanitize(name))
    }
}

/// Appends an exemplar to the line of a bucket.
pub(crate) fn push_exemplar(out: &mut String, exemplar: &Exemplar) {
    out.extend([" # {trace_id=\"", &exemplar.trace, "\"} "]);
    push_billionths(out, u128::from(exemplar.value));
    out.push(' ');
    push_billionths(out, u128::from(exemplar.time) * 1_000_000);
}

/// Appends a label value without its quotes.
pub(crate) fn push_value(out: &mut String, value: &str) {
    if !value.bytes().any(|it| matches!(it, b'\\' | b'"' | b'\n')) {
        return out.push_str(value);
    }
    for character in value.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            _ => out.push(character),
        }
    }
}

/// Appends the header lines of a metric. The unit appears only in OpenMetrics, whose syntax has a line for it.
pub(crate) fn push_header(out: &mut String, format: Format, name: &str, kind: &str, help: &str) {
    for part in ["# HELP ", name, " "] {
        out.push_str(part);
    }
    for character in help.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if format == Format::OpenMetrics => out.push_str("\\\""),
            _ => out.push(character),
        }
    }
    for part in ["\n# TYPE ", name, " ", kind, "\n"] {
        out.push_str(part);
    }
    let unit = UNITS.into_iter().find(|it| name.strip_suffix(it).is_some_and(|it| it.ends_with('_')));
    if let Some(unit) = unit.filter(|_| format == Format::OpenMetrics) {
        for part in ["# UNIT ", name, " ", unit, "\n"] {
            out.push_str(part);
        }
    }
}

/// The units that metric names may end in.
const UNITS: [&str; 3] = ["seconds", "bytes", "ratio"];

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
    /// Up to this value every integer is exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else if value.fract() == 0.0 && value.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and small enough")]
        out.push_str(itoa::Buffer::new().format(value as i64));
    } else {
        push(out, value);
    }
}

/// Appends a bound as OpenMetrics writes it in a label: like Go's `%g`, but never as an integer.
/// <https://prometheus.io/docs/specs/om/open_metrics_spec/#considerations-canonical-numbers>
pub(crate) fn push_canonical(out: &mut String, value: f64) {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e').and_then(|(a, b)| Some((a, b.parse::<i32>().ok()?)))
    else {
        return push_float(out, value);
    };
    if (-4..6).contains(&exponent) {
        push(out, value);
        if value.fract() == 0.0 {
            out.push_str(".0");
        }
    } else {
        push(out, format_args!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()));
    }
}

/// Appends an integer.
pub(crate) fn push_whole(out: &mut String, value: u64) {
    out.push_str(itoa::Buffer::new().format(value));
}

/// Appends billionths as an exact decimal fraction.
pub(crate) fn push_billionths(out: &mut String, value: u128) {
    const WHOLE: u64 = 1_000_000_000;
    let (whole, rest) = match u64::try_from(value) {
        Ok(value) => (u128::from(value / WHOLE), value % WHOLE),
        // The remainder is below one billion.
        Err(_) => (value / u128::from(WHOLE), u64::try_from(value % u128::from(WHOLE)).unwrap_or_default()),
    };
    out.push_str(itoa::Buffer::new().format(whole));
    if rest > 0 {
        out.push('.');
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(rest);
        out.push_str(&"000000000"[digits.len()..]);
        out.push_str(digits.trim_end_matches('0'));
    }
}

/// Appends milliseconds since the epoch as seconds.
pub(crate) fn push_time(out: &mut String, milliseconds: u64) {
    push_billionths(out, u128::from(milliseconds) * 1_000_000);
}

/// Appends a value with its `Display` format.
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
        for (value, expected) in [
            (0, "0"),
            (1, "0.000000001"),
            (100_000_000, "0.1"),
            (20_000_000_000, "20"),
            (1_500_000_000, "1.5"),
            (u128::from(u64::MAX) + 1, "18446744073.709551616"),
        ] {
            let mut out = String::from("100 ");
            push_billionths(&mut out, value);
            assert_eq!(out, format!("100 {expected}"));
        }
    }

    #[test]
    fn floats_are_written_as_prometheus_reads_them() {
        for (value, expected) in [
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (1e-6, "0.000001"),
            (1.0, "1"),
            (-2.0, "-2"),
            (-2.5, "-2.5"),
            (1e15, "1000000000000000"),
            (1e17, "100000000000000000"),
        ] {
            let mut out = String::new();
            push_float(&mut out, value);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn bounds_are_canonical_in_openmetrics() {
        for (value, expected) in [
            (0.0, "0.0"),
            (1e-10, "1e-10"),
            (1e-5, "1e-05"),
            (2.5e-5, "2.5e-05"),
            (1e-4, "0.0001"),
            (0.025, "0.025"),
            (1.0, "1.0"),
            (10.0, "10.0"),
            (100_000.0, "100000.0"),
            (1e6, "1e+06"),
            (1.5e6, "1.5e+06"),
            (1e10, "1e+10"),
            (-2.0, "-2.0"),
        ] {
            let mut out = String::new();
            push_canonical(&mut out, value);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn a_header_has_the_lines_of_its_format() {
        let header = |format| {
            let mut out = String::new();
            push_header(&mut out, format, "x_seconds", "gauge", "a \"b\" \\ c\nd");
            out
        };
        assert_eq!(header(Format::Prometheus), "# HELP x_seconds a \"b\" \\\\ c\\nd\n# TYPE x_seconds gauge\n");
        assert_eq!(
            header(Format::OpenMetrics),
            "# HELP x_seconds a \\\"b\\\" \\\\ c\\nd\n# TYPE x_seconds gauge\n# UNIT x_seconds seconds\n"
        );
    }
}
