//! Which alerts would fire now, by their own conditions.

use super::page::Page;
use super::text::filled;
use crate::model::Alert;
use crate::query::evaluate::{Labels, Phase, Progress, Scope, Source, evaluate, instants, progress};
use serde::Serialize;
use std::sync::Arc;

/// Between two looks at a condition, in milliseconds: what generated rules have.
const STEP: u32 = 30_000;

/// How far one alert is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertState {
    /// Its name.
    pub name: String,
    /// `inactive`, `pending` or `firing`: the furthest of its answers.
    pub state: &'static str,
    /// Since when the condition holds, in seconds since the epoch: the longest of its answers.
    pub since: Option<f64>,
    /// Its answers.
    pub values: Vec<AlertValue>,
}

/// One answer of an alert's condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertValue {
    /// Its labels.
    #[serde(serialize_with = "super::panels::labels")]
    pub labels: Arc<Labels>,
    /// Its number.
    pub value: f64,
    /// How far it is.
    pub state: &'static str,
    /// What is wrong.
    pub summary: String,
    /// What exactly is wrong.
    pub description: String,
}

pub(super) fn of(page: &Page, source: &dyn Source, now: i64) -> Vec<AlertState> {
    // Conditions are looked at where the samples begin, and at whole half minutes as long as there are any.
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
        summary: alert.summary.clone(),
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
