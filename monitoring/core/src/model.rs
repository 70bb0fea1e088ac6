//! The contents of dashboards, rules and alerts as plain data. Writers turn it into files, and a page can draw it.
//!
//! Nothing here depends on a file format. Texts are kept in pieces, so that each writer can escape what is not ours.

pub mod burn_rate;
pub mod monitoring;
pub mod options;
pub mod problem;
pub mod stack;

use crate::query::Query;
use measurand_catalog::Severity;

/// The value of the label `service` of the alerts about the monitoring stack.
pub(crate) const STACK: &str = "monitoring";

/// A row of the dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The identifier, which is part of the keys of its panels.
    pub key: String,
    /// The title in the dashboard.
    pub title: String,
    /// Whether the dashboard shows only the title until a viewer opens the row.
    pub collapsed: bool,
    /// The number that links use.
    pub id: u32,
    /// Its distance from the top in grid cells.
    pub y: u32,
    /// Its panels, from left to right and from the top.
    pub panels: Vec<Panel>,
}

/// A panel of the dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// The identifier: the row's key and the panel's own, `database/error_ratio`.
    pub key: String,
    /// The number that links use. It follows from the key, so other panels do not change it.
    pub id: u32,
    /// The title above the panel.
    pub title: String,
    /// The purpose of the panel, what to do, and its metrics.
    pub description: String,
    /// The kind of drawing.
    pub kind: PanelKind,
    /// The unit of its numbers.
    pub unit: Unit,
    /// Its queries, at least one.
    pub lines: Vec<Line>,
    /// The thresholds of alerts, which the panel draws.
    pub limits: Vec<Limit>,
    /// The names of the alerts whose condition it shows.
    pub alerts: Vec<String>,
    /// Whether the axis is logarithmic: the values and their thresholds differ by orders of magnitude.
    pub logarithmic: bool,
    /// The text that is shown if there is no number.
    pub no_value: String,
    /// Its position and size.
    pub place: Rectangle,
}

/// A position and size in the grid, which is 24 cells wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rectangle {
    /// Cells from the left.
    pub x: u32,
    /// Cells from the top.
    pub y: u32,
    /// Width in cells.
    pub width: u32,
    /// Height in cells.
    pub height: u32,
}

/// The kind of drawing of a panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PanelKind {
    /// Lines over time.
    Lines,
    /// Areas on top of each other over time.
    Stack,
    /// The newest number, large.
    Number,
    /// The newest number as a name: the panel shows the legend.
    Name,
    /// Up if the number is one, down if it is zero.
    Status,
    /// One bar per series.
    Bars,
    /// A dial from zero to one.
    Dial,
    /// Observations by bucket over time.
    Heatmap,
    /// One row per combination of labels, one column per line.
    Table,
}

/// The unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Things per second.
    PerSecond,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// A share from 0 to 1.
    Share,
    /// From 0 to any number of processors, where 1 is one that is always busy.
    Cores,
    /// A multiple, such as a burn rate.
    Factor,
}

/// A query of a panel and the legend of its results.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The legend of each result; in a table, the name of the column.
    pub legend: Vec<Piece>,
    /// The query.
    pub query: Query,
    /// The unit of its numbers if it differs from the panel's.
    pub unit: Option<Unit>,
}

/// A threshold of an alert.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// The threshold.
    pub value: f64,
    /// Whether the alert fires above the threshold. If `false`, it fires below it.
    pub above: bool,
    /// The severity of the alert.
    pub severity: Severity,
}

/// A sentence of an alert. Writers escape a foreign sentence, and write one of our own as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sentence {
    /// Text from this crate, in Markdown.
    Own(String),
    /// Plain text from a catalog.
    Foreign(String),
}

impl Sentence {
    /// The text, not escaped.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let (Self::Own(text) | Self::Foreign(text)) = self;
        text
    }
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text from this crate. Checked identifiers, such as names of labels, can be part of it.
    Text(String),
    /// Plain text from a catalog.
    Foreign(String),
    /// The value of a label.
    Label(String),
    /// The value of a label, or a word if the label is missing.
    LabelOr(String, String),
    /// All labels with their values.
    Labels,
    /// The value of the alert's query.
    Value(Format),
}

/// The format of a number in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `5.2%`.
    Share,
    /// `12.3ms`.
    Seconds,
    /// `0.68`.
    Score,
    /// `7`.
    Count,
    /// `20MiB`.
    Bytes,
    /// `150k/s`.
    PerSecond,
    /// `14.4`.
    Factor,
}

/// Rules that Prometheus evaluates together, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Group<T> {
    /// The name of the group.
    pub name: String,
    /// The rules of the group.
    pub rules: Vec<T>,
}

/// A query that Prometheus evaluates in advance.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The name of the recorded series.
    pub record: String,
    /// The labels that the rule adds.
    pub labels: Vec<(String, String)>,
    /// The recorded query.
    pub query: Query,
}

/// A condition that a person has to react to.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// The name in CamelCase.
    pub name: String,
    /// The condition. The alert fires for each series of the result.
    pub query: Query,
    /// Seconds for which the condition has to hold before the alert fires.
    pub for_seconds: u32,
    /// The urgency; `None` for an alert that always fires.
    pub severity: Option<Severity>,
    /// The team that is responsible.
    pub team: String,
    /// Extra labels that distinguish alerts with the same name.
    pub labels: Vec<(String, String)>,
    /// The problem in one sentence, the same for every firing.
    pub summary: Sentence,
    /// The problem in detail, with labels and the value.
    pub description: Vec<Piece>,
    /// The effect on users.
    pub impact: Sentence,
    /// The address of the instructions.
    pub runbook_url: String,
    /// The panel that shows it.
    pub dashboard_url: String,
    /// The key of that panel.
    pub panel: String,
    /// The alert's behaviour without series, and the reason.
    pub absent: String,
    /// The first steps, in order.
    pub advice: Vec<String>,
    /// The instructions from the documentation of the functions that it is about.
    pub steps: Vec<Steps>,
    /// Sample data that makes it fire, and sample data that does not.
    pub scenario: Scenario,
}

impl Alert {
    /// Returns the value of its label `service`.
    #[must_use]
    pub(crate) fn service<'a>(&self, job: &'a str) -> &'a str {
        if self.scenario.job.is_some() { STACK } else { job }
    }
}

/// An annotated function, called or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnnotatedFunction {
    /// Its path, `shop::orders::place`.
    pub path: String,
    /// The name of the attribute.
    pub attribute: String,
    /// The labels that the annotation gives.
    pub labels: Vec<(String, String)>,
    /// The file and the line of the annotation.
    pub source: String,
    /// The team that owns it; empty if the annotation names none.
    pub owner: String,
    /// The first sentence of its documentation; empty without documentation.
    pub summary: String,
}

/// The instructions that the documentation of one function gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps {
    /// The path of the function.
    pub function: String,
    /// Markdown as the function's author wrote it.
    pub text: String,
}

/// Sample data for one alert, one sample a minute. Unit tests are written from it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scenario {
    /// The series.
    pub signals: Vec<Signal>,
    /// The labels that the firing alert gets from its query, without the job.
    pub labels: Vec<(String, String)>,
    /// The job of all series if it is not the program's.
    pub job: Option<&'static str>,
    /// Minutes before anything happens.
    pub before: u32,
    /// Minutes of bad samples until the condition is true.
    pub lead: u32,
    /// Minutes of good samples until the alert has been resolved for a long time.
    pub recovery: u32,
    /// The value of the alert when it fires.
    pub value: f64,
    /// The fraction of the bad traffic that is too little to judge; `None` if the alert judges any traffic.
    pub quiet: Option<f64>,
    /// The fraction of the bad traffic that is just enough to judge.
    pub enough: Option<f64>,
    /// Whether it takes hours, so that the test evaluates less often than once a minute.
    pub slow: bool,
    /// Sequences of samples that distinguish its windows, thresholds and guards from any others.
    pub courses: Vec<Timeline>,
    /// Whether the job is up during the scenario.
    pub up: bool,
    /// Whether the alert fires if there are no series at all.
    pub fires_without_data: bool,
}

/// One sample series: in each phase of a scenario its value, or the growth of a counter per minute.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// The name of the metric, including a suffix such as `_bucket`.
    pub metric: String,
    /// Its labels except job and instance.
    pub labels: Vec<(String, String)>,
    /// Whether it is a counter.
    pub counter: bool,
    /// Value before anything happens.
    pub before: f64,
    /// Value while the alert has to fire.
    pub bad: f64,
    /// Value just below the threshold, in the test that replaces `bad` by it.
    pub near: f64,
    /// Value after the problem has ended.
    pub good: f64,
}

/// A sequence of samples. Evaluating the alert over them gives the minutes in which it fires.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The behaviour that it tests, as the end of a sentence about the alert.
    pub what: &'static str,
    /// The series.
    pub tracks: Vec<SampleTrack>,
    /// Length in minutes.
    pub minutes: u32,
    /// An additional check.
    pub asked: ExtraQuery,
}

/// A check of a timeline in addition to the minutes in which the alert fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtraQuery {
    /// No check.
    Nothing,
    /// The minutes in which the series recorded for the alert have a value.
    Recorded,
    /// The minutes in which the alert is pending.
    Pending,
}

/// One sample series that can change any number of times.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleTrack {
    /// The name of the metric, including a suffix such as `_bucket`.
    pub metric: String,
    /// Its labels except job, and except instance unless it is listed.
    pub labels: Vec<(String, String)>,
    /// Whether it is a counter.
    pub counter: bool,
    /// Minutes and the value, or the growth per minute, in them. After the last entry the series ends.
    pub pieces: Vec<(u32, f64)>,
}

impl Signal {
    /// Returns the same series with other values over time.
    #[must_use]
    pub(crate) fn along(&self, pieces: &[(u32, f64)]) -> SampleTrack {
        let Self { metric, labels, counter, .. } = self;
        SampleTrack { metric: metric.clone(), labels: labels.clone(), counter: *counter, pieces: pieces.to_vec() }
    }
}

impl Timeline {
    /// Makes the first phase longer by this number of seconds, rounded up to whole minutes.
    pub(crate) fn lengthen(&mut self, seconds: u32) {
        let more = seconds.div_ceil(60);
        self.minutes += more;
        for (minutes, _) in self.tracks.iter_mut().filter_map(|it| it.pieces.first_mut()) {
            *minutes += more;
        }
    }
}

impl SampleTrack {
    /// Returns the samples, one a minute.
    pub(crate) fn samples(&self) -> Vec<f64> {
        let mut all = Vec::new();
        let mut count = None;
        for (minutes, value) in &self.pieces {
            for _ in 0..*minutes {
                let next = if self.counter { count.map_or(0.0, |it: f64| it + value) } else { *value };
                count = Some(next);
                all.push(next);
            }
        }
        all
    }
}

/// Returns a piece with text of this crate.
pub(crate) fn text(it: impl Into<String>) -> Piece {
    Piece::Text(it.into())
}

/// Returns a piece with text of a catalog.
pub(crate) fn foreign(it: impl Into<String>) -> Piece {
    Piece::Foreign(it.into())
}

/// Returns a piece with the value of a label.
pub(crate) fn label(it: impl Into<String>) -> Piece {
    Piece::Label(it.into())
}
