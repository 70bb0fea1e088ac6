//! The description of each annotated function on the page, without its numbers.

use super::page::Page;
use crate::build::used_family::{Form, UsedFamily};
use crate::model::PanelKind;
use crate::model::monitoring::Monitoring;
use crate::model::options::hash;
use crate::query::promql::{Place, print};
use crate::query::{Aggregation, Query, fixed, is_about, narrowed, series_of};
use crate::write::rule_files;
use measurand_catalog::{Catalog, FamilyRecord, Role, SiteRecord};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One annotation of a function.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Function {
    /// An identifier that is the same in every build and can be part of an address.
    pub id: String,
    /// The name of the function.
    pub function: String,
    /// The path of its module.
    pub module: String,
    /// The source file of the annotation.
    pub file: String,
    /// The line of the annotation.
    pub line: u32,
    /// The name of the attribute.
    pub attribute: String,
    /// The name of the family.
    pub family: String,
    /// The labels with fixed values.
    pub labels: Vec<(String, String)>,
    /// The possible values of the label `error_kind`, if they are known.
    pub kinds: Vec<String>,
    /// The summary from its documentation.
    pub doc: Option<String>,
    /// The owner.
    pub owner: Option<String>,
    /// The severity of its failures.
    pub severity: Option<String>,
    /// The objective of its calls.
    pub objective: Option<Objective>,
    /// The id of the panel that shows it.
    pub panel: Option<u32>,
    /// PromQL queries about it, by name.
    pub promql: BTreeMap<&'static str, String>,
    /// The names of the recording rules and alerts that use its series.
    pub rules: Vec<String>,
    /// The functions whose calls are part of its numbers, because their labels can be the same.
    pub shares: Shares,
    #[serde(skip)]
    pub(super) site: usize,
}

/// The objective of a function in common units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Objective {
    /// The percentage of calls that have to succeed.
    pub success: Option<f64>,
    /// The longest duration of a call, in seconds.
    pub latency: Option<f64>,
    /// The share of calls that have to be within that duration.
    pub quantile: Option<f64>,
}

/// Functions whose calls are part of the numbers of another function, because numbers belong to labels.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Shares {
    /// The ids of functions with the same labels, and maybe more: all of their calls.
    pub always: Vec<String>,
    /// The ids of functions whose values for these labels come with each call: only calls with equal values.
    pub sometimes: Vec<String>,
    /// The number of further functions of both kinds.
    pub more: usize,
}

/// Most ids in each list. Otherwise a thousand functions with the same labels would list a million ids.
const MOST_NAMED: usize = 10;

/// Returns all annotations in the order of the catalog.
pub(super) fn all(catalog: &Catalog, monitoring: &Monitoring) -> Vec<Function> {
    let mut all = each(catalog, monitoring);
    for (place, shares) in shares(catalog, &all).into_iter().enumerate() {
        if let Some(it) = all.get_mut(place) {
            it.shares = shares;
        }
    }
    all
}

fn shares(catalog: &Catalog, all: &[Function]) -> Vec<Shares> {
    let sites = Sites::new(catalog, all);
    let mut known: HashMap<_, Lists> = HashMap::new();
    let mut of = |(place, own): (usize, &Function)| {
        let Some(site) = catalog.sites.get(own.site) else { return Shares::default() };
        let lists = known.entry((site.family.as_str(), &site.labels)).or_insert_with(|| sites.like(site));
        let [always, sometimes] = lists.each_ref().map(|list| {
            let others = list.iter().filter(|it| **it != place).filter_map(|it| all.get(*it));
            others.take(MOST_NAMED).map(|it| it.id.clone()).collect::<Vec<String>>()
        });
        // The first list contains the function itself.
        let others = lists.iter().map(Vec::len).sum::<usize>().saturating_sub(1);
        Shares { more: others.saturating_sub(always.len() + sometimes.len()), always, sometimes }
    };
    all.iter().enumerate().map(&mut of).collect()
}

/// Indexes of functions that always share numbers, and of those that sometimes do.
type Lists = [Vec<usize>; 2];

/// Indexes of functions by their labels, so that ten thousand functions need not be compared pairwise.
struct Sites<'a> {
    all: Vec<Option<&'a SiteRecord>>,
    by_family: HashMap<&'a str, Vec<usize>>,
    /// By family, label and value.
    fixed: HashMap<[&'a str; 3], Vec<usize>>,
    /// By family and label, if the value comes with each call.
    open: HashMap<[&'a str; 2], Vec<usize>>,
}

impl<'a> Sites<'a> {
    fn new(catalog: &'a Catalog, all: &[Function]) -> Self {
        let all: Vec<Option<&SiteRecord>> = all.iter().map(|it| catalog.sites.get(it.site)).collect();
        let mut sites = Self { all, by_family: HashMap::new(), fixed: HashMap::new(), open: HashMap::new() };
        for (place, site) in sites.all.iter().enumerate().filter_map(|(place, it)| Some((place, (*it)?))) {
            let family = site.family.as_str();
            sites.by_family.entry(family).or_default().push(place);
            for (name, value) in &site.labels {
                sites.fixed.entry([family, name, value]).or_default().push(place);
            }
            for name in site.expressions.keys() {
                sites.open.entry([family, name]).or_default().push(place);
            }
        }
        sites
    }

    /// Returns the functions with the labels of a site, including the site itself, and those that can have them.
    fn like(&self, site: &'a SiteRecord) -> Lists {
        let family = site.family.as_str();
        let having = |(name, value): (&'a String, &'a String)| {
            [self.fixed.get(&[family, name, value]), self.open.get(&[family, name.as_str()])]
                .map(|it| it.map_or(&[][..], Vec::as_slice))
        };
        let length = |it: &[&[usize]; 2]| it[0].len() + it[1].len();
        // The label that the fewest functions can have.
        let fewest = site.labels.iter().map(having).min_by_key(length);
        let fewest = fewest.unwrap_or([self.by_family.get(family).map_or(&[][..], Vec::as_slice), &[]]);
        let mut candidates: Vec<usize> = fewest.concat();
        candidates.sort_unstable();
        candidates.dedup();
        let mut lists = [Vec::new(), Vec::new()];
        for place in candidates {
            let Some(Some(with)) = self.all.get(place) else { continue };
            let is_fixed = |(name, value): (&String, &String)| with.labels.get(name) == Some(value);
            let is_possible = |it: (&String, &String)| is_fixed(it) || with.expressions.contains_key(it.0);
            if site.labels.iter().all(is_fixed) {
                lists[0].push(place);
            } else if site.labels.iter().all(is_possible) {
                lists[1].push(place);
            }
        }
        lists
    }
}

fn each(catalog: &Catalog, monitoring: &Monitoring) -> Vec<Function> {
    let mut taken = BTreeSet::new();
    let of_site = |(place, site): (usize, &SiteRecord)| {
        let mut id = identity(site);
        while !taken.insert(id.clone()) {
            id.push_str("-again");
        }
        function(catalog, monitoring, (place, site), id)
    };
    catalog.sites.iter().enumerate().filter(|(_, site)| !site.is_of_items()).map(of_site).collect()
}

/// Returns a readable name and a hash of everything that distinguishes two annotations of one function.
fn identity(site: &SiteRecord) -> String {
    let path = format!("{}::{}", site.module, site.function);
    let fixed = [&site.krate, &path, &site.attribute, &site.family];
    let labels = site.given_labels().flat_map(|(name, value)| [name, value]);
    let whole = fixed.into_iter().map(String::as_str).chain(labels).collect::<Vec<_>>().join("\n");
    let legal = |it: char| if it.is_ascii_alphanumeric() || it == '_' { it } else { '-' };
    let path: String = path.replace("::", ".").chars().map(|it| if it == '.' { it } else { legal(it) }).collect();
    format!("{path}-{:08x}", hash(&whole))
}

fn function(catalog: &Catalog, monitoring: &Monitoring, (place, site): (usize, &SiteRecord), id: String) -> Function {
    let fact = |key: &str| site.facts.get(key).filter(|it| !it.is_empty()).cloned();
    let family = catalog.family(&site.family);
    let about = |query: &Query| family.is_some_and(|it| is_about(query, it, Some(site)));
    let percent = |share: f64| (share * 1e9).round() / 1e7;
    let panels = || monitoring.rows.iter().flat_map(|it| &it.panels);
    let shows = |it: &&crate::model::Panel| it.kind == PanelKind::Lines && it.lines.iter().any(|it| about(&it.query));
    // A panel about the function's family is better than one about all families.
    let of_family = |it: &str| family.is_some_and(|family| family.metrics.iter().any(|own| own.name == series_of(it)));
    let is_own = |query: &Query| query.selectors().iter().all(|it| of_family(&it.metric));
    let own = |it: &&crate::model::Panel| shows(it) && it.lines.iter().all(|it| is_own(&it.query));
    let alerts = monitoring.alerts.iter().flat_map(|it| &it.rules).filter(|it| about(&it.query)).map(|it| &it.name);
    let recordings =
        monitoring.recordings.iter().flat_map(|it| &it.rules).filter(|it| about(&it.query)).map(|it| &it.record);
    let mut named = BTreeSet::new();
    let rules = alerts.chain(recordings).filter(|it| named.insert(*it)).cloned().collect();
    Function {
        id,
        function: site.function.clone(),
        module: site.module.clone(),
        file: site.file.clone(),
        line: site.line,
        attribute: site.attribute.clone(),
        family: site.family.clone(),
        labels: site.given_labels().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        kinds: site.error_kinds.clone(),
        doc: fact("summary"),
        owner: fact("owner"),
        severity: fact("severity"),
        objective: site.objective.map(|it| Objective {
            success: it.success.map(percent),
            latency: it.latency.map(|it| it.seconds),
            quantile: it.latency.map(|it| it.share),
        }),
        panel: panels().find(own).or_else(|| panels().find(shows)).map(|it| it.id),
        promql: family.map(|it| questions(catalog, it, site, &monitoring.job)).unwrap_or_default(),
        rules,
        shares: Shares::default(),
        site: place,
    }
}

/// Returns the queries behind the page's numbers of a function, as PromQL for the job's Prometheus.
fn questions(catalog: &Catalog, family: &FamilyRecord, site: &SiteRecord, job: &str) -> BTreeMap<&'static str, String> {
    let used = UsedFamily { family, catalog };
    let quantile = |it| used.quantile(Role::Duration, it, &[], Form::Plain);
    let errors = used.rate(Role::Errors, &[], Form::Plain).or_else(|| used.rate(Role::Failures, &[], Form::Plain));
    let questions = [
        ("rate", used.calls(&[], Form::Plain)),
        ("errors", errors),
        ("p50", quantile(0.5)),
        ("p95", quantile(0.95)),
        ("p99", quantile(0.99)),
        ("in_flight", used.gauge(Role::InFlight, Aggregation::Sum, &[])),
    ];
    let printed = |(name, query): (&'static str, Option<Query>)| {
        Some((name, print(&narrowed(&query?, &fixed(site)), Place::Rules { job })))
    };
    questions.into_iter().filter_map(printed).collect()
}

/// Returns the rules about one function, and the recordings that they need.
pub(super) fn rules(page: &Page, function: &Function) -> String {
    let site = page.catalog.sites.get(function.site);
    let family = page.catalog.family(&function.family);
    let about = |query: &Query| family.is_some_and(|it| is_about(query, it, site));
    let monitoring = &page.monitoring;
    let mut alerts = monitoring.alerts.clone();
    for group in &mut alerts {
        group.rules.retain(|it| about(&it.query));
    }
    alerts.retain(|it| !it.rules.is_empty());
    let mut recordings = monitoring.recordings.clone();
    for group in &mut recordings {
        group.rules.retain(|it| about(&it.query));
    }
    recordings.retain(|it| !it.rules.is_empty());
    rule_files::rules(&Monitoring { recordings, alerts, ..monitoring.clone() })
}
