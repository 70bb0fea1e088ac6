//! The alerts of a family, as its table of alerts says, and what single functions change about them.

use super::draft::Draft;
use super::facts::{FactGroup, Facts, Split, parts};
use super::{advice, condition, scenario, timeline};
use crate::build::panels::family::panel_of;
use crate::build::used_family::UsedFamily;
use crate::model::Sentence;
use crate::model::options::Options;
use measurand_catalog::{AlertRecord, Condition};

/// The family's alerts. One about the series of functions is split where functions name a severity, an owner or a page
/// of their own: one alert for those that say the same, and the family's own for all others. So none fires twice.
pub(super) fn drafts<'a>(family: &'a UsedFamily<'a>, options: &Options, split: Split) -> Vec<Draft<'a>> {
    let wanted = |it: &&AlertRecord| options.under_load || !matches!(it.condition, Condition::CallsBelow(_));
    family.family.alerts.iter().filter(wanted).flat_map(|it| of_alert(it, family, split)).collect()
}

fn of_alert<'a>(alert: &'a AlertRecord, family: &'a UsedFamily<'a>, split: Split) -> Vec<Draft<'a>> {
    let Some(value) = condition::value(&alert.condition, family) else { return Vec::new() };
    let parts = match alert.condition {
        // All functions of the family together.
        Condition::CallsBelow(_) | Condition::Stalled(_) => {
            let sites = family.sites();
            let example = scenario::example(family, &sites);
            let facts = Facts::shared(&sites, alert.severity);
            vec![FactGroup { facts, query: value, sites, example }]
        }
        _ => parts(family, alert.severity, &value, split),
    };
    let draft = |FactGroup { facts, query, sites, example }: FactGroup<'a>| {
        let mut scenario = scenario::of_condition(&alert.condition, family, example)?;
        if matches!(alert.condition, Condition::RollbacksAbove(_) | Condition::FailuresAbove(_)) {
            scenario.value *= f64::from((scenario.lead + alert.for_seconds / 60 + 1).min(5));
        }
        scenario.courses = timeline::of_condition(&alert.condition, &scenario, alert.for_seconds);
        Some(Draft {
            name: &alert.name,
            query: condition::compared(&alert.condition, query, family)?,
            for_seconds: alert.for_seconds,
            severity: Some(facts.severity),
            team: facts.owner(),
            runbook: facts.runbook(),
            summary: Sentence::Foreign(alert.summary.clone()),
            description: condition::description(&alert.condition, family),
            impact: Sentence::Foreign(alert.impact.clone()),
            panel: format!("family-{}/{}", family.family.name, panel_of(&alert.condition)),
            absent: condition::absent(&alert.condition),
            advice: advice::of(&alert.condition),
            scenario,
            labels: Vec::new(),
            sites,
        })
    };
    parts.into_iter().filter_map(draft).collect()
}
