//! Lines and thresholds that several tables of panels need.

use super::family::panel_of;
use super::{by_labels, named};
use crate::family::{Form, Used};
use crate::model::{Limit, Line};
use measurand_catalog::{Condition, Role};

/// The thresholds of the alerts that belong to this panel.
pub(super) fn limits(families: &[Used<'_>], panel: &str) -> Vec<Limit> {
    let alerts = families.iter().flat_map(|it| &it.family.alerts).filter(|it| panel_of(&it.condition) == panel);
    alerts
        .map(|it| {
            let (value, above) = match it.condition {
                Condition::ErrorRatioAbove(value)
                | Condition::FailureRatioAbove(value)
                | Condition::RollbacksAbove(value)
                | Condition::DurationAbove { seconds: value, .. } => (value, true),
                Condition::ScoreBelow { score: value, .. } => (value, false),
            };
            Limit { value, above, severity: it.severity }
        })
        .collect()
}

/// One line for each quantile, over the whole family.
pub(super) fn quantiles(families: &[Used<'_>], role: Role, quantiles: &[f64]) -> Vec<Line> {
    let line = |family: &Used<'_>, quantile: f64| {
        Some(named(&percentile(quantile), family.quantile(role, quantile, &[], Form::Plain)?))
    };
    families.iter().flat_map(|family| quantiles.iter().filter_map(move |it| line(family, *it))).collect()
}

/// One line for each quantile that an alert looks at, by the family's labels, so that the panel shows what the alerts see.
pub(super) fn quantiles_by_label(families: &[Used<'_>], role: Role, otherwise: f64) -> Vec<Line> {
    let mut lines = Vec::new();
    for family in families {
        let alerts = family.family.alerts.iter();
        let mut wanted: Vec<f64> = alerts
            .filter_map(|it| match it.condition {
                Condition::DurationAbove { quantile, .. } if role == Role::Duration => Some(quantile),
                Condition::ScoreBelow { quantile, .. } if role == Role::Score => Some(quantile),
                _ => None,
            })
            .collect();
        wanted.sort_by(f64::total_cmp);
        wanted.dedup();
        if wanted.is_empty() {
            wanted.push(otherwise);
        }
        let labels = family.labels();
        for quantile in wanted {
            let query = family.quantile(role, quantile, &labels, Form::Plain);
            lines.extend(query.map(|it| by_labels(&percentile(quantile), &labels, it)));
        }
    }
    lines
}

/// `P05`, `P95`, `P99.9`.
pub(super) fn percentile(quantile: f64) -> String {
    let percent = (quantile * 1e6).round() / 1e4;
    if percent < 10.0 { format!("P0{percent}") } else { format!("P{percent}") }
}
