//! Alerts: those of each used family, and those that every program gets.

mod common;
mod family;

use crate::family::Used;
use crate::model::{Alert, Group, Piece, Row};
use crate::options::Options;
use crate::query::Query;
use measurand_catalog::{Severity, SiteRecord};

/// An alert before it is known who answers it and where its panel is.
struct Draft<'a> {
    name: &'a str,
    query: Query,
    hold_seconds: u32,
    severity: Option<Severity>,
    summary: &'a str,
    description: Vec<Piece>,
    impact: &'a str,
    /// The key of the panel that shows it.
    panel: String,
    /// Who answers, if the functions that it is about say so.
    team: Option<&'a str>,
    /// The page that says what to do, if those functions name one.
    runbook: Option<&'a str>,
}

/// The names of the alerts that every program gets.
pub(crate) fn common_names() -> impl Iterator<Item = &'static str> {
    common::names()
}

/// All alerts: a group for the program as a whole, then one for each family that has alerts.
pub(crate) fn groups(job: &str, families: &[Used<'_>], rows: &[Row], options: &Options) -> Vec<Group<Alert>> {
    let finish = |key: &str, drafts: Vec<Draft<'_>>| Group {
        name: format!("{job}-{key}"),
        rules: drafts.into_iter().map(|it| it.finish(job, rows, options)).collect(),
    };
    let mut groups = vec![finish("service", common::drafts(families))];
    groups.extend(families.iter().map(|it| finish(&format!("family-{}", it.family.name), family::drafts(it))));
    groups.retain(|it| !it.rules.is_empty());
    groups
}

impl Draft<'_> {
    fn finish(self, job: &str, rows: &[Row], options: &Options) -> Alert {
        let panel = rows.iter().flat_map(|it| &it.panels).find(|it| it.key == self.panel);
        Alert {
            name: self.name.to_owned(),
            query: self.query,
            hold_seconds: self.hold_seconds,
            severity: self.severity,
            team: self.team.unwrap_or("unowned").to_owned(),
            summary: self.summary.to_owned(),
            description: self.description,
            impact: self.impact.to_owned(),
            runbook_url: self.runbook.map_or_else(|| options.runbook(self.name), str::to_owned),
            dashboard_url: options.panel(job, panel.map_or(1, |it| it.id)),
        }
    }
}

/// The one team that the functions name; those that name none have no say.
fn owner<'a>(sites: &[&'a SiteRecord]) -> Option<&'a str> {
    let mut owners = sites.iter().filter_map(|it| fact(it, "owner"));
    let first = owners.next()?;
    owners.all(|it| it == first).then_some(first)
}

/// The one page that all functions name: a page about one function would mislead about another.
fn runbook<'a>(sites: &[&'a SiteRecord]) -> Option<&'a str> {
    let first = fact(sites.first()?, "runbook")?;
    sites.iter().all(|it| fact(it, "runbook") == Some(first)).then_some(first)
}

fn fact<'a>(site: &'a SiteRecord, key: &str) -> Option<&'a str> {
    site.facts.get(key).map(String::as_str).filter(|it| !it.is_empty())
}
