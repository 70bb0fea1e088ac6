//! All metrics as text: the described ones in the order of the tables, then all others by name.
//!
//! A metric without series is left out. Each number is read once, so that what is derived from it agrees with it.

use crate::foreign::word;
use crate::recorder::Inner;
use crate::series::{Count, HistogramSeries};
use crate::storage::Snapshot;
use crate::tables::{Map, Series, Table};
use crate::text;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

/// How many calls of annotated functions each series of durations has seen.
type Calls = HashMap<Arc<str>, u64>;

impl Inner {
    pub(crate) fn render(&self) -> String {
        let mut size = self.rendering.lock().unwrap_or_else(PoisonError::into_inner);
        self.collect_platform();
        let mut out = String::with_capacity(*size + *size / 8);
        // Histograms that were rendered already, because a counter before them shows how many calls they saw.
        let mut ahead: HashMap<usize, String> = HashMap::new();
        for (index, table) in self.tables.all.iter().enumerate() {
            if let Some(text) = ahead.remove(&index) {
                out.push_str(&text);
                continue;
            }
            let duration = table.duration.and_then(|it| Some((it, self.tables.all.get(it)?)));
            let mut calls = Calls::new();
            if let Some((position, duration)) = duration.filter(|(it, _)| *it > index) {
                let mut text = String::new();
                calls = push_table(&mut text, duration, &calls);
                ahead.insert(position, text);
            }
            push_table(&mut out, table, &calls);
        }
        self.foreign.render(&mut out);
        *size = out.len();
        out
    }
}

/// Appends one metric; returns what a histogram tells of calls.
fn push_table(out: &mut String, table: &Table, calls: &Calls) -> Calls {
    match &table.series {
        Series::Counters(map) => {
            for (labels, series) in with_header(out, table, map) {
                text::push_series(out, table.name, "", &labels);
                match series.count(calls.get(&labels).copied().unwrap_or_default()) {
                    Count::Whole(value) => text::push(out, value),
                    Count::Computed(value) => text::push_float(out, value),
                }
                out.push('\n');
            }
        }
        Series::Gauges { map, .. } => {
            for (labels, series) in with_header(out, table, map) {
                text::push_series(out, table.name, "", &labels);
                text::push_float(out, series.value());
                out.push('\n');
            }
        }
        Series::Histograms(map) => {
            let all = with_header(out, table, map);
            return all.into_iter().map(|(labels, series)| push_histogram(out, table, labels, &series)).collect();
        }
    }
    Calls::new()
}

/// The series of a metric; if there are any, its `# HELP` and `# TYPE` come first.
fn with_header<S>(out: &mut String, table: &Table, map: &Map<S>) -> Vec<(Arc<str>, Arc<S>)> {
    let all = map.all();
    if !all.is_empty() {
        text::push_header(out, table.name, word(table.series.kind()), table.help);
    }
    all
}

fn push_histogram(out: &mut String, table: &Table, labels: Arc<str>, series: &HistogramSeries) -> (Arc<str>, u64) {
    let mut snapshot = Snapshot::empty(table.bounds.len());
    let calls = series.read(&mut snapshot);
    let mut below: u64 = 0;
    let bounds = table.bounds_text.iter().map(String::as_str).chain(["+Inf"]);
    for (bound, count) in bounds.zip(&snapshot.buckets) {
        below = below.wrapping_add(*count);
        out.push_str(table.name);
        out.push_str("_bucket{");
        out.push_str(&labels);
        out.push_str(if labels.is_empty() { "le=\"" } else { ",le=\"" });
        out.push_str(bound);
        out.push_str("\"} ");
        text::push(out, below);
        out.push('\n');
    }
    text::push_series(out, table.name, "_sum", &labels);
    text::push_billionths(out, snapshot.sum);
    out.push('\n');
    text::push_series(out, table.name, "_count", &labels);
    text::push(out, below);
    out.push('\n');
    (labels, calls)
}
