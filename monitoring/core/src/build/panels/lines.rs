//! Lines and thresholds for several tables of panels.

use super::spec::{by_labels, named};
use crate::build::alerts::signals::row;
use crate::build::used_family::{Form, UsedFamily};
use crate::model::Line;
use crate::query::Query;
use measurand_catalog::Role;

/// The alerts with thresholds in this panel of a family.
pub(super) fn alerts_of(families: &[UsedFamily<'_>], panel: &str) -> Vec<String> {
    let alerts = families.iter().flat_map(|it| &it.family.alerts);
    let rows = alerts.map(|it| (row(it.condition.signal), &it.name));
    rows.filter(|(row, _)| row.panel == panel && row.draws_threshold).map(|(_, name)| name.clone()).collect()
}

/// A line for each combination of a family's labels.
pub(super) fn own_labels<'a>(
    all: &[UsedFamily<'a>],
    query: fn(&UsedFamily<'a>, &[String]) -> Option<Query>,
) -> Vec<Line> {
    all.iter().filter_map(|it| Some(by_labels("", &it.labels(), query(it, &it.labels())?))).collect()
}

/// One line for each quantile, over the whole family.
pub(super) fn quantiles(families: &[UsedFamily<'_>], role: Role, quantiles: &[f64], form: Form) -> Vec<Line> {
    let line = |family: &UsedFamily<'_>, quantile: f64| {
        Some(named(&percentile(quantile), family.quantile(role, quantile, &[], form)?))
    };
    families.iter().flat_map(|family| quantiles.iter().filter_map(move |it| line(family, *it))).collect()
}

/// A line for each of these quantiles, and for each that an alert compares, by the family's labels.
pub(super) fn quantiles_by_label(families: &[UsedFamily<'_>], role: Role, usual: &[f64]) -> Vec<Line> {
    let mut lines = Vec::new();
    for family in families {
        let conditions = family.family.alerts.iter().map(|it| it.condition);
        let of_role = conditions.filter(|it| it.signal.spec().threshold.histogram == Some(role));
        let mut wanted: Vec<f64> = of_role.filter_map(|it| it.quantile).chain(usual.iter().copied()).collect();
        wanted.sort_by(f64::total_cmp);
        wanted.dedup();
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
