//! Owner, severity and runbook that functions name, and the split of an alert about many functions by them.

use super::draft::{fact, only};
use super::scenario::Labels;
use crate::build::used_family::UsedFamily;
use crate::query::{Combination, Match, Matcher, Query, narrowed};
use measurand_catalog::{Severity, SiteRecord};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Most rules into which an alert is split. Beyond it the split ignores pages, and then also owners.
const MOST_PARTS: usize = 32;

/// Most examples that are tried for a part of an alert.
const MOST_EXAMPLES: usize = 1000;

/// Urgency, owner and runbook of an alert, ordered by precedence: if several functions share a series, the most urgent
/// one decides, then one that names an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Facts<'a> {
    pub(super) severity: Severity,
    owner: Reverse<Option<Reverse<&'a str>>>,
    runbook: Reverse<Option<Reverse<&'a str>>>,
}

/// The facts that split alerts: those that result in few enough parts in the whole program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Split {
    by_owner: bool,
    by_runbook: bool,
}

/// A part of an alert: the functions with the same facts.
#[derive(Debug)]
pub(super) struct FactGroup<'a> {
    pub(super) facts: Facts<'a>,
    /// The query, limited to their series.
    pub(super) query: Query,
    pub(super) sites: Vec<&'a SiteRecord>,
    /// The labels of one of their series.
    pub(super) example: Labels,
}

/// The labels that a function fixes; its calls can be in each series that has them.
type Fixed = BTreeMap<String, String>;

/// The series of some functions.
#[derive(Debug)]
struct Claim<'a> {
    labels: &'a Fixed,
    facts: Facts<'a>,
    sites: Vec<&'a SiteRecord>,
}

impl Split {
    pub(super) fn of(sites: &[&SiteRecord]) -> Self {
        let parts = |split: Self| {
            let facts: BTreeSet<Facts<'_>> = sites.iter().map(|it| Facts::of(it, Severity::P3, split)).collect();
            facts.len()
        };
        let all = [(true, true), (true, false), (false, false)];
        let splits = all.map(|(by_owner, by_runbook)| Self { by_owner, by_runbook });
        let [.., none] = splits;
        splits.into_iter().find(|it| parts(*it) <= MOST_PARTS).unwrap_or(none)
    }
}

impl<'a> Facts<'a> {
    /// Returns the facts of a function. Without a severity of its own, it has that of the alert.
    pub(super) fn of(site: &'a SiteRecord, own: Severity, split: Split) -> Self {
        let severity = severity_of(site).unwrap_or(own);
        let (owner, runbook) = (fact(site, "owner"), fact(site, "runbook"));
        Self {
            severity,
            owner: Reverse(owner.filter(|_| split.by_owner).map(Reverse)),
            runbook: Reverse(runbook.filter(|_| split.by_runbook).map(Reverse)),
        }
    }

    /// Returns the facts that all these functions share, for one alert about all of them.
    pub(super) fn shared(sites: &[&'a SiteRecord], own: Severity) -> Self {
        Self {
            severity: own,
            owner: Reverse(only(sites, "owner").map(Reverse)),
            runbook: Reverse(only(sites, "runbook").map(Reverse)),
        }
    }

    pub(super) fn owner(&self) -> Option<&'a str> {
        self.owner.0.map(|it| it.0)
    }

    pub(super) fn runbook(&self) -> Option<&'a str> {
        self.runbook.0.map(|it| it.0)
    }

    fn is_silent(&self) -> bool {
        self.owner().is_none() && self.runbook().is_none()
    }
}

/// Returns the severity that a function names.
pub(super) fn severity_of(site: &SiteRecord) -> Option<Severity> {
    Severity::ALL.into_iter().find(|it| fact(site, "severity") == Some(it.as_str()))
}

/// Returns one part for each set of facts in the family, the most urgent first. No series is in two parts.
pub(super) fn parts<'a>(family: &UsedFamily<'a>, own: Severity, value: &Query, split: Split) -> Vec<FactGroup<'a>> {
    let claims = claims(family, own, split);
    let mut by_facts: BTreeMap<Facts<'a>, Vec<usize>> = BTreeMap::new();
    for (index, it) in claims.iter().enumerate() {
        by_facts.entry(it.facts).or_default().push(index);
    }
    // One part gets all series that no other part claims, so its query does not have to name them.
    let silent = by_facts.keys().find(|it| it.severity == own && it.is_silent()).copied();
    let rest = silent.or_else(|| by_facts.iter().max_by_key(|it| (it.1.len(), Reverse(it.0))).map(|it| *it.0));
    let query = |facts: Facts<'a>| {
        let wanted = |it: &usize| (claims[*it].facts == facts) != (Some(facts) == rest);
        let named = (0..claims.len()).filter(wanted).collect::<Vec<_>>();
        let mut terms = terms(value, &claims, &named).into_iter();
        if Some(facts) == rest {
            return Some(terms.fold(value.clone(), |all, it| all.combine(Combination::Unless, it)));
        }
        let first = terms.next()?;
        Some(terms.fold(first, |all, it| all.combine(Combination::Or, it)))
    };
    let part = |(facts, own): (&Facts<'a>, &Vec<usize>)| {
        let example = own.iter().find_map(|it| example(family, &claims, *it))?;
        let sites = own.iter().flat_map(|it| claims[*it].sites.iter().copied()).collect();
        Some(FactGroup { facts: *facts, query: query(*facts)?, sites, example })
    };
    let mut parts: Vec<FactGroup<'a>> = by_facts.iter().filter_map(part).collect();
    parts.sort_by_key(|it| Some(it.facts) == rest);
    parts
}

/// Returns which series belong to which functions, by precedence. A claim does not contain series of earlier claims.
fn claims<'a>(family: &UsedFamily<'a>, own: Severity, split: Split) -> Vec<Claim<'a>> {
    let mut by_labels: BTreeMap<&'a Fixed, Claim<'a>> = BTreeMap::new();
    for site in family.sites() {
        let facts = Facts::of(site, own, split);
        let claim =
            by_labels.entry(&site.labels).or_insert_with(|| Claim { labels: &site.labels, facts, sites: Vec::new() });
        claim.facts = claim.facts.min(facts);
        claim.sites.push(site);
    }
    let mut sorted: Vec<Claim<'a>> = by_labels.into_values().collect();
    sorted.sort_by_key(|it| (it.facts.severity, Reverse(it.labels.len()), it.facts));
    let mut claims: Vec<Claim<'a>> = Vec::with_capacity(sorted.len());
    for it in sorted {
        match claims.iter_mut().find(|other| contains(it.labels, other.labels)) {
            // All its series already belong to the other claim.
            Some(other) => other.sites.extend(it.sites),
            None => claims.push(it),
        }
    }
    claims
}

/// Whether every series with the first labels also has the second ones.
fn contains(labels: &Fixed, fewer: &Fixed) -> bool {
    fewer.iter().all(|(name, value)| labels.get(name) == Some(value))
}

/// Whether a series can have both labels.
fn meet(one: &Fixed, other: &Fixed) -> bool {
    one.iter().all(|(name, value)| other.get(name).is_none_or(|it| it == value))
}

/// Returns the earlier claims that share series with this one and have other facts.
fn before<'b, 'a>(claims: &'b [Claim<'a>], index: usize) -> impl Iterator<Item = &'b Claim<'a>> {
    let own = &claims[index];
    claims[..index].iter().filter(move |it| it.facts != own.facts && meet(it.labels, own.labels))
}

/// Returns the queries of these claims. Claims that differ in only one label become one query.
fn terms(value: &Query, claims: &[Claim<'_>], named: &[usize]) -> Vec<Query> {
    let (alone, shared): (Vec<usize>, Vec<usize>) = named.iter().partition(|it| before(claims, **it).next().is_none());
    let alone: Vec<&Fixed> = alone.into_iter().map(|it| claims[it].labels).collect();
    let alone = joined(&alone).into_iter().map(|it| narrowed(value, &it));
    let shared = shared.into_iter().map(|it| {
        let own = narrowed(value, &matchers(claims[it].labels));
        let others: Vec<&Fixed> = before(claims, it).map(|it| it.labels).collect();
        let others = joined(&others).into_iter().map(|it| narrowed(value, &it));
        others.fold(own, |all, it| all.combine(Combination::Unless, it))
    });
    alone.chain(shared).collect()
}

/// Returns labels as matchers. Label sets that differ in only one label become one set of matchers.
fn joined(all: &[&Fixed]) -> Vec<Vec<Matcher>> {
    let mut by_names: BTreeMap<Vec<&str>, Vec<&Fixed>> = BTreeMap::new();
    for it in all {
        by_names.entry(it.keys().map(String::as_str).collect()).or_default().push(it);
    }
    let mut joined = Vec::new();
    for (names, all) in by_names {
        let values = |name: &str| all.iter().filter_map(|it| it.get(name)).collect::<BTreeSet<_>>().len();
        let Some(most) = names.into_iter().rev().max_by_key(|it| values(it)) else {
            joined.push(Vec::new());
            continue;
        };
        let mut groups: BTreeMap<Vec<(&String, &String)>, BTreeSet<&String>> = BTreeMap::new();
        for it in all {
            let others = it.iter().filter(|(name, _)| *name != most).collect();
            groups.entry(others).or_default().extend(it.get(most));
        }
        for (others, values) in groups {
            let values: Vec<String> = values.into_iter().cloned().collect();
            let is = match <[String; 1]>::try_from(values) {
                Ok([only]) => Match::Equal(only),
                Err(values) => Match::OneOf(values),
            };
            let mut matchers: Vec<Matcher> = others.into_iter().map(equal).collect();
            matchers.push(Matcher { label: most.to_owned(), is });
            matchers.sort_by(|a, b| a.label.cmp(&b.label));
            joined.push(matchers);
        }
    }
    joined
}

fn matchers(labels: &Fixed) -> Vec<Matcher> {
    labels.iter().map(equal).collect()
}

fn equal((name, value): (&String, &String)) -> Matcher {
    Matcher { label: name.clone(), is: Match::Equal(value.clone()) }
}

/// Returns the labels of a series that belongs to this claim and to no earlier one.
fn example(family: &UsedFamily<'_>, claims: &[Claim<'_>], index: usize) -> Option<Labels> {
    let own = &claims[index];
    let others: Vec<&Fixed> = before(claims, index).map(|it| it.labels).collect();
    let made_up = ["other".to_owned()];
    let mut examples: Vec<Fixed> = vec![BTreeMap::new()];
    for label in &family.family.labels {
        let fixed = own.labels.get(&label.name).map(std::slice::from_ref);
        let known = if label.values.is_empty() { &made_up[..] } else { &label.values };
        let with = |it: &Fixed, value: &String| {
            let mut example = it.clone();
            example.insert(label.name.clone(), value.clone());
            example
        };
        let values = fixed.unwrap_or(known);
        let next = examples.iter().flat_map(|it| values.iter().map(move |value| with(it, value)));
        examples = next.take(MOST_EXAMPLES).collect();
    }
    let free = examples.into_iter().find(|it| !others.iter().any(|other| contains(it, other)))?;
    let order = |it: &measurand_catalog::LabelRecord| Some((it.name.clone(), free.get(&it.name)?.clone()));
    Some(family.family.labels.iter().filter_map(order).collect())
}
