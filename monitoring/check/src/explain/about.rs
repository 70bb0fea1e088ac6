//! Describes one function, and one metric.

use super::{Budget, Explainer, path, place};
use measurand_catalog::{
    ADDED_LABELS, CALLER_LABEL, FamilyRecord, KIND_LABEL, Kind, MetricRecord, Objective, Role, SiteRecord, Unit,
    platform,
};
use measurand_monitoring::build::budget;
use measurand_monitoring::build::used_family::{Form, UsedFamily};
use measurand_monitoring::query::promql::{Place, duration, print_as};
use measurand_monitoring::query::{Aggregation, Query, fixed, is_about, narrowed, series_of};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One annotated function.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FunctionView {
    /// The path: module and name.
    pub function: String,
    /// The attribute's name.
    pub attribute: String,
    /// File and line of the annotation.
    pub place: String,
    /// The other arguments of the annotation: `owner`, `severity`, `runbook`, `summary`.
    pub facts: BTreeMap<String, String>,
    /// The metrics that it records.
    pub metrics: Vec<MetricView>,
    /// Its objective, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objective: Option<Objective>,
    /// Maximum number of series.
    pub series: Budget,
    /// The functions that record the same series.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shares_with: Vec<String>,
    /// PromQL queries for its numbers.
    pub queries: Vec<QueryView>,
    /// The alerts that it can cause.
    pub alerts: Vec<AlertView>,
    /// The panels that show it.
    pub panels: Vec<PanelView>,
}

/// One metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricView {
    /// The full name.
    pub name: String,
    /// The Prometheus type.
    pub kind: Kind,
    /// The unit of a value; `None` for a metric of the platform, whose name contains the unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// The text after `# HELP`.
    pub help: String,
    /// Its labels and the sources of their values.
    pub labels: Vec<LabelView>,
    /// The upper bounds of a histogram, without `+Inf`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<f64>,
    /// Maximum number of series; `None` for a metric of the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<Budget>,
    /// The functions that record it; empty inside of a [`FunctionView`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<String>,
    /// PromQL queries of it; empty inside of a [`FunctionView`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queries: Vec<QueryView>,
    /// The alerts that use it; empty inside of a [`FunctionView`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<AlertView>,
    /// The panels that show it; empty inside of a [`FunctionView`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub panels: Vec<PanelView>,
}

/// One label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelView {
    /// The label's name.
    pub name: String,
    /// Its possible values; empty if it has arbitrary values.
    pub values: Vec<String>,
    /// The expression that computes the value in each call, if the value is not fixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// A PromQL query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueryView {
    /// The name of its result, such as `rate` or `p95`.
    pub name: &'static str,
    /// The query.
    pub promql: String,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertView {
    /// The name.
    pub name: String,
    /// The severity, from `P0` (most urgent) to `P3`.
    pub severity: Option<&'static str>,
    /// The condition.
    pub promql: String,
    /// The duration for which the condition must be true, in Prometheus' format.
    pub hold: String,
    /// The annotation `summary`.
    pub summary: String,
}

/// A panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PanelView {
    /// The title of its row.
    pub row: String,
    /// Its title.
    pub title: String,
    /// Its address in Grafana.
    pub url: String,
}

impl Explainer<'_> {
    pub(super) fn function(&self, site: &SiteRecord) -> FunctionView {
        let family = self.catalog.family(&site.family);
        let metrics = family.map(|family| family.metrics.iter().map(move |it| of_site(site, family, it)));
        let metrics: Vec<MetricView> = metrics.into_iter().flatten().collect();
        FunctionView {
            function: path(site),
            attribute: site.attribute.clone(),
            place: place(site),
            facts: site.facts.clone(),
            objective: site.objective,
            series: metrics.iter().filter_map(|it| it.series).sum(),
            metrics,
            shares_with: self.shares_with(site),
            queries: family
                .map(|it| self.queries(it, None, |query| narrowed(&query, &fixed(site))))
                .unwrap_or_default(),
            alerts: family.map(|it| self.alerts(|query| is_about(query, it, Some(site)))).unwrap_or_default(),
            panels: family.map(|it| self.panels(|query| is_about(query, it, Some(site)))).unwrap_or_default(),
        }
    }

    fn shares_with(&self, site: &SiteRecord) -> Vec<String> {
        let groups = self.catalog.sharing().into_iter().filter(|it| !it.is_numbered).map(|it| it.functions);
        let own = groups.filter(|group| group.iter().any(|it| std::ptr::eq(*it, site)));
        let others = own.flatten().filter(|it| !std::ptr::eq(*it, site));
        others.map(|it| format!("{} ({})", path(it), place(it))).collect()
    }

    /// Describes the metric that this series belongs to.
    pub(super) fn metric(&self, series: &str) -> Option<MetricView> {
        let names = [series, series_of(series)];
        for family in &self.catalog.families {
            let found = family
                .metrics
                .iter()
                .find(|it| it.name == series || it.kind == Kind::Histogram && it.name == series_of(series));
            let Some(metric) = found else { continue };
            let used = UsedFamily { family, catalog: self.catalog };
            let only = |query: &Query| query.selectors().iter().any(|it| series_of(&it.metric) == metric.name);
            return Some(MetricView {
                labels: {
                    let own = metric.labels.iter().map(|it| of_family(&used, metric, it));
                    own.chain(added(&used)).chain(kinds(&used.sites(), metric)).collect()
                },
                series: Some(budget::of_metric(&used, metric, budget::MOST)),
                functions: used.sites().into_iter().map(path).collect(),
                queries: self.queries(family, Some(metric), |it| it),
                alerts: self.alerts(only),
                panels: self.panels(only),
                ..plain(metric)
            });
        }
        let metric = platform::ALL
            .iter()
            .find(|it| it.name == series || it.kind == Kind::Histogram && names.contains(&it.name))?;
        let only = |query: &Query| query.selectors().iter().any(|it| series_of(&it.metric) == metric.name);
        let label = |it: &&str| LabelView { name: (*it).to_owned(), values: Vec::new(), from: None };
        Some(MetricView {
            name: metric.name.to_owned(),
            kind: metric.kind,
            unit: None,
            help: metric.help.to_owned(),
            labels: metric.labels.iter().map(label).collect(),
            buckets: metric.buckets.to_vec(),
            series: None,
            functions: Vec::new(),
            queries: Vec::new(),
            alerts: self.alerts(only),
            panels: self.panels(only),
        })
    }

    /// The usual queries of a family. If a metric is given, only the queries of this metric.
    fn queries(
        &self,
        family: &FamilyRecord,
        metric: Option<&MetricRecord>,
        change: impl Fn(Query) -> Query,
    ) -> Vec<QueryView> {
        let used = UsedFamily { family, catalog: self.catalog };
        let by = used.labels();
        let quantile = |role, quantile| used.quantile(role, quantile, &by, Form::Plain);
        let questions = [
            ("rate", used.calls(&by, Form::Plain)),
            ("error ratio", used.error_ratio(&by, Form::Plain).or_else(|| used.failure_ratio(&by, Form::Plain))),
            ("p95", quantile(Role::Duration, 0.95)),
            ("p05", quantile(Role::Score, 0.05)),
            ("in flight", used.gauge(Role::InFlight, Aggregation::Sum, &used.labels_of(Role::InFlight))),
            ("hit ratio", used.hit_ratio(&by, Form::Plain)),
            ("newest", used.gauge(Role::LastScore, Aggregation::Minimum, &by)),
            ("newest", used.gauge(Role::Level, Aggregation::Average, &by)),
            ("rollbacks", used.rate(Role::Rollbacks, &by, Form::Plain)),
        ];
        let asks = |query: &Query| {
            metric.is_none_or(|metric| query.selectors().iter().any(|it| series_of(&it.metric) == metric.name))
        };
        let place = Place::Rules { job: &self.monitoring.job };
        let printed = questions.into_iter().filter_map(|(name, query)| {
            let query = query.filter(asks)?;
            Some(QueryView { name, promql: print_as(&change(query), place, self.monitoring.histograms) })
        });
        printed.collect()
    }

    fn alerts(&self, is_about: impl Fn(&Query) -> bool) -> Vec<AlertView> {
        let all = self.monitoring.alerts.iter().flat_map(|it| &it.rules);
        let place = Place::Rules { job: &self.monitoring.job };
        all.filter(|it| is_about(&it.query))
            .map(|rule| AlertView {
                name: rule.name.clone(),
                severity: rule.severity.map(measurand_catalog::Severity::as_str),
                promql: print_as(&rule.query, place, self.monitoring.histograms),
                hold: duration(rule.for_seconds),
                summary: rule.summary.as_str().to_owned(),
            })
            .collect()
    }

    fn panels(&self, is_about: impl Fn(&Query) -> bool) -> Vec<PanelView> {
        let all = self.monitoring.rows.iter().flat_map(|row| row.panels.iter().map(move |it| (row, it)));
        all.filter(|(_, panel)| panel.lines.iter().any(|it| is_about(&it.query)))
            .map(|(row, panel)| PanelView {
                row: row.title.clone(),
                title: panel.title.clone(),
                url: self.options.panel(&self.monitoring.job, panel.id),
            })
            .collect()
    }
}

fn plain(metric: &MetricRecord) -> MetricView {
    MetricView {
        name: metric.name.clone(),
        kind: metric.kind,
        unit: Some(metric.unit),
        help: metric.help.clone(),
        labels: Vec::new(),
        buckets: metric.buckets.clone(),
        series: None,
        functions: Vec::new(),
        queries: Vec::new(),
        alerts: Vec::new(),
        panels: Vec::new(),
    }
}

fn of_site(site: &SiteRecord, family: &FamilyRecord, metric: &MetricRecord) -> MetricView {
    let label = |name: &String| {
        let known = family.labels.iter().find(|it| it.name == *name);
        LabelView {
            name: name.clone(),
            values: match (site.labels.get(name), known) {
                (Some(value), _) => vec![value.clone()],
                (None, Some(known)) => known.values.clone(),
                (None, None) => extra(metric, name),
            },
            from: site.expressions.get(name).cloned(),
        }
    };
    let added = ADDED_LABELS.into_iter().filter(|name| family.label(name).is_none());
    let added = added.filter_map(|name| site.given_labels().find(|it| it.0 == name));
    let added = added.map(|(name, value)| literal(name, vec![value.to_owned()]));
    let caller = site.expressions.get(CALLER_LABEL);
    let caller = caller.map(|from| LabelView { from: Some(from.clone()), ..literal(CALLER_LABEL, Vec::new()) });
    MetricView {
        labels: metric.labels.iter().map(label).chain(caller).chain(added).chain(kinds(&[site], metric)).collect(),
        series: Some(budget::of_site(site, family, metric)),
        ..plain(metric)
    }
}

fn literal(name: &str, values: Vec<String>) -> LabelView {
    LabelView { name: name.to_owned(), values, from: None }
}

/// The labels that functions with an objective add.
fn added(family: &UsedFamily<'_>) -> impl Iterator<Item = LabelView> {
    let names = ADDED_LABELS.into_iter().filter(|name| family.family.label(name).is_none());
    names.filter_map(|name| {
        let sites = family.sites();
        let given = sites.iter().flat_map(|it| it.given_labels()).filter(|it| it.0 == name);
        let values: BTreeSet<&str> = given.map(|it| it.1).collect();
        (!values.is_empty()).then(|| literal(name, values.into_iter().map(str::to_owned).collect()))
    })
}

/// The label with the error kinds.
fn kinds(sites: &[&SiteRecord], metric: &MetricRecord) -> Option<LabelView> {
    let known: BTreeSet<&String> = sites.iter().flat_map(|it| &it.error_kinds).collect();
    let unknown = sites.iter().any(|it| it.unknown_error_kinds);
    (metric.role == Role::Errors && (unknown || !known.is_empty())).then(|| LabelView {
        from: unknown.then(|| UNKNOWN_KINDS.to_owned()),
        ..literal(KIND_LABEL, known.into_iter().cloned().collect())
    })
}

/// The source of error kinds whose list is unknown, in place of the label's expression.
const UNKNOWN_KINDS: &str = "ErrorKind::kind, without `ErrorKinds` the values are unknown";

/// The label with the values of all functions of the family.
fn of_family(family: &UsedFamily<'_>, metric: &MetricRecord, name: &str) -> LabelView {
    let known = family.family.labels.iter().find(|it| it.name == name);
    let sites = family.sites();
    let mut values: Vec<String> = sites.iter().filter_map(|it| it.labels.get(name).cloned()).collect();
    values.sort();
    values.dedup();
    let open = sites.iter().find(|it| !it.labels.contains_key(name));
    LabelView {
        name: name.to_owned(),
        values: match known {
            None => extra(metric, name),
            Some(known) if open.is_some() => known.values.clone(),
            Some(_) => values,
        },
        from: open.and_then(|it| it.expressions.get(name).cloned()).filter(|_| known.is_some()),
    }
}

fn extra(metric: &MetricRecord, name: &str) -> Vec<String> {
    let extra = metric.role.extra_label().filter(|it| it.name == name);
    extra.map(|it| it.values.iter().map(|it| (*it).to_owned()).collect()).unwrap_or_default()
}
