//! What only generated files ask of a catalog, beyond what the catalog's own reader has checked: it looks at each family
//! for itself, while all families share one Prometheus.

use crate::family::Used;
use crate::monitoring::Invalid;
use std::collections::BTreeMap;

/// Labels that Prometheus gives to every series of a target.
const OF_PROMETHEUS: [&str; 2] = ["job", "instance"];

/// Checks that names do not meet each other.
pub(crate) fn check(families: &[Used<'_>]) -> Result<(), Invalid> {
    let mut metrics: BTreeMap<&str, &str> = BTreeMap::new();
    let mut alerts: BTreeMap<&str, &str> = crate::alerts::common_names().map(|it| (it, "every program")).collect();
    for used in families {
        let family = used.family;
        let fail = |what: String| Err(Invalid(format!("in the family `{}` {what}; rename it", family.name)));
        if let Some(label) = family.labels.iter().find(|it| OF_PROMETHEUS.contains(&it.name.as_str())) {
            return fail(format!("the label `{}` is one that Prometheus sets itself", label.name));
        }
        for metric in &family.metrics {
            if let Some(other) = metrics.insert(&metric.name, &family.name) {
                return fail(format!("the metric `{}` is one of `{other}` already", metric.name));
            }
        }
        for alert in &family.alerts {
            if let Some(other) = alerts.insert(&alert.name, &family.name) {
                return fail(format!("the alert `{}` is one of `{other}` already", alert.name));
            }
        }
    }
    Ok(())
}
