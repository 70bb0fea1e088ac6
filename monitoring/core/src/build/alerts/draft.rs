//! Alerts without links to their panels, and their completion.

use super::minimum_sample::{self, MinimumSample};
use super::timeline;
use crate::build::used_family::UsedFamily;
use crate::model::options::Options;
use crate::model::{Alert, Piece, Row, Scenario, Sentence, Steps};
use crate::query::promql::RULE_WINDOW_SECONDS;
use crate::query::{Combination, Query, Selector, Window};
use measurand_catalog::{Severity, SiteRecord};

pub(super) const QUARTER_SECONDS: u32 = 900;
pub(super) const HOUR_SECONDS: u32 = 3600;
pub(super) const QUARTER: Window = Window::Seconds(QUARTER_SECONDS);
pub(super) const HOUR: Window = Window::Seconds(HOUR_SECONDS);

/// An alert whose panel is not resolved yet.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) name: &'a str,
    pub(super) query: Query,
    pub(super) for_seconds: u32,
    pub(super) severity: Option<Severity>,
    pub(super) summary: Sentence,
    pub(super) description: Vec<Piece>,
    pub(super) impact: Sentence,
    /// The key of the panel that shows the alert, unless a panel lists the alert itself.
    pub(super) panel: String,
    pub(super) absent: &'a str,
    /// The first steps.
    pub(super) advice: &'static [&'static str],
    pub(super) scenario: Scenario,
    /// Extra labels that distinguish alerts with the same name.
    pub(super) labels: Vec<(String, String)>,
    /// The team that is responsible.
    pub(super) team: Option<&'a str>,
    /// The page with instructions, if it is not the common runbook.
    pub(super) runbook: Option<&'a str>,
    /// The functions whose instructions are shown.
    pub(super) sites: Vec<&'a SiteRecord>,
}

/// Drafts by the name of their group.
pub(crate) type Drafts<'a> = Vec<(String, Vec<Draft<'a>>)>;

/// A row of a table of alerts that belong to no family.
pub(super) struct Common {
    pub(super) name: &'static str,
    pub(super) severity: Option<Severity>,
    pub(super) for_seconds: u32,
    pub(super) summary: &'static str,
    pub(super) impact: &'static str,
    pub(super) panel: &'static str,
    /// The alert's behaviour without series, and the reason.
    pub(super) absent: &'static str,
    /// The first steps.
    pub(super) advice: &'static [&'static str],
    pub(super) query: fn(&Context<'_>) -> Option<Query>,
    pub(super) description: fn(&Context<'_>) -> Vec<Piece>,
    pub(super) scenario: fn(&Context<'_>) -> Scenario,
}

/// The inputs of a table's row.
pub(super) struct Context<'a> {
    pub(super) families: &'a [UsedFamily<'a>],
    pub(super) options: &'a Options,
}

impl Context<'_> {
    pub(super) fn minimum(&self) -> MinimumSample {
        MinimumSample(self.options.minimum_sample)
    }

    /// The quantile of a histogram, if it is above a bound and enough observations are.
    pub(super) fn slow(&self, histogram: &str, by: &[String], quantile: f64, seconds: f64) -> Query {
        let buckets = Query::Buckets(by.to_vec(), Selector::new(histogram), Window::Recent);
        let enough = self.minimum().is_in(minimum_sample::above(histogram, seconds, by), RULE_WINDOW_SECONDS);
        buckets.quantile(quantile).above(seconds).combine(Combination::And, enough)
    }
}

impl Common {
    pub(super) fn draft<'a>(&'a self, context: &Context<'_>, sites: &[&'a SiteRecord]) -> Option<Draft<'a>> {
        let draft = self.draft_with(context, (self.query)(context)?, (self.scenario)(context));
        Some(Draft { team: only(sites, "owner"), ..draft })
    }

    pub(super) fn draft_with<'a>(&'a self, context: &Context<'_>, query: Query, mut scenario: Scenario) -> Draft<'a> {
        let changed = context.options.changed.get(self.name).copied().unwrap_or_default();
        let for_seconds = changed.for_seconds.unwrap_or(self.for_seconds);
        scenario.courses.iter_mut().for_each(|it| it.lengthen(for_seconds.saturating_sub(self.for_seconds)));
        Draft {
            name: self.name,
            query,
            for_seconds,
            severity: changed.severity.or(self.severity),
            summary: Sentence::Own(self.summary.to_owned()),
            description: (self.description)(context),
            impact: Sentence::Own(self.impact.to_owned()),
            panel: self.panel.to_owned(),
            absent: self.absent,
            advice: self.advice,
            scenario,
            labels: Vec::new(),
            team: None,
            // A function's page and instructions are about that function, not about the program.
            runbook: None,
            sites: Vec::new(),
        }
    }
}

impl Draft<'_> {
    pub(super) fn finish(self, job: &str, rows: &[Row], options: &Options) -> Alert {
        let all = || rows.iter().flat_map(|it| &it.panels);
        let mut claims = all().filter(|it| it.alerts.iter().any(|it| it == self.name));
        // The overview shows a whole, the other rows show it by label.
        let first = claims.next();
        let panel = claims.next().filter(|_| first.is_some_and(|it| it.key.starts_with("overview/"))).or(first);
        let panel = panel.or_else(|| all().find(|it| it.key == self.panel));
        let steps = |it: &&SiteRecord| {
            let text = fact(it, "steps")?.to_owned();
            Some(Steps { function: format!("{}::{}", it.module, it.function), text })
        };
        let mut scenario = self.scenario;
        scenario.courses.push(timeline::hold(&scenario, self.for_seconds));
        Alert {
            name: self.name.to_owned(),
            query: self.query,
            for_seconds: self.for_seconds,
            severity: self.severity,
            team: self.team.unwrap_or("unowned").to_owned(),
            labels: self.labels,
            summary: self.summary,
            description: self.description,
            impact: self.impact,
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

/// Returns the value of this key if it is the same for all functions. Otherwise the owner of one function would get the
/// alerts about other functions, and a page about one function would mislead about another.
pub(super) fn only<'a>(sites: &[&'a SiteRecord], key: &str) -> Option<&'a str> {
    let first = fact(sites.first()?, key)?;
    sites.iter().all(|it| fact(it, key) == Some(first)).then_some(first)
}

pub(super) fn fact<'a>(site: &'a SiteRecord, key: &str) -> Option<&'a str> {
    site.facts.get(key).map(String::as_str).filter(|it| !it.is_empty())
}
