//! The numbers of panels as columns over one time axis.

use super::page::{Page, RECENT_SECONDS};
use super::text::filled;
use crate::model::{Line, Panel, PanelKind};
use crate::query::evaluate::{
    AnswerRow, Labels, ROOM, STALE, Scope, Source, in_parts, instants, is_present, series_read,
};
use crate::write::grafana::ref_id;
use serde::Serialize;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// The time range of a page and the limits of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The instants in milliseconds since the epoch, the earliest first.
    pub times: Vec<i64>,
    /// The range in seconds, from the first to the last instant.
    pub range: u32,
    /// Most series per line. If there are more, the columns have the series with the largest values; in a table, the
    /// first by name.
    pub most: usize,
    /// Largest memory of all series together, in bytes.
    pub room: usize,
}

/// The columns of panels, by panel and line.
pub type Columns = BTreeMap<u32, BTreeMap<String, Vec<SeriesColumn>>>;

/// An error: all series together take more memory than [`Frame::room`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge {
    room: usize,
}

/// One series of a panel's line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesColumn {
    /// The labels.
    #[serde(serialize_with = "super::panels::labels")]
    pub labels: Arc<Labels>,
    /// The name.
    pub legend: String,
    /// A value for each instant; JSON has `null` for a missing value.
    pub values: Vec<f64>,
}

impl Frame {
    /// Returns a frame with the instants of the last `range` seconds. They are whole multiples of `step` seconds, so
    /// that points do not move between two responses. The last one is `now`, in milliseconds since the epoch.
    #[must_use]
    pub fn new(now: i64, range: u32, step: u32) -> Self {
        let mut times = instants(now - i64::from(range) * 1000, now - 1, step.saturating_mul(1000).max(1));
        times.push(now);
        Self { times, range, most: usize::MAX, room: usize::MAX }
    }

    /// Returns the step in seconds with which `range` has at most `points` points. It is a multiple of the interval of
    /// the samples, since there are no values in between.
    #[must_use]
    pub fn step(range: u32, points: u32, interval: u32) -> u32 {
        range.div_ceil(points.max(1)).max(1).next_multiple_of(interval.max(1))
    }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the response is larger than {} KiB; request fewer panels with `ids`, only the largest series with `most`, \
             or fewer `points`",
            self.room / 1024
        )
    }
}

impl Error for TooLarge {}

/// Returns the largest number of series that these panels read at each instant.
pub(super) fn series(page: &Page, ids: &[u32], source: &dyn Source) -> usize {
    let lines = shown(page, ids).filter(|it| it.kind != PanelKind::Table).flat_map(|it| &it.lines);
    lines.filter(|it| page.unavailable(&it.query).is_none()).map(|it| series_read(&it.query, source)).sum()
}

fn shown<'a>(page: &'a Page, ids: &'a [u32]) -> impl Iterator<Item = &'a Panel> {
    let panels = page.monitoring.rows.iter().flat_map(|it| &it.panels);
    panels.filter(|it| super::model::is_shown(page, it) && ids.contains(&it.id))
}

pub(super) fn of(page: &Page, ids: &[u32], frame: &Frame, source: &dyn Source) -> Result<Columns, TooLarge> {
    let mut room = frame.room;
    let mut panel = |it: &Panel| {
        let mut lines = BTreeMap::new();
        for (place, line) in it.lines.iter().enumerate() {
            let columns = columns(page, line, it.kind, frame, source, room).ok_or(TooLarge { room: frame.room })?;
            room = room.saturating_sub(columns.iter().map(SeriesColumn::size).sum());
            lines.insert(ref_id(place), columns);
        }
        Ok((it.id, lines))
    };
    shown(page, ids).map(&mut panel).collect()
}

/// Returns the columns of a line, or `None` if they need more than `room` bytes.
fn columns(
    page: &Page,
    line: &Line,
    kind: PanelKind,
    frame: &Frame,
    source: &dyn Source,
    room: usize,
) -> Option<Vec<SeriesColumn>> {
    if page.unavailable(&line.query).is_some() {
        return Some(Vec::new());
    }
    let scope = Scope::dashboard(page.job(), RECENT_SECONDS, frame.range);
    // A table shows the newest numbers only.
    let before = if kind == PanelKind::Table { frame.times.len().saturating_sub(1) } else { 0 };
    let times = frame.times.get(before..).unwrap_or_default();
    let column = |row: AnswerRow| {
        let legend = if kind == PanelKind::Heatmap {
            row.labels.get("le").to_owned()
        } else {
            filled(&line.legend, &row.labels, None)
        };
        let values = std::iter::repeat_n(STALE, before).chain(row.values).collect();
        SeriesColumn { labels: row.labels, legend, values }
    };
    let mut found = Found { rows: Vec::new(), most: frame.most, kind };
    let mut has_room = true;
    in_parts(&line.query, &scope, source, times, ROOM, |rows| {
        if has_room {
            found.add(rows);
            // In a table, each value is preceded by missing values for the earlier instants.
            has_room = found.rows.len() <= room / (size_of::<f64>() * frame.times.len().max(1));
        }
    });
    let columns: Vec<SeriesColumn> = has_room.then(|| found.finish())?.into_iter().map(column).collect();
    (columns.iter().map(SeriesColumn::size).sum::<usize>() <= room).then_some(columns)
}

/// The rows of one line to show, among those found so far.
struct Found {
    rows: Vec<AnswerRow>,
    most: usize,
    kind: PanelKind,
}

impl Found {
    fn add(&mut self, rows: Vec<AnswerRow>) {
        self.rows.extend(rows);
        self.choose();
    }

    /// Drops rows beyond the limit. A table keeps the first by name, so that all its lines keep the same labels. A
    /// heatmap keeps all rows.
    fn choose(&mut self) {
        if self.rows.len() <= self.most || self.kind == PanelKind::Heatmap {
            return;
        }
        if self.kind == PanelKind::Table {
            self.rows.sort_by(|a, b| a.labels.cmp(&b.labels));
        } else {
            let largest =
                |row: &AnswerRow| row.values.iter().copied().filter(|it| is_present(*it)).fold(f64::MIN, f64::max);
            let mut ranked: Vec<(f64, AnswerRow)> = self.rows.drain(..).map(|it| (largest(&it), it)).collect();
            ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.labels.cmp(&b.1.labels)));
            self.rows.extend(ranked.into_iter().map(|it| it.1));
        }
        self.rows.truncate(self.most);
    }

    fn finish(mut self) -> Vec<AnswerRow> {
        if self.kind == PanelKind::Heatmap {
            return alone(self.rows);
        }
        self.rows.sort_by(|a, b| a.labels.cmp(&b.labels));
        self.rows
    }
}

impl SeriesColumn {
    /// Returns the approximate memory in bytes.
    fn size(&self) -> usize {
        let labels: usize = self.labels.iter().map(|(name, value)| name.len() + value.len()).sum();
        size_of::<Self>() + self.values.len() * size_of::<f64>() + labels + self.legend.len()
    }
}

/// Converts cumulative buckets to the number in each bucket.
fn alone(mut rows: Vec<AnswerRow>) -> Vec<AnswerRow> {
    let bound = |row: &AnswerRow| row.labels.get("le").parse().unwrap_or(f64::INFINITY);
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

/// Serializes labels as one object.
pub(super) fn labels<S: serde::Serializer>(labels: &Labels, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(labels.iter())
}
