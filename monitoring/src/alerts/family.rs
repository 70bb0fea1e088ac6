//! The alerts of a family, as its table of alerts says, and what single functions change about them.

use super::{Draft, advice, condition, course, fact, proof};
use crate::family::Used;
use crate::options::Options;
use crate::panels::panel_of;
use crate::query::{Combination, Match, Matcher, Query};
use measurand_catalog::{AlertRecord, Condition, Severity, SiteRecord};
use std::collections::{BTreeMap, BTreeSet};

/// The family's alerts. One about a share of calls is split where functions name a severity of their own: one alert for
/// each such severity, about those functions only, and the family's own for all others. So none fires twice.
pub(super) fn drafts<'a>(family: &'a Used<'a>, options: &Options) -> Vec<Draft<'a>> {
    let wanted = |it: &&AlertRecord| options.under_load || !matches!(it.condition, Condition::CallsBelow(_));
    family.family.alerts.iter().filter(wanted).flat_map(|it| of_alert(it, family)).collect()
}

fn of_alert<'a>(alert: &'a AlertRecord, family: &'a Used<'a>) -> Vec<Draft<'a>> {
    let Some(value) = condition::value(&alert.condition, family) else { return Vec::new() };
    let parts = match alert.condition {
        Condition::ErrorRatioAbove(_) | Condition::FailureRatioAbove(_) => split(alert.severity, &value, family),
        _ => vec![(alert.severity, value, family.sites())],
    };
    let draft = |(severity, value, sites): Part<'a>| {
        let mut scenario = proof::of_condition(&alert.condition, family, &sites)?;
        if matches!(alert.condition, Condition::RollbacksAbove(_) | Condition::FailuresAbove(_)) {
            scenario.value *= f64::from((scenario.lead + alert.hold_seconds / 60 + 1).min(5));
        }
        scenario.courses = course::of_condition(&alert.condition, &scenario, alert.hold_seconds);
        Some(Draft {
            name: &alert.name,
            query: condition::compared(&alert.condition, value, family)?,
            hold_seconds: alert.hold_seconds,
            severity: Some(severity),
            summary: &alert.summary,
            description: condition::description(&alert.condition, family),
            impact: alert.impact.as_str().into(),
            panel: format!("family-{}/{}", family.family.name, panel_of(&alert.condition)),
            absent: condition::absent(&alert.condition),
            advice: advice::of(&alert.condition),
            scenario,
            labels: Vec::new(),
            sites,
            of_functions: true,
        })
    };
    parts.into_iter().filter_map(draft).collect()
}

type Labels = BTreeMap<String, String>;
type Part<'a> = (Severity, Query, Vec<&'a SiteRecord>);

/// The value for the functions with a severity of their own, the most urgent first, and then for all others.
fn split<'a>(own: Severity, value: &Query, family: &Used<'a>) -> Vec<Part<'a>> {
    // Of several functions with the same labels the most urgent decides: their series are one.
    let mut urgent: BTreeMap<&Labels, Severity> = BTreeMap::new();
    for site in family.sites() {
        let severity = Severity::ALL.into_iter().find(|it| fact(site, "severity") == Some(it.as_str()));
        if let Some(severity) = severity.filter(|_| !site.labels.is_empty()) {
            urgent.entry(&site.labels).and_modify(|it| *it = severity.min(*it)).or_insert(severity);
        }
    }
    urgent.retain(|_, severity| *severity != own);
    let severity_of = |site: &SiteRecord| urgent.get(&site.labels).copied().unwrap_or(own);
    let sites_of = |wanted| family.sites().into_iter().filter(|it| severity_of(it) == wanted).collect();
    let mut parts = Vec::new();
    let severities: BTreeSet<Severity> = urgent.values().copied().collect();
    for severity in severities {
        let chosen = urgent.iter().filter(|(_, it)| **it == severity).map(|(labels, _)| narrowed(value, labels));
        let chosen = chosen.reduce(|all, it| all.combine(Combination::Or, it));
        parts.extend(chosen.map(|it| (severity, it, sites_of(severity))));
    }
    let others = urgent.keys().fold(value.clone(), |all, it| all.combine(Combination::Unless, narrowed(value, it)));
    parts.push((own, others, sites_of(own)));
    parts
}

/// The recorded value of the series with these labels only.
fn narrowed(value: &Query, labels: &Labels) -> Query {
    let mut value = value.clone();
    if let Query::Recorded { matchers, .. } = &mut value {
        let matcher =
            |(name, value): (&String, &String)| Matcher { label: name.clone(), is: Match::Equal(value.clone()) };
        matchers.extend(labels.iter().map(matcher));
    }
    value
}
