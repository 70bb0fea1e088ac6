//! Applies the settings of `monitoring.toml` to a catalog.

use super::{LeftOut, Settings, SettingsChange, What};
use crate::suggest::did_you_mean;
use measurand_catalog::{Catalog, Condition, FamilyRecord, Role};
use measurand_monitoring::Changed;
use measurand_monitoring::Monitoring;
use measurand_monitoring::build::alerts;
use measurand_monitoring::build::layout;
use measurand_monitoring::build::recordings;
use std::collections::BTreeMap;

impl Settings {
    /// The catalog with changed alerts, without families that are left out, and with the team as owner.
    pub(super) fn applied(&self, catalog: &Catalog) -> Result<Catalog, String> {
        let mut catalog = catalog.clone();
        for change in &self.changes {
            if !alerts::changeable().any(|it| it == change.alert) {
                change.apply(&mut catalog)?;
            }
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

    /// The changes of alerts that belong to no family.
    pub(super) fn changed(&self) -> Result<BTreeMap<String, Changed>, String> {
        let common = |it: &&SettingsChange| alerts::changeable().any(|name| name == it.alert);
        let one = |change: &SettingsChange| {
            let SettingsChange { place, alert, .. } = change;
            if change.threshold.is_some() {
                let help = match alert.as_str() {
                    "MemoryHigh" => "set `memory_bytes` at the top of the file, before all tables",
                    _ => "leave the alert out and write your own",
                };
                return Err(format!("{}: `{alert}` has a fixed threshold; help: {help}", place.0));
            }
            Ok((alert.clone(), Changed { for_seconds: change.for_seconds, severity: change.severity }))
        };
        self.changes.iter().filter(common).map(one).collect()
    }

    /// Removes alerts and panels that are left out, and the recording rules that only they use.
    pub(super) fn leave_out(&self, monitoring: &mut Monitoring) -> Result<(), String> {
        for it in &self.leave_out {
            match it.what {
                What::Alert => it.alert(monitoring)?,
                What::Panel => it.panel(monitoring)?,
                What::Family => {}
            }
        }
        monitoring.alerts.retain(|it| !it.rules.is_empty());
        monitoring.rows.retain(|it| !it.panels.is_empty());
        layout::place(&mut monitoring.rows);
        let Monitoring { job, alerts, rows, histograms, .. } = &*monitoring;
        monitoring.recordings = recordings::groups(job, alerts, rows, *histograms);
        Ok(())
    }
}

impl LeftOut {
    fn alert(&self, monitoring: &mut Monitoring) -> Result<(), String> {
        let mut names = monitoring.alerts.iter().flat_map(|it| &it.rules).map(|it| it.name.as_str());
        if !names.clone().any(|name| name == self.name) {
            return Err(self.unknown("there is no alert", &mut names));
        }
        monitoring.alerts.iter_mut().for_each(|group| group.rules.retain(|rule| rule.name != self.name));
        Ok(())
    }

    fn panel(&self, monitoring: &mut Monitoring) -> Result<(), String> {
        let mut keys = monitoring.rows.iter().flat_map(|it| &it.panels).map(|it| it.key.as_str());
        if !keys.clone().any(|key| key == self.name) {
            return Err(self.unknown("there is no panel", &mut keys));
        }
        monitoring.rows.iter_mut().for_each(|row| row.panels.retain(|panel| panel.key != self.name));
        // Alerts that linked to the panel now link to the dashboard.
        let alerts = monitoring.alerts.iter_mut().chain(&mut monitoring.stack).flat_map(|it| &mut it.rules);
        for alert in alerts.filter(|it| it.panel == self.name) {
            alert.panel.clear();
            if let Some(end) = alert.dashboard_url.find("&viewPanel=") {
                alert.dashboard_url.truncate(end);
            }
        }
        Ok(())
    }

    fn unknown<'a>(&self, what: &str, names: impl Iterator<Item = &'a str>) -> String {
        let name = self.name.escape_debug();
        format!("{}: {what} `{name}`; help: {}", self.place.0, did_you_mean(&self.name, names, "remove the line"))
    }
}

impl SettingsChange {
    fn apply(&self, catalog: &mut Catalog) -> Result<(), String> {
        let place = &self.place.0;
        let of_families = catalog.families.iter().flat_map(|it| &it.alerts).map(|it| it.name.clone());
        let names: Vec<String> = of_families.chain(alerts::changeable().map(str::to_owned)).collect();
        let help = did_you_mean(&self.alert, names.iter().map(String::as_str), "remove it");
        let Some((family, index)) = find(catalog, &self.alert) else {
            return Err(format!("{place}: there is no alert `{}`; help: {help}", self.alert.escape_debug()));
        };
        let Some(alert) = family.alerts.get_mut(index) else { return Ok(()) };
        alert.severity = self.severity.unwrap_or(alert.severity);
        alert.for_seconds = self.for_seconds.unwrap_or(alert.for_seconds);
        let Some(threshold) = self.threshold else { return Ok(()) };
        *number(&mut alert.condition) = threshold;
        let condition = alert.condition;
        let help = fitting(&condition, family);
        // Reading a catalog validates its thresholds.
        if Catalog::from_json(catalog.to_json().as_bytes()).is_ok() {
            return Ok(());
        }
        let alert = &self.alert;
        Err(format!("{place}: the threshold {threshold} of `{alert}` does not fit its metric; help: write {help}"))
    }
}

/// The thresholds that fit. A threshold on a histogram must be a bucket, since values between buckets are not counted
/// exactly.
fn fitting(condition: &Condition, family: &FamilyRecord) -> String {
    let one_of = |role| {
        let bounds = family.metric(role).map(|it| it.buckets.as_slice()).unwrap_or_default();
        let bounds: Vec<String> = bounds.iter().map(f64::to_string).collect();
        format!("one of its buckets: {}", bounds.join(", "))
    };
    match condition {
        Condition::DurationAbove { .. } => one_of(Role::Duration),
        Condition::ScoreBelow { .. } => one_of(Role::Score),
        Condition::ErrorRatioAbove(_)
        | Condition::FailureRatioAbove(_)
        | Condition::CompletionFailuresAbove(_)
        | Condition::HitRatioBelow(_)
        | Condition::LastScoreBelow(_) => "a number between 0 and 1".to_owned(),
        Condition::Stalled(_) => "seconds between 60 and 86400".to_owned(),
        _ => "a number that is not negative".to_owned(),
    }
}

fn find<'a>(catalog: &'a mut Catalog, alert: &str) -> Option<(&'a mut FamilyRecord, usize)> {
    catalog.families.iter_mut().find_map(|family| {
        let index = family.alerts.iter().position(|it| it.name == alert)?;
        Some((family, index))
    })
}

/// The threshold of a condition.
fn number(condition: &mut Condition) -> &mut f64 {
    match condition {
        Condition::ErrorRatioAbove(it)
        | Condition::FailureRatioAbove(it)
        | Condition::RollbacksAbove(it)
        | Condition::FailuresAbove(it)
        | Condition::CompletionFailuresAbove(it)
        | Condition::HitRatioBelow(it)
        | Condition::LastScoreBelow(it)
        | Condition::LevelAbove(it)
        | Condition::LevelBelow(it)
        | Condition::LevelGrowthAbove(it)
        | Condition::CallsBelow(it)
        | Condition::Stalled(it)
        | Condition::DurationAbove { seconds: it, .. }
        | Condition::ScoreBelow { score: it, .. } => it,
    }
}
