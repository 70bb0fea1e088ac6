//! Markdown tables and the numbers in them.

use std::fmt::Display;

/// A Markdown table. The first column is text, the others are numbers.
#[must_use]
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = String::new();
    push(&mut out, head);
    let rule: Vec<&str> = head.iter().enumerate().map(|(column, _)| if column == 0 { "---" } else { "---:" }).collect();
    push(&mut out, &rule);
    for row in rows {
        push(&mut out, row);
    }
    out
}

fn push<T: Display>(out: &mut String, cells: &[T]) {
    for cell in cells {
        out.push_str("| ");
        out.push_str(&cell.to_string());
        out.push(' ');
    }
    out.push_str("|\n");
}

/// Formats a ratio with the number of digits that is meaningful given the spread of a run.
#[must_use]
pub fn ratio(value: f64) -> String {
    match value.abs() {
        it if it >= 9.95 => format!("{value:.0}"),
        it if it >= 1.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Converts a count to a float.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
#[must_use]
pub fn float(count: u64) -> f64 {
    count as f64
}
