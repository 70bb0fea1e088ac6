//! What `monitoring.toml` says, applied to a catalog.

use super::{Change, LeftOut, Settings, What};
use crate::monitoring::Monitoring;
use crate::near::did_you_mean;
use crate::recording;
use measurand_catalog::{AlertRecord, Catalog, Condition, FamilyRecord, Role};

impl Settings {
    /// The catalog as if its tables said what the file says.
    pub(super) fn applied(&self, catalog: &Catalog) -> Result<Catalog, String> {
        let mut catalog = catalog.clone();
        for change in &self.changes {
            change.apply(&mut catalog)?;
        }
        for it in self.leave_out.iter().filter(|it| it.what == What::Family) {
            let names = catalog.families.iter().map(|it| it.name.as_str());
            if catalog.family(&it.name).is_none() {
                return Err(it.unknown("no annotated function records the family", names));
            }
            catalog.families.retain(|family| family.name != it.name);
            catalog.sites.retain(|site| site.family != it.name);
        }
        for site in &mut catalog.sites {
            if let Some(team) = &self.team {
                site.facts.entry("owner".to_owned()).or_insert_with(|| team.clone());
            }
        }
        Ok(catalog)
    }

    /// Takes out alerts that are not wanted, and what was recorded for them alone.
    pub(super) fn leave_out_alerts(&self, monitoring: &mut Monitoring) -> Result<(), String> {
        let mut left_out = self.leave_out.iter().filter(|it| it.what == What::Alert).peekable();
        if left_out.peek().is_none() {
            return Ok(());
        }
        for it in left_out {
            let mut names = monitoring.alerts.iter().flat_map(|it| &it.rules).map(|it| it.name.as_str());
            if !names.clone().any(|name| name == it.name) {
                return Err(it.unknown("there is no alert", &mut names));
            }
            monitoring.alerts.iter_mut().for_each(|group| group.rules.retain(|rule| rule.name != it.name));
        }
        monitoring.alerts.retain(|it| !it.rules.is_empty());
        monitoring.recordings = recording::groups(&monitoring.alerts);
        Ok(())
    }
}

impl LeftOut {
    fn unknown<'a>(&self, what: &str, names: impl Iterator<Item = &'a str>) -> String {
        let name = self.name.escape_debug();
        format!("{}: {what} `{name}`; {}", self.place.0, did_you_mean(&self.name, names, "remove the line"))
    }
}

impl Change {
    fn apply(&self, catalog: &mut Catalog) -> Result<(), String> {
        let place = &self.place.0;
        let alerts = catalog.families.iter().flat_map(|it| &it.alerts).map(|it| it.name.as_str());
        let mend = did_you_mean(&self.alert, alerts, "remove it");
        let Some((family, index)) = find(catalog, &self.alert) else {
            return Err(format!("{place}: no family has an alert `{}`; {mend}", self.alert.escape_debug()));
        };
        if let Some(threshold) = self.threshold {
            self.fits(family, family.alerts.get(index), threshold)?;
        }
        let Some(alert) = family.alerts.get_mut(index) else { return Ok(()) };
        alert.severity = self.severity.unwrap_or(alert.severity);
        alert.hold_seconds = self.hold_seconds.unwrap_or(alert.hold_seconds);
        if let Some(threshold) = self.threshold {
            *number(&mut alert.condition) = threshold;
        }
        Ok(())
    }

    /// Between two buckets nothing is counted exactly, so a threshold has to be one.
    fn fits(&self, family: &FamilyRecord, alert: Option<&AlertRecord>, threshold: f64) -> Result<(), String> {
        let buckets = |role| family.metric(role).map(|it| it.buckets.as_slice()).unwrap_or_default();
        let place = &self.place.0;
        let wrong = |reason: String| Err(format!("{place}: the threshold {threshold} of `{}` {reason}", self.alert));
        let bounds = match alert.map(|it| it.condition) {
            Some(Condition::DurationAbove { .. }) => buckets(Role::Duration),
            Some(Condition::ScoreBelow { .. }) => buckets(Role::Score),
            Some(Condition::ErrorRatioAbove(_) | Condition::FailureRatioAbove(_)) => {
                let is_share = threshold > 0.0 && threshold < 1.0;
                return if is_share { Ok(()) } else { wrong("is no share; write a number between 0 and 1".to_owned()) };
            }
            _ => return if threshold >= 0.0 { Ok(()) } else { wrong("is negative; write a larger one".to_owned()) },
        };
        if bounds.iter().any(|it| it.to_bits() == threshold.to_bits()) {
            return Ok(());
        }
        let bounds: Vec<String> = bounds.iter().map(f64::to_string).collect();
        wrong(format!("is none of its buckets; write one of {}", bounds.join(", ")))
    }
}

fn find<'a>(catalog: &'a mut Catalog, alert: &str) -> Option<(&'a mut FamilyRecord, usize)> {
    catalog.families.iter_mut().find_map(|family| {
        let index = family.alerts.iter().position(|it| it.name == alert)?;
        Some((family, index))
    })
}

fn number(condition: &mut Condition) -> &mut f64 {
    match condition {
        Condition::ErrorRatioAbove(it) | Condition::FailureRatioAbove(it) | Condition::RollbacksAbove(it) => it,
        Condition::DurationAbove { seconds, .. } => seconds,
        Condition::ScoreBelow { score, .. } => score,
    }
}
