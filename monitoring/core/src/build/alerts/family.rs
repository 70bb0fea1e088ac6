//! The alerts of a family, and the changes that single functions make to them.

use super::draft::Draft;
use super::facts::{FactGroup, Facts, Split, parts};
use super::family_alert::FamilyAlert;
use super::minimum_sample::MinimumSample;
use super::scenario;
use super::signals::row;
use crate::build::used_family::UsedFamily;
use crate::model::Sentence;
use crate::model::options::Options;
use measurand_catalog::AlertRecord;

/// The family's alerts. Functions with a severity, an owner or a runbook of their own split an alert: each such set has
/// an alert, and all other functions have the family's. No series is in two of them.
pub(super) fn drafts<'a>(family: &'a UsedFamily<'a>, options: &Options, split: Split) -> Vec<Draft<'a>> {
    let wanted = |it: &&AlertRecord| options.under_load || !row(it.condition.signal).under_load;
    family.family.alerts.iter().filter(wanted).flat_map(|it| of_alert(it, family, options, split)).collect()
}

fn of_alert<'a>(
    record: &'a AlertRecord,
    family: &'a UsedFamily<'a>,
    options: &Options,
    split: Split,
) -> Vec<Draft<'a>> {
    let row = row(record.condition.signal);
    let by = if row.by_labels { family.labels() } else { Vec::new() };
    let alert = FamilyAlert { record, family, by, minimum: MinimumSample(options.minimum_sample) };
    let Some(value) = (row.value)(&alert) else { return Vec::new() };
    let parts = if row.by_labels {
        parts(family, record.severity, &value, split)
    } else {
        let sites = family.sites();
        let example = scenario::example(family, &sites);
        vec![FactGroup { facts: Facts::shared(&sites, record.severity), query: value, sites, example }]
    };
    let draft = |FactGroup { facts, query, sites, example }: FactGroup<'a>| {
        Some(Draft {
            name: &record.name,
            query: alert.compared(&row, query)?,
            for_seconds: record.for_seconds,
            severity: Some(facts.severity),
            team: facts.owner(),
            runbook: facts.runbook(),
            summary: Sentence::Foreign(record.summary.clone()),
            description: alert.description(&row),
            impact: Sentence::Foreign(record.impact.clone()),
            panel: format!("family-{}/{}", family.family.name, row.panel),
            absent: row.absent,
            advice: row.advice,
            scenario: (row.scenario)(&alert, example)?,
            labels: Vec::new(),
            sites,
        })
    };
    parts.into_iter().filter_map(draft).collect()
}
