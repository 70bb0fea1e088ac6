//! Alerts: those of each used family, those that every program gets, and those about the monitoring itself.

mod advice;
mod application;
mod condition;
mod course;
mod facts;
mod family;
mod objectives;
mod proof;
mod service;
mod stack;

pub(crate) use condition::readable;

use crate::build::used_family::Used;
use crate::model::options::Options;
use crate::model::{Alert, Group, Limit, Piece, Row, Scenario, Steps};
use crate::query::{Combination, Comparison, Query};
use facts::Split;
use measurand_catalog::{Severity, SiteRecord};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The value of the label `service` of the alerts about the monitoring itself.
pub(crate) const STACK: &str = "monitoring";

/// An alert before it is known where its panel is.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) name: &'a str,
    query: Query,
    hold_seconds: u32,
    severity: Option<Severity>,
    summary: &'a str,
    description: Vec<Piece>,
    impact: Cow<'a, str>,
    /// The key of the panel that shows it, unless one claims it.
    panel: String,
    absent: &'a str,
    /// Where to look first.
    advice: &'static [&'static str],
    scenario: Scenario,
    /// Labels of its own.
    labels: Vec<(String, String)>,
    /// Who answers.
    team: Option<&'a str>,
    /// The page that says what to do, if it is not the one of all alerts.
    runbook: Option<&'a str>,
    /// The functions whose steps are shown.
    sites: Vec<&'a SiteRecord>,
}

/// Drafts with the name of their group.
pub(crate) type Drafts<'a> = Vec<(String, Vec<Draft<'a>>)>;

/// One row of a table of alerts that do not follow from a family's conditions.
struct Common {
    name: &'static str,
    severity: Option<Severity>,
    hold_seconds: u32,
    summary: &'static str,
    impact: &'static str,
    panel: &'static str,
    /// What it does when there are no series, and why.
    absent: &'static str,
    /// Where to look first.
    advice: &'static [&'static str],
    query: fn(&Context<'_>) -> Option<Query>,
    description: fn(&Context<'_>) -> Vec<Piece>,
    scenario: fn(&Context<'_>) -> Scenario,
}

/// What a table's row can look at.
struct Context<'a> {
    families: &'a [Used<'a>],
    options: &'a Options,
}

/// The names of the alerts that every program gets.
pub(crate) fn common_names() -> impl Iterator<Item = &'static str> {
    service::ALERTS.iter().chain(application::ALERTS).map(|it| it.name).chain(crate::model::burn_rate::NAMES)
}

/// The names of the alerts that no family has and that can be urgent, those about the monitoring itself too.
pub fn changeable() -> impl Iterator<Item = &'static str> {
    let all = service::ALERTS.iter().chain(application::ALERTS).chain(stack::ALERTS);
    all.filter(|it| it.severity.is_some()).map(|it| it.name)
}

/// All alerts about a program: a group for the program as a whole, then one for each family that has alerts.
pub(crate) fn drafts<'a>(families: &'a [Used<'a>], options: &'a Options) -> Drafts<'a> {
    let context = Context { families, options };
    let sites: Vec<_> = families.iter().flat_map(Used::sites).collect();
    let common = service::ALERTS.iter().chain(application::ALERTS);
    let split = Split::of(&sites);
    let common = common.flat_map(|it| match it.name {
        service::PANICS => service::panics(it, &context, split),
        application::EXTRACTION => application::extraction(it, &context, split).into_iter().collect(),
        _ => it.draft(&context, &sites).into_iter().collect(),
    });
    let mut drafts = vec![("service".to_owned(), common.collect())];
    drafts
        .push(("objectives".to_owned(), objectives::drafts(&crate::build::objectives::all(families), &options.burns)));
    let own = |it: &'a Used<'a>| (format!("family-{}", it.family.name), family::drafts(it, options, split));
    drafts.extend(families.iter().map(own));
    drafts.retain(|(_, it): &(String, Vec<Draft<'_>>)| !it.is_empty());
    drafts
}

/// All alerts about the monitoring itself, whatever it watches.
pub(crate) fn stack(options: &Options) -> Drafts<'_> {
    let context = Context { families: &[], options };
    vec![(STACK.to_owned(), stack::ALERTS.iter().filter_map(|it| it.draft(&context, &[])).collect())]
}

/// The numbers at which alerts fire, by the alert's name.
pub(crate) fn limits<'a>(drafts: &'a Drafts<'a>) -> BTreeMap<&'a str, Vec<Limit>> {
    let mut limits: BTreeMap<&str, Vec<Limit>> = BTreeMap::new();
    for draft in drafts.iter().flat_map(|(_, it)| it) {
        let Some(severity) = draft.severity else { continue };
        let limit = threshold(&draft.query).map(|(value, above)| Limit { value, above, severity });
        let known = limits.entry(draft.name).or_default();
        known.extend(limit.filter(|it| !known.contains(it)));
    }
    limits
}

/// The number that a condition compares what it shows with, and whether it holds above it.
fn threshold(query: &Query) -> Option<(f64, bool)> {
    match query {
        Query::Compare(_, Comparison::Above, value) => Some((*value, true)),
        Query::Compare(_, Comparison::Below, value) => Some((*value, false)),
        Query::Combine(one, Combination::And | Combination::Unless, _) => threshold(one),
        _ => None,
    }
}

/// The alerts with everything that a reader needs.
pub(crate) fn finish(
    service: &str,
    drafts: Drafts<'_>,
    rows: &[Row],
    job: &str,
    options: &Options,
) -> Vec<Group<Alert>> {
    let group = |(key, drafts): (String, Vec<Draft<'_>>)| Group {
        name: if key == service { key } else { format!("{service}-{key}") },
        rules: drafts.into_iter().map(|it| it.finish(job, rows, options)).collect(),
    };
    drafts.into_iter().map(group).collect()
}

impl Common {
    fn draft<'a>(&'a self, context: &Context<'_>, sites: &[&'a SiteRecord]) -> Option<Draft<'a>> {
        let draft = self.draft_with(context, (self.query)(context)?, (self.scenario)(context));
        Some(Draft { team: only(sites, "owner"), ..draft })
    }

    fn draft_with<'a>(&'a self, context: &Context<'_>, query: Query, mut scenario: Scenario) -> Draft<'a> {
        let changed = context.options.changed.get(self.name).copied().unwrap_or_default();
        let hold_seconds = changed.hold_seconds.unwrap_or(self.hold_seconds);
        scenario.courses.iter_mut().for_each(|it| it.lengthen(hold_seconds.saturating_sub(self.hold_seconds)));
        Draft {
            name: self.name,
            query,
            hold_seconds,
            severity: changed.severity.or(self.severity),
            summary: self.summary,
            description: (self.description)(context),
            impact: self.impact.into(),
            panel: self.panel.to_owned(),
            absent: self.absent,
            advice: self.advice,
            scenario,
            labels: Vec::new(),
            team: None,
            // A function's page and steps are about that function, not about the program.
            runbook: None,
            sites: Vec::new(),
        }
    }
}

impl Draft<'_> {
    fn finish(self, job: &str, rows: &[Row], options: &Options) -> Alert {
        let all = || rows.iter().flat_map(|it| &it.panels);
        let claims = all().find(|it| it.alerts.iter().any(|it| it == self.name));
        let panel = claims.or_else(|| all().find(|it| it.key == self.panel));
        let steps = |it: &&SiteRecord| {
            let text = fact(it, "steps")?.to_owned();
            Some(Steps { function: format!("{}::{}", it.module, it.function), text })
        };
        let mut scenario = self.scenario;
        scenario.courses.push(course::hold(&scenario, self.hold_seconds));
        Alert {
            name: self.name.to_owned(),
            query: self.query,
            hold_seconds: self.hold_seconds,
            severity: self.severity,
            team: self.team.unwrap_or("unowned").to_owned(),
            labels: self.labels,
            summary: self.summary.to_owned(),
            description: self.description,
            impact: self.impact.into_owned(),
            runbook_url: self.runbook.map_or_else(|| options.runbook(self.name), str::to_owned),
            dashboard_url: options.panel(job, panel.map_or(1, |it| it.id)),
            panel: panel.map(|it| it.key.clone()).unwrap_or_default(),
            absent: self.absent.to_owned(),
            advice: self.advice.iter().map(|it| (*it).to_owned()).collect(),
            steps: self.sites.iter().filter_map(steps).collect(),
            scenario,
        }
    }
}

/// What each of the functions says under this key, if that is the same: one function's owner must not get the alerts of
/// others, and a page about one function would mislead about another.
fn only<'a>(sites: &[&'a SiteRecord], key: &str) -> Option<&'a str> {
    let first = fact(sites.first()?, key)?;
    sites.iter().all(|it| fact(it, key) == Some(first)).then_some(first)
}

fn fact<'a>(site: &'a SiteRecord, key: &str) -> Option<&'a str> {
    site.facts.get(key).map(String::as_str).filter(|it| !it.is_empty())
}
