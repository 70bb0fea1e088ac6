//! The numbers of panels, as columns over one axis of time.

use super::text::filled;
use super::{Page, RECENT_SECONDS, model};
use crate::evaluate::{Labels, Row, STALE, Scope, Source, evaluate, instants, is_present};
use crate::grafana::ref_id;
use crate::model::{Line, PanelKind};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is shown of the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The instants in milliseconds since the epoch, the earliest first.
    pub times: Vec<i64>,
    /// From the first to the last, in seconds.
    pub range: u32,
    /// The most answers to one line: of more, those with the largest numbers are given, in a table the first by name.
    pub most: usize,
}

/// One answer of a panel's line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesColumn {
    /// Its labels.
    #[serde(serialize_with = "super::panels::labels")]
    pub labels: Arc<Labels>,
    /// Its name.
    pub legend: String,
    /// A number for each instant; JSON has `null` where there is none.
    pub values: Vec<f64>,
}

impl Frame {
    /// So many points, or fewer, over so many seconds up to now: at whole multiples of a step that samples of so many
    /// seconds can fill, so that a point stays where it is from one answer to the next; and last the newest instant.
    #[must_use]
    pub fn new(now: i64, range: u32, points: u32, interval: u32) -> Self {
        let step = range.div_ceil(points.max(1)).max(1).next_multiple_of(interval.max(1));
        let mut times = instants(now - i64::from(range) * 1000, now - 1, step.saturating_mul(1000));
        times.push(now);
        Self { times, range, most: usize::MAX }
    }
}

pub(super) fn of(
    page: &Page,
    ids: &[u32],
    frame: &Frame,
    source: &dyn Source,
) -> BTreeMap<u32, BTreeMap<String, Vec<SeriesColumn>>> {
    let shown = page.monitoring.rows.iter().flat_map(|it| &it.panels);
    let shown = shown.filter(|it| model::is_shown(it) && ids.contains(&it.id));
    let panel = |it: &crate::model::Panel| {
        let lines = it.lines.iter().enumerate();
        (it.id, lines.map(|(place, line)| (ref_id(place), columns(page, line, it.kind, frame, source))).collect())
    };
    shown.map(panel).collect()
}

fn columns(page: &Page, line: &Line, kind: PanelKind, frame: &Frame, source: &dyn Source) -> Vec<SeriesColumn> {
    if page.unavailable(&line.query).is_some() {
        return Vec::new();
    }
    let scope = Scope::dashboard(page.job(), RECENT_SECONDS, frame.range);
    // A table shows the newest numbers only.
    let before = if kind == PanelKind::Table { frame.times.len().saturating_sub(1) } else { 0 };
    let times = frame.times.get(before..).unwrap_or_default();
    let mut rows = evaluate(&line.query, &scope, source, times);
    if kind == PanelKind::Heatmap {
        rows = alone(rows);
    } else {
        if rows.len() > frame.most && kind != PanelKind::Table {
            let largest = |row: &Row| row.values.iter().copied().filter(|it| is_present(*it)).fold(f64::MIN, f64::max);
            let mut ranked: Vec<(f64, Row)> = rows.into_iter().map(|it| (largest(&it), it)).collect();
            ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.labels.cmp(&b.1.labels)));
            rows = ranked.into_iter().take(frame.most).map(|it| it.1).collect();
        }
        rows.sort_by(|a, b| a.labels.cmp(&b.labels));
        // The lines of a table have to keep the same labels, whichever are large in one of them.
        rows.truncate(frame.most);
    }
    let column = |row: Row| {
        let legend = if kind == PanelKind::Heatmap {
            row.labels.get("le").to_owned()
        } else {
            filled(&line.legend, &row.labels, None)
        };
        let values = std::iter::repeat_n(STALE, before).chain(row.values).collect();
        SeriesColumn { labels: row.labels, legend, values }
    };
    rows.into_iter().map(column).collect()
}

/// What is in each bucket alone, of numbers that also count what is in all smaller ones.
fn alone(mut rows: Vec<Row>) -> Vec<Row> {
    let bound = |row: &Row| row.labels.get("le").parse().unwrap_or(f64::INFINITY);
    rows.sort_by(|a, b| bound(a).total_cmp(&bound(b)));
    for place in (1..rows.len()).rev() {
        let (smaller, larger) = rows.split_at_mut(place);
        let (Some(smaller), Some(larger)) = (smaller.last(), larger.first_mut()) else { continue };
        let pairs = larger.values.iter_mut().zip(&smaller.values);
        for (value, below) in pairs.filter(|it| is_present(*it.0) && is_present(*it.1)) {
            *value = (*value - below).max(0.0);
        }
    }
    rows
}

/// Writes labels as one object.
pub(super) fn labels<S: serde::Serializer>(labels: &Labels, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(labels.iter())
}
