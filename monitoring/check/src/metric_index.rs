//! The index of known series: metrics of the catalog, of the platform, of Prometheus and its exporters, and recorded
//! series.

use crate::read::{Expression, Labels, Rule, VARIABLE, labels_of, selections};
use measurand_catalog::{
    ADDED_LABELS, CALLER_LABEL, Catalog, FamilyRecord, KIND_LABEL, Kind, MetricRecord, OVERFLOWS, Role, SiteRecord,
    platform,
};
use promql_parser::label::Matcher;
use promql_parser::parser::VectorSelector;
use std::collections::{BTreeMap, BTreeSet};

/// Labels that Prometheus can add to the series of a target.
const OF_TARGETS: &[&str] = &[
    "job",
    "instance",
    "cluster",
    "namespace",
    "pod",
    "container",
    "endpoint",
    "service",
    "node",
    "prometheus",
    "replica",
    "environment",
    "env",
    "region",
    "zone",
    "monitor",
];

/// Series that Prometheus creates itself.
const OF_PROMETHEUS: &[(&str, &str)] = &[
    ("up", "gauge"),
    ("scrape_duration_seconds", "gauge"),
    ("scrape_samples_scraped", "gauge"),
    ("scrape_samples_post_metric_relabeling", "gauge"),
    ("scrape_series_added", "gauge"),
    ("scrape_timeout_seconds", "gauge"),
    ("scrape_sample_limit", "gauge"),
    ("scrape_body_size_bytes", "gauge"),
    ("ALERTS", "gauge"),
    ("ALERTS_FOR_STATE", "gauge"),
];

/// Prefixes of third-party metrics that are accepted even if the list does not contain them.
const FOREIGN: &[&str] = &["node_", "prometheus_", "alertmanager_", "go_", "net_conntrack_", "promhttp_"];

/// Third-party metrics: name and type, one per line.
const LIST: &str = include_str!("../vocab/metrics.txt");

/// All known series.
#[derive(Debug, Default)]
pub(crate) struct Known<'a> {
    catalog: Option<&'a Catalog>,
    foreign: BTreeMap<&'static str, &'static str>,
    recorded: BTreeMap<String, Recorded>,
    also: &'a [String],
    target_labels: BTreeSet<&'a str>,
}

/// A series that a rule records.
#[derive(Debug, Clone)]
struct Recorded {
    labels: Labels,
    /// The scraped series that it is computed from, directly or through other rules.
    sources: BTreeSet<String>,
}

/// The kind of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeriesKind {
    /// A counter, or a part of a histogram.
    Counter,
    Gauge,
    /// A histogram's name without the suffix of a part.
    Whole,
}

/// A metric of the catalog.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured<'a> {
    pub(crate) family: &'a FamilyRecord,
    pub(crate) metric: &'a MetricRecord,
}

impl<'a> Known<'a> {
    /// An index without a catalog: only third-party metrics.
    pub(crate) fn nothing() -> Self {
        let listed = LIST.lines().filter(|it| !it.starts_with('#')).filter_map(|it| it.split_once(' '));
        let target_labels = OF_TARGETS.iter().copied().collect();
        Self { foreign: listed.chain(OF_PROMETHEUS.iter().copied()).collect(), target_labels, ..Self::default() }
    }

    /// An index of a catalog, with additional third-party metrics (patterns such as `http_*`) and target labels.
    pub(crate) fn new(catalog: &'a Catalog, also: &'a [String], target_labels: &'a [String]) -> Self {
        let mut known = Self { catalog: Some(catalog), also, ..Self::nothing() };
        known.target_labels.extend(target_labels.iter().map(String::as_str));
        known
    }

    /// Adds the series that rules record. Rules may use each other in any order.
    pub(crate) fn learn<'r>(&mut self, rules: &(impl Iterator<Item = &'r Rule> + Clone)) {
        for _ in 0..4 {
            for rule in rules.clone() {
                let Ok(expression) = Expression::parse(&rule.expression.text) else {
                    let nothing = Recorded { labels: Labels::UNKNOWN, sources: BTreeSet::new() };
                    self.recorded.insert(rule.name.text.clone(), nothing);
                    continue;
                };
                let mut labels = labels_of(&expression.tree, &|it| self.labels(it));
                labels.names.extend(rule.labels.iter().map(|(name, _)| name.clone()));
                let mut sources = BTreeSet::new();
                for name in selections(&expression.tree).iter().filter_map(|it| it.name()) {
                    match self.recorded.get(name) {
                        Some(it) => sources.extend(it.sources.iter().cloned()),
                        None => {
                            sources.insert(name.to_owned());
                        }
                    }
                }
                // Several rules may record parts of one series.
                let earlier = self.recorded.get(&rule.name.text);
                if let Some(earlier) = earlier.filter(|it| !it.labels.open || !it.sources.is_empty()) {
                    labels.names.extend(earlier.labels.names.iter().cloned());
                    sources.extend(earlier.sources.iter().cloned());
                }
                self.recorded.insert(rule.name.text.clone(), Recorded { labels, sources });
            }
        }
    }

    pub(crate) fn is_recorded(&self, name: &str) -> bool {
        self.recorded.contains_key(name)
    }

    /// The metric of the catalog that this series belongs to.
    pub(crate) fn measured(&self, name: &str) -> Option<Measured<'a>> {
        let families = self.catalog.map(|it| it.families.as_slice()).unwrap_or_default();
        families.iter().find_map(|family| {
            let metric = family.metrics.iter().find(|it| is_of(name, &it.name, it.kind == Kind::Histogram))?;
            Some(Measured { family, metric })
        })
    }

    fn platform(name: &str) -> Option<&'static platform::PlatformMetric> {
        platform::ALL.iter().find(|it| is_of(name, it.name, it.kind == Kind::Histogram))
    }

    /// The metrics of the catalog that a series belongs to or is computed from.
    pub(crate) fn sources(&self, name: &str) -> Vec<Measured<'a>> {
        match self.recorded.get(name) {
            Some(it) => it.sources.iter().filter_map(|it| self.measured(it)).collect(),
            None => self.measured(name).into_iter().collect(),
        }
    }

    /// Whether the series exists. Without a catalog, all do.
    pub(crate) fn exists(&self, name: &str) -> bool {
        self.catalog.is_none()
            || self.is_recorded(name)
            || self.measured(name).is_some()
            || Self::platform(name).is_some()
            || name == OVERFLOWS
            || self.is_foreign(name)
            || self.also.iter().any(|it| fits(it, name))
    }

    fn is_foreign(&self, name: &str) -> bool {
        let base = base(name);
        if self.foreign.contains_key(name) || self.foreign.contains_key(base) {
            return true;
        }
        let prefixed = FOREIGN.iter().any(|it| name.starts_with(it));
        // A name that almost equals a listed one is more likely misspelt than new.
        prefixed && !self.foreign.keys().any(|it| strsim::osa_distance(it, base) <= 2)
    }

    /// The most similar name that exists.
    pub(crate) fn nearest(&self, name: &str) -> Option<String> {
        let families = self.catalog.map(|it| it.families.as_slice()).unwrap_or_default();
        let own: Vec<&str> = families.iter().flat_map(|it| &it.metrics).map(|it| it.name.as_str()).collect();
        let all = own.into_iter().chain(platform::ALL.iter().map(|it| it.name));
        let all = all.chain(self.recorded.keys().map(String::as_str)).chain(self.foreign.keys().copied());
        let near = crate::suggest::nearest(base(name), all)?;
        let part = name.strip_prefix(base(name)).unwrap_or_default();
        let joined = format!("{near}{part}");
        Some(if self.exists(&joined) { joined } else { near.to_owned() })
    }

    /// The kind of the series. If it is not listed, it is derived from the name's suffix. Returns `None` if it is
    /// unknown.
    pub(crate) fn kind(&self, name: &str) -> Option<SeriesKind> {
        let of = |kind: Kind, metric: &str| match kind {
            Kind::Gauge => SeriesKind::Gauge,
            Kind::Histogram if name == metric => SeriesKind::Whole,
            Kind::Counter | Kind::Histogram => SeriesKind::Counter,
        };
        if self.is_recorded(name) {
            return None;
        }
        if let Some(it) = self.measured(name) {
            return Some(of(it.metric.kind, &it.metric.name));
        }
        if let Some(it) = Self::platform(name) {
            return Some(of(it.kind, it.name));
        }
        match self.foreign.get(name) {
            Some(&"counter") => Some(SeriesKind::Counter),
            Some(&"gauge") => Some(SeriesKind::Gauge),
            Some(&"histogram") => Some(SeriesKind::Whole),
            _ if name.ends_with("_total") || name.ends_with("_bucket") => Some(SeriesKind::Counter),
            _ => None,
        }
    }

    /// The labels of the series that a selector selects.
    pub(crate) fn labels(&self, selector: &VectorSelector) -> Labels {
        let Some(name) = selector.name.as_deref() else { return Labels::UNKNOWN };
        self.labels_of_series(name)
    }

    /// The labels of a series.
    pub(crate) fn labels_of_series(&self, name: &str) -> Labels {
        if let Some(it) = self.recorded.get(name) {
            return it.labels.clone();
        }
        let part = if name.ends_with("_bucket") { Some("le") } else { None };
        let own: Vec<&str> = if let Some(it) = self.measured(name) {
            let kinds = [KIND_LABEL].into_iter().filter(|_| it.metric.role == Role::Errors);
            it.metric.labels.iter().map(String::as_str).chain(kinds).chain(self.added_labels(it)).collect()
        } else if let Some(it) = Self::platform(name).filter(|_| self.catalog.is_some()) {
            it.labels.to_vec()
        } else {
            return Labels::UNKNOWN;
        };
        Labels::of(own.into_iter().chain(part).chain(self.target_labels.iter().copied()))
    }

    /// Whether Prometheus can add this label to series.
    pub(crate) fn is_target_label(&self, name: &str) -> bool {
        self.target_labels.contains(name)
    }

    /// Whether the metric has this label, from its family or from annotations.
    pub(crate) fn has_label(&self, of: Measured<'a>, label: &str) -> bool {
        let kinds = label == KIND_LABEL && of.metric.role == Role::Errors;
        kinds || of.metric.labels.iter().any(|it| it == label) || self.added_labels(of).contains(&label)
    }

    /// The possible values of a metric's label. Returns `None` if it has arbitrary values.
    pub(crate) fn values(&self, of: Measured<'a>, label: &str) -> Option<Vec<&'a str>> {
        if let Some(extra) = of.metric.role.extra_label().filter(|it| it.name == label) {
            return Some(extra.values.to_vec());
        }
        if label == KIND_LABEL && of.metric.role == Role::Errors {
            return self.kinds(of.family);
        }
        let sites = || self.catalog.into_iter().flat_map(|it| it.sites_of(&of.family.name));
        if label != CALLER_LABEL && ADDED_LABELS.contains(&label) && of.family.label(label).is_none() {
            return Some(
                sites().flat_map(SiteRecord::given_labels).filter(|it| it.0 == label).map(|it| it.1).collect(),
            );
        }
        let known = of.family.label(label)?;
        let mut values = Vec::new();
        for site in self.catalog?.sites_of(&of.family.name) {
            match site.labels.get(label) {
                Some(it) => values.push(it.as_str()),
                None if known.values.is_empty() => return None,
                None => {
                    values.extend(known.values.iter().map(String::as_str));
                    values.push(measurand_catalog::OTHER);
                }
            }
        }
        values.sort_unstable();
        values.dedup();
        Some(values)
    }

    /// The labels that annotations add to the family's labels.
    fn added_labels(&self, of: Measured<'_>) -> Vec<&'static str> {
        let sites = || self.catalog.into_iter().flat_map(|it| it.sites_of(&of.family.name));
        let any = |label: &str| label == CALLER_LABEL || sites().any(|it| it.labels.contains_key(label));
        ADDED_LABELS.into_iter().filter(|label| any(label)).collect()
    }

    /// The error kinds of all functions of a family. Returns `None` if those of one function are unknown.
    fn kinds(&self, family: &'a FamilyRecord) -> Option<Vec<&'a str>> {
        let mut kinds = Vec::new();
        for site in self.catalog?.sites_of(&family.name) {
            if site.unknown_error_kinds {
                return None;
            }
            kinds.extend(site.error_kinds.iter().map(String::as_str));
        }
        kinds.sort_unstable();
        kinds.dedup();
        Some(kinds)
    }

    /// Whether a function records a series that all matchers select.
    pub(crate) fn is_recorded_by_a_function(&self, of: Measured<'a>, matchers: &[Matcher]) -> bool {
        let mut sites = self.catalog.into_iter().flat_map(|it| it.sites_of(&of.family.name));
        sites.any(|site| {
            matchers.iter().all(|matcher| {
                let name = &matcher.name;
                let kinds = name == KIND_LABEL && of.metric.role == Role::Errors && !site.unknown_error_kinds;
                let known = of.family.label(name).is_some() || site.labels.contains_key(name);
                is_variable(matcher)
                    || kinds && (matcher.is_match("") || site.error_kinds.iter().any(|kind| matcher.is_match(kind)))
                    || !kinds && !known
                    || known && site.labels.get(name).is_none_or(|value| matcher.is_match(value))
            })
        })
    }
}

/// Whether the matcher's value contains a variable of the dashboard.
pub(crate) fn is_variable(matcher: &Matcher) -> bool {
    matcher.value.contains(VARIABLE)
}

/// Whether a series is this metric or a part of this histogram.
fn is_of(series: &str, metric: &str, is_histogram: bool) -> bool {
    series == metric || is_histogram && base(series) == metric
}

/// The series' name without the suffix of a histogram's part.
pub(crate) fn base(series: &str) -> &str {
    ["_bucket", "_count", "_sum"].iter().find_map(|it| series.strip_suffix(it)).unwrap_or(series)
}

/// Whether a name matches a pattern, which may end in `*`.
fn fits(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |it| name.starts_with(it))
}
