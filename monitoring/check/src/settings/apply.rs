//! Applies the settings of `monitoring.toml` to a catalog.

use super::{LeftOut, Settings, SettingsChange, What};
use crate::suggest::did_you_mean;
use measurand_catalog::{Catalog, Condition, FamilyRecord, Threshold};
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
        for left_out in self.leave_out.iter().filter(|it| it.what == What::Family) {
            let names = catalog.families.iter().map(|it| it.name.as_str());
            if catalog.family(&left_out.name).is_none() {
                return Err(left_out.unknown("no annotated function records the family", names));
            }
            catalog.families.retain(|it| it.name != left_out.name);
            catalog.sites.retain(|it| it.family != left_out.name);
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
                    "SampleLimitExceeded" | "SampleLimitNear" => {
                        "set `sample_limit` at the top of the file, before all tables"
                    }
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
        for item in &self.leave_out {
            match item.what {
                What::Alert => item.alert(monitoring)?,
                What::Panel => item.panel(monitoring)?,
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
        alert.condition.threshold = threshold;
        let condition = alert.condition;
        if family.check_condition(&condition).is_ok() {
            return Ok(());
        }
        let help = valid_thresholds(&condition, family);
        let alert = &self.alert;
        Err(format!("{place}: the threshold {threshold} of `{alert}` does not fit its metric; help: write {help}"))
    }
}

fn valid_thresholds(condition: &Condition, family: &FamilyRecord) -> String {
    let Threshold { histogram, help, .. } = condition.signal.spec().threshold;
    let Some(metric) = histogram.and_then(|it| family.metric(it)) else { return help.to_owned() };
    let bounds: Vec<String> = metric.buckets.iter().map(f64::to_string).collect();
    format!("{help}: {}", bounds.join(", "))
}

fn find<'a>(catalog: &'a mut Catalog, alert: &str) -> Option<(&'a mut FamilyRecord, usize)> {
    catalog.families.iter_mut().find_map(|family| {
        let index = family.alerts.iter().position(|it| it.name == alert)?;
        Some((family, index))
    })
}
