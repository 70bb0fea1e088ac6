//! What a catalog must keep to, so that what is made of it can be loaded. A catalog may come from anywhere.

use crate::family::Used;
use crate::monitoring::Invalid;
use measurand_catalog::Condition;
use std::collections::BTreeMap;

/// Labels that Prometheus or the metric's kind set themselves.
const RESERVED: [&str; 5] = ["job", "instance", "le", "quantile", "outcome"];

/// Checks names and thresholds.
pub(crate) fn check(families: &[Used<'_>]) -> Result<(), Invalid> {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for used in families {
        let family = used.family;
        let fail = |what: String| Err(Invalid(format!("{what} in the family `{}`", family.name.escape_debug())));
        legal(&family.name).map_err(|it| Invalid(format!("{it}, as the name of a family")))?;
        for label in &family.labels {
            legal(&label.name).or_else(|it| fail(it))?;
            if RESERVED.contains(&label.name.as_str()) {
                return fail(format!("the label `{}` is set by Prometheus: rename it", label.name));
            }
        }
        for metric in &family.metrics {
            legal(&metric.name).or_else(|it| fail(it))?;
            if let Some(other) = owners.insert(&metric.name, &family.name) {
                return fail(format!("the metric `{}` belongs to `{other}` already: rename it", metric.name));
            }
        }
        for alert in &family.alerts {
            if alert.name.is_empty() || !alert.name.bytes().all(|it| it.is_ascii_alphanumeric()) {
                let name = alert.name.escape_debug();
                return fail(format!("the alert `{name}` needs a name of letters and digits: rename it"));
            }
            if !numbers(&alert.condition).into_iter().all(f64::is_finite) {
                return fail(format!("the alert `{}` compares with no number: correct it", alert.name));
            }
        }
        for site in used.sites() {
            if let Some(name) = site.labels.keys().find(|it| !family.labels.iter().any(|label| label.name == **it)) {
                let (name, function) = (name.escape_debug(), site.function.escape_debug());
                return fail(format!("the function `{function}` has a label `{name}` that is none: remove it"));
            }
        }
    }
    Ok(())
}

fn numbers(condition: &Condition) -> Vec<f64> {
    match *condition {
        Condition::ErrorRatioAbove(it) | Condition::FailureRatioAbove(it) | Condition::RollbacksAbove(it) => vec![it],
        Condition::DurationAbove { quantile, seconds } => vec![quantile, seconds],
        Condition::ScoreBelow { quantile, score } => vec![quantile, score],
    }
}

fn legal(name: &str) -> Result<(), String> {
    let starts = name.bytes().next().is_some_and(|it| it.is_ascii_alphabetic() || it == b'_');
    if starts && name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_') {
        return Ok(());
    }
    Err(format!("`{}` is no name for Prometheus: use letters, digits and `_`", name.escape_debug()))
}
