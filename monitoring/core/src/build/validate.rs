//! Checks that only generated files need. The catalog's own reader checks each family alone, but all families share one
//! Prometheus.
//!
//! An invalid record is left out without affecting the rest, and the problem is data that every front end shows.

use super::alerts;
use crate::model::problem::Problem;
use measurand_catalog::{Catalog, FamilyRecord, Latency, Objective, SiteRecord, families};
use std::collections::BTreeMap;

/// Labels that Prometheus gives to every series of a target.
const OF_PROMETHEUS: [&str; 2] = ["job", "instance"];

/// An objective needs a share above zero and an error budget. Thresholds are rounded to nine digits.
const SMALLEST_SHARE: f64 = 1e-6;
const SMALLEST_BUDGET: f64 = 1e-9;

/// Returns the parts of a catalog that [`Monitoring::new`](crate::Monitoring::new) leaves out, without generating
/// anything.
#[must_use]
pub fn problems(catalog: &Catalog) -> Vec<Problem> {
    let families = families_left_out(catalog).into_iter().filter_map(|(name, problem)| {
        let site = catalog.sites_of(name).next()?;
        Some(problem.at(name, site))
    });
    let objectives = catalog.sites.iter().flat_map(objectives_left_out);
    families.chain(objectives).collect()
}

/// Returns the part of a catalog for which files can be generated.
pub fn valid(catalog: &Catalog) -> Catalog {
    let mut valid = catalog.clone();
    let left_out = families_left_out(catalog);
    valid.families.retain(|it| !left_out.contains_key(it.name.as_str()));
    valid.sites.retain(|it| !left_out.contains_key(it.family.as_str()));
    for site in &mut valid.sites {
        site.objective = site.objective.map(|it| Objective {
            success: it.success.filter(|it| has_budget(*it)),
            latency: it.latency.filter(|it| has_budget(it.share)),
        });
    }
    valid
}

/// The reason why a family is left out.
struct Clash(String);

impl Clash {
    fn at(&self, family: &str, site: &SiteRecord) -> Problem {
        let message = format!("the family `{family}` has no panels and no alerts: {}", self.0);
        Problem::at(site, message, "rename it where the family is declared")
    }
}

/// Returns the families whose names collide with those of other families, of every program or of Prometheus. A built-in
/// family keeps its names; among other families, the first by name does.
fn families_left_out(catalog: &Catalog) -> BTreeMap<&str, Clash> {
    let mut metrics: BTreeMap<&str, &str> = BTreeMap::new();
    let mut alerts: BTreeMap<&str, &str> = alerts::common_names().map(|it| (it, "every program")).collect();
    let mut left_out = BTreeMap::new();
    let built_in = |it: &FamilyRecord| families::ALL.iter().any(|known| known.name == it.name);
    let (first, second): (Vec<_>, Vec<_>) = catalog.families.iter().partition(|it| built_in(it));
    for family in first.into_iter().chain(second) {
        if let Some(clash) = clash(family, &metrics, &alerts) {
            left_out.insert(family.name.as_str(), Clash(clash));
            continue;
        }
        metrics.extend(family.metrics.iter().map(|it| (it.name.as_str(), family.name.as_str())));
        alerts.extend(family.alerts.iter().map(|it| (it.name.as_str(), family.name.as_str())));
    }
    left_out
}

fn clash(family: &FamilyRecord, metrics: &BTreeMap<&str, &str>, alerts: &BTreeMap<&str, &str>) -> Option<String> {
    let label = family.labels.iter().find(|it| OF_PROMETHEUS.contains(&it.name.as_str()));
    if let Some(label) = label {
        return Some(format!("Prometheus sets the label `{}` itself", label.name));
    }
    let metric = family.metrics.iter().find_map(|it| Some((&it.name, metrics.get(it.name.as_str())?)));
    if let Some((metric, other)) = metric {
        return Some(format!("`{other}` already has the metric `{metric}`"));
    }
    let alert = family.alerts.iter().find_map(|it| Some((&it.name, alerts.get(it.name.as_str())?)));
    alert.map(|(alert, other)| format!("`{other}` already has the alert `{alert}`"))
}

/// Returns the problems of objectives that leave no error budget, or require no success at all.
fn objectives_left_out(site: &SiteRecord) -> Vec<Problem> {
    let Some(Objective { success, latency }) = site.objective else { return Vec::new() };
    let share = latency.map(|Latency { share, .. }| share);
    let wrong = [("success", success), ("latency", share)];
    let wrong = wrong.into_iter().filter_map(|(name, share)| share.filter(|it| !has_budget(*it)).map(|it| (name, it)));
    let problem = |(name, share): (&str, f64)| {
        let message = format!(
            "the objective `{name}` of `{}::{}` has no panels and no alerts: {}% is too close to 0% or to 100%",
            site.module,
            site.function,
            share * 100.0
        );
        Problem::at(site, message, "write a percentage from 0.0001 to 99.9999999")
    };
    wrong.map(problem).collect()
}

fn has_budget(share: f64) -> bool {
    // `1.0 - 0.999999999` is slightly less than a billionth.
    (SMALLEST_SHARE..1.0).contains(&share) && 1.0 - share > SMALLEST_BUDGET / 2.0
}
