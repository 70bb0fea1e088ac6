//! The current states of alerts, evaluated from their own conditions.

use super::page::Page;
use super::text::filled;
use crate::model::Alert;
use crate::query::evaluate::{Labels, Phase, Progress, Scope, Source, evaluate, instants, progress};
use serde::Serialize;
use std::sync::Arc;

/// Milliseconds between two evaluations, as in generated rules.
const STEP: u32 = 30_000;

/// The state of one alert.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertState {
    /// The name.
    pub name: String,
    /// `inactive`, `pending` or `firing`: the most advanced state of its series.
    pub state: &'static str,
    /// The time since when the condition holds, in seconds since the epoch; the earliest of its series.
    pub since: Option<f64>,
    /// The series for which the condition holds.
    pub values: Vec<AlertValue>,
}

/// One series for which an alert's condition holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertValue {
    /// The labels.
    #[serde(serialize_with = "super::panels::labels")]
    pub labels: Arc<Labels>,
    /// The value.
    pub value: f64,
    /// `pending` or `firing`.
    pub state: &'static str,
    /// The problem in one sentence.
    pub summary: String,
    /// The problem in detail.
    pub description: String,
}

pub(super) fn of(page: &Page, source: &dyn Source, now: i64) -> Vec<AlertState> {
    // Conditions are evaluated from the first sample on at whole half minutes, and now.
    let mut times = instants(source.oldest(), now - 1, STEP);
    times.push(now);
    let alerts = page.monitoring.alerts.iter().flat_map(|it| &it.rules);
    alerts.map(|it| state(page, it, source, &times)).collect()
}

fn state(page: &Page, alert: &Alert, source: &dyn Source, times: &[i64]) -> AlertState {
    let hold = i64::from(alert.for_seconds) * 1000;
    let answers = if page.unavailable(&alert.query).is_some() {
        Vec::new()
    } else {
        let rows = evaluate(&alert.query, &Scope::rules(page.job()), source, times);
        progress(&rows, times, hold, 0)
    };
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since the epoch stay below 2^53")]
    let since = answers.iter().map(|it| it.since).min().map(|it| it as f64 / 1000.0);
    let furthest = answers.iter().map(|it| it.phase).max().unwrap_or(Phase::Inactive);
    AlertState {
        name: alert.name.clone(),
        state: word(furthest),
        since,
        values: answers.iter().map(|it| value(alert, it)).collect(),
    }
}

fn value(alert: &Alert, it: &Progress) -> AlertValue {
    let own = alert.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let labels = Arc::new(Labels::new(it.labels.iter().chain(own)));
    AlertValue {
        value: it.value,
        state: word(it.phase),
        summary: alert.summary.as_str().to_owned(),
        description: filled(&alert.description, &labels, Some(it.value)),
        labels,
    }
}

fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Inactive => "inactive",
        Phase::Pending => "pending",
        Phase::Firing => "firing",
    }
}
