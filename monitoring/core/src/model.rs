//! What is shown and what is watched, as plain data: the writers turn it into files, a page can draw it.
//!
//! Nothing here knows a file format; texts are kept in pieces, so that each writer escapes what did not come from us.

pub mod burn_rate;
pub mod monitoring;
pub mod options;
pub mod problem;
pub mod stack;

use crate::query::Query;
use measurand_catalog::Severity;

/// The value of the label `service` of the alerts about the monitoring itself.
pub(crate) const STACK: &str = "monitoring";

/// One row of the dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The identifier, part of its panels' keys.
    pub key: String,
    /// The title.
    pub title: String,
    /// The number by which links name it.
    pub id: u32,
    /// Its distance from the top in grid cells.
    pub y: u32,
    /// Its panels, from left to right and from the top.
    pub panels: Vec<Panel>,
}

/// One panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// The identifier: the row's and its own, `database/error_ratio`.
    pub key: String,
    /// The number by which links name it; it follows from the key, so that other panels do not change it.
    pub id: u32,
    /// The title.
    pub title: String,
    /// What it shows, why, and what to do.
    pub description: String,
    /// How it is drawn.
    pub kind: PanelKind,
    /// What its numbers mean.
    pub unit: Unit,
    /// What it shows; empty for [`PanelKind::Text`].
    pub lines: Vec<Line>,
    /// What a [`PanelKind::Text`] says, with everything from outside escaped; empty for all others.
    pub markdown: String,
    /// The numbers at which alerts fire, drawn as thresholds.
    pub limits: Vec<Limit>,
    /// The names of the alerts that it shows.
    pub alerts: Vec<String>,
    /// Shown when there is no number.
    pub no_value: String,
    /// Its place.
    pub place: Rectangle,
}

/// A place in the grid, which is 24 cells wide.
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

/// How a panel is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PanelKind {
    /// Lines over time.
    Lines,
    /// Areas on top of each other over time.
    Stack,
    /// The newest number, large.
    Number,
    /// The newest number as a name: the text is the legend.
    Name,
    /// One is up, zero is down.
    Status,
    /// A bar for each series.
    Bars,
    /// A dial from zero to one.
    Dial,
    /// Observations by bucket over time.
    Heatmap,
    /// One row for each combination of labels, one column for each line.
    Table,
    /// Markdown.
    Text,
}

/// What a number means to a reader.
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
    /// From 0 to 1.
    Share,
    /// From 0 to any number of processors, where 1 is one that is always busy.
    Cores,
    /// How many times something.
    Factor,
}

/// One term of a panel and what its answers are called.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The name of each answer; in a table, of the column.
    pub legend: Vec<Piece>,
    /// The term.
    pub query: Query,
    /// What its numbers mean, where that differs from the panel.
    pub unit: Option<Unit>,
}

/// A number at which an alert fires.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// The number.
    pub value: f64,
    /// Whether it fires above it; below it otherwise.
    pub above: bool,
    /// How urgent the alert is.
    pub severity: Severity,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// As it stands, whoever wrote it.
    Text(String),
    /// The value of a label.
    Label(String),
    /// The value of a label, or a word where there is none.
    LabelOr(String, String),
    /// All labels with their values.
    Labels,
    /// The number.
    Value(Format),
}

/// How a number is written in a text.
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

/// Rules that are evaluated together, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Group<T> {
    /// The group's name.
    pub name: String,
    /// Its rules.
    pub rules: Vec<T>,
}

/// A term that is answered in advance.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The name of the series that it makes.
    pub record: String,
    /// The labels that it adds.
    pub labels: Vec<(String, String)>,
    /// The term.
    pub query: Query,
}

/// A condition that somebody has to know of.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// The name, in CamelCase.
    pub name: String,
    /// It fires for each answer.
    pub query: Query,
    /// How long the condition has to hold before it fires.
    pub for_seconds: u32,
    /// How soon somebody has to answer; nothing for an alert that is meant to fire.
    pub severity: Option<Severity>,
    /// Who answers.
    pub team: String,
    /// Labels of its own, by which alerts with one name are told apart.
    pub labels: Vec<(String, String)>,
    /// What is wrong: one sentence, the same for every firing.
    pub summary: String,
    /// What exactly is wrong, with the number.
    pub description: Vec<Piece>,
    /// What users notice.
    pub impact: String,
    /// The page that says what to do.
    pub runbook_url: String,
    /// The panel that shows it.
    pub dashboard_url: String,
    /// That panel's key.
    pub panel: String,
    /// What it does when there are no series, and why.
    pub absent: String,
    /// Where to look first, in order.
    pub advice: Vec<String>,
    /// What the functions that it is about say to do.
    pub steps: Vec<Steps>,
    /// Samples under which it fires and under which it does not.
    pub scenario: Scenario,
}

impl Alert {
    /// The value of its label `service`.
    #[must_use]
    pub(crate) fn service<'a>(&self, job: &'a str) -> &'a str {
        if self.scenario.job.is_some() { STACK } else { job }
    }
}

/// What one function says to do when something is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps {
    /// The function's path.
    pub function: String,
    /// Markdown, as somebody wrote it.
    pub text: String,
}

/// Made-up samples, one a minute, that show an alert at work. Unit tests are written from them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scenario {
    /// The series.
    pub signals: Vec<Signal>,
    /// The labels of the firing alert that its query gives it, without the job.
    pub labels: Vec<(String, String)>,
    /// The job of all series, where it is not the one that is watched.
    pub job: Option<&'static str>,
    /// Minutes of the time before.
    pub before: u32,
    /// Minutes of bad samples until the condition holds.
    pub lead: u32,
    /// Minutes of good samples until it has been over for long.
    pub recovery: u32,
    /// The number that the alert shows when it fires.
    pub value: f64,
    /// The part of the bad traffic that is too little to be judged; nothing where any traffic is judged.
    pub quiet: Option<f64>,
    /// The part of the bad traffic that is just enough to be judged.
    pub enough: Option<f64>,
    /// Whether it takes hours, so that once in a while is often enough to look.
    pub slow: bool,
    /// Courses of events that tell its windows, thresholds and guards apart from any other.
    pub courses: Vec<Timeline>,
    /// Whether the job is up meanwhile.
    pub up: bool,
    /// Whether it fires when there are no series at all.
    pub fires_without_data: bool,
}

/// One made-up series: its value, or the growth of a counter in a minute, in each phase of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// The metric's name, with `_bucket` and the like.
    pub metric: String,
    /// Its labels besides job and instance.
    pub labels: Vec<(String, String)>,
    /// Whether it is a counter.
    pub counter: bool,
    /// Before anything happens.
    pub before: f64,
    /// While the alert has to fire.
    pub bad: f64,
    /// Instead, while it only just must not.
    pub near: f64,
    /// When it is over.
    pub good: f64,
}

/// A made-up course of events, of which its own evaluation says when the alert fires.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// What it shows, as the end of a sentence about the alert.
    pub what: &'static str,
    /// The series.
    pub tracks: Vec<SampleTrack>,
    /// For how many minutes it is watched.
    pub minutes: u32,
    /// What is asked besides when the alert fires.
    pub asked: ExtraQuery,
}

/// What is asked of a course besides when the alert fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtraQuery {
    /// Nothing.
    Nothing,
    /// When what is recorded for the alert has an answer.
    Recorded,
    /// When the alert is pending.
    Pending,
}

/// One made-up series that changes as often as it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleTrack {
    /// The metric's name, with `_bucket` and the like.
    pub metric: String,
    /// Its labels besides job and, unless it is among them, instance.
    pub labels: Vec<(String, String)>,
    /// Whether it is a counter.
    pub counter: bool,
    /// For so many minutes this value, or this growth in a minute; after the last the series is gone.
    pub pieces: Vec<(u32, f64)>,
}

impl Signal {
    /// The same series through a course of events.
    #[must_use]
    pub(crate) fn along(&self, pieces: &[(u32, f64)]) -> SampleTrack {
        let Self { metric, labels, counter, .. } = self;
        SampleTrack { metric: metric.clone(), labels: labels.clone(), counter: *counter, pieces: pieces.to_vec() }
    }
}

impl Timeline {
    /// The first of what happens takes so many seconds longer, in whole minutes.
    pub(crate) fn lengthen(&mut self, seconds: u32) {
        let more = seconds.div_ceil(60);
        self.minutes += more;
        for (minutes, _) in self.tracks.iter_mut().filter_map(|it| it.pieces.first_mut()) {
            *minutes += more;
        }
    }
}

impl SampleTrack {
    /// The samples, one a minute.
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

/// A text piece.
pub(crate) fn text(it: impl Into<String>) -> Piece {
    Piece::Text(it.into())
}

/// A label piece.
pub(crate) fn label(it: impl Into<String>) -> Piece {
    Piece::Label(it.into())
}
