//! Texts with the labels and the value of one series, formatted like templates of Prometheus.

use crate::model::{Format, Piece};
use crate::query::evaluate::Labels;
use std::fmt::Write;

/// Returns the text for one series.
pub(super) fn filled(pieces: &[Piece], labels: &Labels, value: Option<f64>) -> String {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) | Piece::Foreign(text) => out.push_str(text),
            Piece::Label(name) => out.push_str(labels.get(name)),
            Piece::LabelOr(name, other) => {
                let label = labels.get(name);
                out.push_str(if label.is_empty() { other } else { label });
            }
            Piece::Labels => {
                for (name, value) in labels.iter() {
                    // Writing into a string cannot fail.
                    let _ = write!(out, " {name}={value}");
                }
            }
            Piece::Value(format) => out.push_str(&value.map_or_else(|| "…".to_owned(), |it| number(it, *format))),
        }
    }
    out
}

/// Returns the text without a series: labels become `{{name}}`.
pub(super) fn template(pieces: &[Piece]) -> String {
    let piece = |it: &Piece| match it {
        Piece::Text(text) | Piece::Foreign(text) => text.clone(),
        Piece::Label(name) | Piece::LabelOr(name, _) => format!("{{{{{name}}}}}"),
        Piece::Labels => String::new(),
        Piece::Value(_) => "…".to_owned(),
    };
    pieces.iter().map(piece).collect()
}

fn number(value: f64, format: Format) -> String {
    match format {
        Format::Share => format!("{}%", digits(value * 100.0)),
        Format::Seconds => duration(value),
        Format::Score => format!("{value:.2}"),
        Format::Count => format!("{value:.0}"),
        Format::Factor => format!("{value:.1}"),
        Format::Bytes => format!("{}B", scaled(value, 1024.0, &["", "Ki", "Mi", "Gi", "Ti", "Pi"])),
        Format::PerSecond => format!("{}/s", scaled(value, 1000.0, &["", "k", "M", "G", "T", "P"])),
    }
}

fn scaled(value: f64, base: f64, prefixes: &[&str]) -> String {
    let mut value = value;
    let mut place = 0;
    while value.abs() >= base && place + 1 < prefixes.len() {
        value /= base;
        place += 1;
    }
    format!("{}{}", digits(value), prefixes.get(place).unwrap_or(&""))
}

fn duration(value: f64) -> String {
    if value.abs() >= 60.0 {
        let (minutes, seconds) = ((value / 60.0).floor(), value % 60.0);
        return format!("{minutes:.0}m {seconds:.0}s");
    }
    let mut value = value;
    let mut unit = "s";
    for smaller in ["ms", "us", "ns"] {
        if value == 0.0 || value.abs() >= 1.0 {
            break;
        }
        value *= 1000.0;
        unit = smaller;
    }
    format!("{}{unit}", digits(value))
}

/// Returns four significant digits without trailing zeros.
fn digits(value: f64) -> String {
    let whole = value.abs().log10().floor();
    if !whole.is_finite() {
        return value.to_string();
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 3, or 0")]
    let decimals = (3.0 - whole).clamp(0.0, 12.0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        for (value, format, expected) in [
            (0.0523, Format::Share, "5.23%"),
            (1.0, Format::Share, "100%"),
            (0.0123, Format::Seconds, "12.3ms"),
            (2.5, Format::Seconds, "2.5s"),
            (90.0, Format::Seconds, "1m 30s"),
            (0.0, Format::Seconds, "0s"),
            (0.678, Format::Score, "0.68"),
            (7.0, Format::Count, "7"),
            (20.0 * 1024.0 * 1024.0, Format::Bytes, "20MiB"),
            (150_000.0, Format::PerSecond, "150k/s"),
            (14.44, Format::Factor, "14.4"),
            (f64::NAN, Format::Share, "NaN%"),
        ] {
            assert_eq!(number(value, format), expected);
        }
    }
}
