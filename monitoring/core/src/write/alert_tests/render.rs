//! Fills in the placeholders of texts like Prometheus.

use crate::model::{Format, Piece};
use std::collections::BTreeMap;

/// Returns the text for these labels and this value.
pub(super) fn text(pieces: &[Piece], labels: &BTreeMap<String, String>, value: f64) -> String {
    let label = |name: &str| labels.get(name).map(String::as_str).unwrap_or_default();
    let piece = |it: &Piece| match it {
        Piece::Text(text) | Piece::Foreign(text) => text.clone(),
        Piece::Label(name) => label(name).to_owned(),
        Piece::LabelOr(name, other) => {
            let value = label(name);
            if value.is_empty() { other.clone() } else { value.to_owned() }
        }
        Piece::Labels => labels.iter().flat_map(|(name, value)| [" ", name, "=", value]).collect(),
        Piece::Value(format) => number(*format, value),
    };
    pieces.iter().map(piece).collect()
}

fn number(format: Format, value: f64) -> String {
    match format {
        Format::Share => format!("{}%", significant(value * 100.0)),
        Format::Seconds => seconds(value),
        Format::Score => format!("{value:.2}"),
        Format::Count => format!("{value:.0}"),
        Format::Factor => format!("{value:.1}"),
        Format::Bytes => format!("{}B", scaled(value, 1024.0, &["", "ki", "Mi", "Gi", "Ti"])),
        Format::PerSecond => format!("{}/s", scaled(value, 1000.0, &["", "k", "M", "G", "T"])),
    }
}

/// Formats seconds like `humanizeDuration` of Prometheus.
fn seconds(value: f64) -> String {
    if value != 0.0 && value.abs() < 1.0 {
        let (mut value, mut prefix) = (value, "");
        for next in ["m", "u", "n"] {
            if value.abs() >= 1.0 {
                break;
            }
            (value, prefix) = (value * 1000.0, next);
        }
        return format!("{}{prefix}s", significant(value));
    }
    let whole = value.trunc();
    let (minutes, hours, days) = (whole / 60.0 % 60.0, whole / 3600.0 % 24.0, whole / 86_400.0);
    let rest = |it: f64| format!("{}s", it % 60.0);
    match (days.trunc(), hours.trunc(), minutes.trunc()) {
        (0.0, 0.0, 0.0) => format!("{}s", significant(value)),
        (0.0, 0.0, minutes) => format!("{minutes}m {}", rest(whole)),
        (0.0, hours, minutes) => format!("{hours}h {minutes}m {}", rest(whole)),
        (days, hours, minutes) => format!("{days}d {hours}h {minutes}m {}", rest(whole)),
    }
}

/// Returns the value with the prefix that leaves the fewest digits before the decimal point.
fn scaled(value: f64, step: f64, prefixes: &[&str]) -> String {
    let mut value = value;
    let mut prefixes = prefixes.iter();
    let mut prefix = prefixes.next().copied().unwrap_or_default();
    for next in prefixes {
        if value.abs() < step {
            break;
        }
        (value, prefix) = (value / step, next);
    }
    format!("{}{prefix}", significant(value))
}

/// Returns four significant digits without trailing zeros, like `%.4g` in Go.
fn significant(value: f64) -> String {
    let text = format!("{value:.3e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..4).contains(&exponent) {
        let decimals = usize::try_from(3 - exponent).unwrap_or_default();
        let plain = format!("{value:.decimals$}");
        return if plain.contains('.') { plain.trim_end_matches('0').trim_end_matches('.').to_owned() } else { plain };
    }
    let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    let (sign, exponent) = if exponent < 0 { ('-', -exponent) } else { ('+', exponent) };
    format!("{digits}e{sign}{exponent:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_prometheus_writes_them() {
        #[track_caller]
        fn check(format: Format, value: f64, expected: &str) {
            assert_eq!(number(format, value), expected);
        }
        check(Format::Share, 0.05, "5%");
        check(Format::Share, 1.0, "100%");
        check(Format::Share, 0.123_456, "12.35%");
        check(Format::Share, 0.000_000_1, "1e-05%");
        check(Format::Seconds, 0.0, "0s");
        check(Format::Seconds, 0.024_25, "24.25ms");
        check(Format::Seconds, 0.000_05, "50us");
        check(Format::Seconds, 2.0, "2s");
        check(Format::Seconds, 9.75, "9.75s");
        check(Format::Seconds, 90.5, "1m 30s");
        check(Format::Seconds, 3725.0, "1h 2m 5s");
        check(Format::Seconds, 90_061.0, "1d 1h 1m 1s");
        check(Format::Bytes, 20.0 * 1024.0 * 1024.0, "20MiB");
        check(Format::Bytes, 512.0, "512B");
        check(Format::PerSecond, 75_000.0, "75k/s");
        check(Format::PerSecond, 0.0, "0/s");
        check(Format::Count, 7.4, "7");
        check(Format::Score, 0.425, "0.42");
        check(Format::Factor, 14.44, "14.4");
    }
}
