//! A family that the program uses, and the terms that its roles give.

use crate::model::Unit;
use crate::query::promql::{RULE_WINDOW_SECONDS, duration};
use crate::query::{Aggregation, Query, Selector, Window};
use measurand_catalog::family::{OUTCOME_LABEL, STATUS_LABEL, STATUSES};
use measurand_catalog::{Catalog, FamilyRecord, MetricRecord, Role, SiteRecord};

/// A family with its annotated functions.
#[derive(Debug, Clone, Copy)]
pub struct UsedFamily<'a> {
    pub family: &'a FamilyRecord,
    pub catalog: &'a Catalog,
}

/// Whether a term is answered from recorded series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// From the samples: for dashboards, which select instances.
    Plain,
    /// From a recording rule: for alerts, which look at the whole job.
    Recorded,
}

/// The families with at least one annotated function, in the catalog's order.
pub fn used(catalog: &Catalog) -> Vec<UsedFamily<'_>> {
    let has_sites = |it: &&FamilyRecord| catalog.sites_of(&it.name).next().is_some();
    catalog.families.iter().filter(has_sites).map(|family| UsedFamily { family, catalog }).collect()
}

impl<'a> UsedFamily<'a> {
    pub fn sites(&self) -> Vec<&'a SiteRecord> {
        self.catalog.sites_of(&self.family.name).collect()
    }

    /// The names of the family's labels.
    pub fn labels(&self) -> Vec<String> {
        self.family.labels.iter().map(|it| it.name.clone()).collect()
    }

    /// The names of the family's labels, and one that a role adds.
    pub fn labels_and(&self, extra: &str) -> Vec<String> {
        let mut labels = self.labels();
        labels.push(extra.to_owned());
        labels
    }

    /// The names of the labels of the metric with this role: the gauge of calls in flight lacks those that are known only at
    /// the end of a call.
    pub fn labels_of(&self, role: Role) -> Vec<String> {
        self.metric(role).map_or_else(Vec::new, |it| it.labels.clone())
    }

    /// What a value of the metric with this role means.
    pub fn unit(&self, role: Role) -> Option<Unit> {
        self.metric(role).map(|it| match it.unit {
            measurand_catalog::Unit::Count => Unit::Count,
            measurand_catalog::Unit::Seconds => Unit::Seconds,
            measurand_catalog::Unit::Ratio => Unit::Share,
            measurand_catalog::Unit::Bytes => Unit::Bytes,
        })
    }

    pub fn metric(&self, role: Role) -> Option<&'a MetricRecord> {
        self.family.metric(role)
    }

    pub fn selector(&self, role: Role) -> Option<Selector> {
        self.metric(role).map(|it| Selector::new(&it.name))
    }

    /// How often per second the counter with this role grows.
    pub fn rate(&self, role: Role, by: &[String], form: Form) -> Option<Query> {
        self.metric(role).map(|it| rate(&it.name, by, form))
    }

    /// Calls per second: from their own counter, from the durations, or from the verdicts.
    pub fn calls(&self, by: &[String], form: Form) -> Option<Query> {
        self.rate(Role::Calls, by, form)
            .or_else(|| self.metric(Role::Duration).map(|it| rate(&format!("{}_count", it.name), by, form)))
            .or_else(|| self.verdicts(by, form))
            .or_else(|| self.rate(Role::Completions, by, form))
            .or_else(|| self.rate(Role::Successes, by, form))
            .or_else(|| self.lookups(by, form))
            .or_else(|| self.metric(Role::Score).map(|it| rate(&format!("{}_count", it.name), by, form)))
    }

    /// Errors per second by outcome.
    pub fn outcomes(&self) -> Option<Query> {
        self.rate(Role::Errors, &[OUTCOME_LABEL.to_owned()], Form::Plain)
    }

    /// Successes and failures per second; whichever is missing counts as zero.
    fn verdicts(&self, by: &[String], form: Form) -> Option<Query> {
        let (good, bad) = (self.rate(Role::Successes, by, form)?, self.rate(Role::Failures, by, form)?);
        let both = Query::Plus(vec![good.clone().or_zero(bad.clone()), bad.or_zero(good)]);
        Some(self.kept(both, Role::Failures, by, "verdicts_rate", form))
    }

    /// The share of calls that did not end `ok`.
    pub fn error_ratio(&self, by: &[String], form: Form) -> Option<Query> {
        let ratio = self.rate(Role::Errors, by, form)?.share_of(self.calls(by, form)?);
        Some(self.kept(ratio, Role::Errors, by, "ratio_rate", form))
    }

    /// The share of verdicts that are failures.
    pub fn failure_ratio(&self, by: &[String], form: Form) -> Option<Query> {
        let ratio = self.rate(Role::Failures, by, form)?.share_of(self.verdicts(by, form)?);
        Some(self.kept(ratio, Role::Failures, by, "ratio_rate", form))
    }

    /// The share of verdicts that are successes.
    pub fn success_ratio(&self, by: &[String]) -> Option<Query> {
        Some(self.rate(Role::Successes, by, Form::Plain)?.share_of(self.verdicts(by, Form::Plain)?))
    }

    /// Completions per second by the family's labels and by status.
    pub fn completions(&self) -> Option<Query> {
        self.rate(Role::Completions, &self.labels_and(STATUS_LABEL), Form::Plain)
    }

    /// The share of completions whose status is a failure, over the last hour, where there are any; and their number.
    pub fn failed_completions(&self) -> Option<(Query, Query)> {
        let (all, by) = (self.selector(Role::Completions)?, self.labels());
        let [_, failure] = STATUSES;
        let hour = Window::Seconds(3600);
        let failed = Query::Increase(all.clone().with(STATUS_LABEL, failure), hour).sum(&by);
        Some((failed.clone().part_of(Query::Increase(all, hour).sum(&by)), failed))
    }

    /// The level of each combination of labels over all instances: amounts add up, shares and times are averaged.
    pub fn level(&self, read: fn(Selector) -> Query) -> Option<Query> {
        let mean = matches!(self.unit(Role::Level)?, Unit::Share | Unit::Seconds);
        let aggregation = if mean { Aggregation::Average } else { Aggregation::Sum };
        self.selector(Role::Level).map(|it| read(it).aggregate(aggregation, &self.labels()))
    }

    /// What grows by one with each call: calls, or what ended well where only that is counted.
    pub fn counter(&self) -> Option<&'a MetricRecord> {
        self.metric(Role::Calls).or_else(|| self.metric(Role::Successes))
    }

    /// Hits and misses per second; whichever is missing counts as zero.
    pub fn lookups(&self, by: &[String], form: Form) -> Option<Query> {
        let (hits, misses) = (self.rate(Role::Hits, by, form)?, self.rate(Role::Misses, by, form)?);
        let both = Query::Plus(vec![hits.clone().or_zero(misses.clone()), misses.or_zero(hits)]);
        Some(self.kept(both, Role::Hits, by, "lookups_rate", form))
    }

    /// The share of look-ups that found something.
    pub fn hit_ratio(&self, by: &[String], form: Form) -> Option<Query> {
        let ratio = self.rate(Role::Hits, by, form)?.share_of(self.lookups(by, form)?);
        Some(self.kept(ratio, Role::Hits, by, "ratio_rate", form))
    }

    /// The term, recorded under the name of the metric with this role if it is to be recorded.
    fn kept(&self, query: Query, role: Role, by: &[String], operation: &str, form: Form) -> Query {
        match (form, self.metric(role)) {
            (Form::Recorded, Some(it)) => query.recorded(recorded_name(by, &[], &it.name, operation)),
            _ => query,
        }
    }

    /// A quantile of the histogram with this role.
    pub fn quantile(&self, role: Role, quantile: f64, by: &[String], form: Form) -> Option<Query> {
        let metric = self.metric(role)?;
        let buckets = Query::Buckets(by.to_vec(), Selector::new(&metric.name), Window::Recent);
        let buckets = match form {
            Form::Plain => buckets,
            Form::Recorded => buckets.recorded(recorded_name(by, &["le"], &format!("{}_bucket", metric.name), "rate")),
        };
        Some(buckets.quantile(quantile))
    }

    pub fn heatmap(&self, role: Role) -> Option<Query> {
        self.selector(role).map(|it| Query::Heatmap(it, Window::Recent))
    }

    /// The newest value of a gauge.
    pub fn gauge(&self, role: Role, aggregation: Aggregation, by: &[String]) -> Option<Query> {
        self.selector(role).map(|it| Query::Instant(it).aggregate(aggregation, by))
    }

    /// How much a counter grew.
    pub fn increase(&self, role: Role, by: &[String], window: Window) -> Option<Query> {
        self.selector(role).map(|it| Query::Increase(it, window).sum(by))
    }
}

fn rate(series: &str, by: &[String], form: Form) -> Query {
    let plain = Query::Rate(Selector::new(series), Window::Recent).sum(by);
    match form {
        Form::Plain => plain,
        Form::Recorded => plain.recorded(recorded_name(by, &[], series, "rate")),
    }
}

/// `level:metric:operations`, as the documentation of Prometheus asks for.
fn recorded_name(by: &[String], more: &[&str], series: &str, operation: &str) -> String {
    let mut level = vec!["job"];
    level.extend(by.iter().map(String::as_str));
    level.extend(more);
    let metric = series.strip_suffix("_total").unwrap_or(series);
    format!("{}:{metric}:{operation}{}", level.join("_"), duration(RULE_WINDOW_SECONDS))
}
