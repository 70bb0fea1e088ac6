//! A family that the program uses, and the queries for its roles.

use crate::model::Unit;
use crate::query::promql::{RULE_WINDOW_SECONDS, duration};
use crate::query::{Aggregation, Query, Selector, Window};
use measurand_catalog::family::{STATUS_LABEL, STATUSES};
use measurand_catalog::{Catalog, FamilyRecord, MetricRecord, Role, SiteRecord};

/// A family with its annotated functions.
#[derive(Debug, Clone, Copy)]
pub struct UsedFamily<'a> {
    pub family: &'a FamilyRecord,
    pub catalog: &'a Catalog,
}

/// The source of a query's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The samples: for dashboards, which select instances.
    Plain,
    /// A recording rule: for alerts and for single numbers, which are about the whole job.
    Recorded,
}

/// Returns the families with at least one annotated function, in the catalog's order.
pub fn used(catalog: &Catalog) -> Vec<UsedFamily<'_>> {
    let has_sites = |it: &&FamilyRecord| catalog.sites_of(&it.name).next().is_some();
    catalog.families.iter().filter(has_sites).map(|family| UsedFamily { family, catalog }).collect()
}

impl<'a> UsedFamily<'a> {
    pub fn sites(&self) -> Vec<&'a SiteRecord> {
        self.catalog.sites_of(&self.family.name).collect()
    }

    /// Returns the names of the family's labels.
    pub fn labels(&self) -> Vec<String> {
        self.family.labels.iter().map(|it| it.name.clone()).collect()
    }

    /// Returns the names of the family's labels, and a label that a role adds.
    pub fn labels_and(&self, extra: &str) -> Vec<String> {
        let mut labels = self.labels();
        labels.push(extra.to_owned());
        labels
    }

    /// Returns the label names of the metric with this role. The gauge of calls in flight lacks labels whose values are
    /// known only at the end of a call.
    pub fn labels_of(&self, role: Role) -> Vec<String> {
        self.metric(role).map_or_else(Vec::new, |it| it.labels.clone())
    }

    /// Returns the unit of the metric with this role.
    pub fn unit(&self, role: Role) -> Option<Unit> {
        self.metric(role).map(|metric| match metric.unit {
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

    /// Returns the per-second growth of the counter with this role.
    pub fn rate(&self, role: Role, by: &[String], form: Form) -> Option<Query> {
        self.metric(role).map(|it| rate(&it.name, by, form))
    }

    /// Returns calls per second, from the first of the family's metrics that counts calls.
    pub fn calls(&self, by: &[String], form: Form) -> Option<Query> {
        self.rate(Role::Calls, by, form)
            .or_else(|| self.metric(Role::Duration).map(|it| rate(&format!("{}_count", it.name), by, form)))
            .or_else(|| self.verdicts(by, form))
            .or_else(|| self.rate(Role::Completions, by, form))
            .or_else(|| self.rate(Role::Successes, by, form))
            .or_else(|| self.lookups(by, form))
            .or_else(|| self.metric(Role::Score).map(|it| rate(&format!("{}_count", it.name), by, form)))
    }

    /// Returns errors per second by these labels.
    pub fn errors(&self, by: &[&str]) -> Option<Query> {
        let by: Vec<String> = by.iter().map(|it| (*it).to_owned()).collect();
        self.rate(Role::Errors, &by, Form::Plain)
    }

    /// Returns successes plus failures per second. If one of them has no series, it counts as zero.
    fn verdicts(&self, by: &[String], form: Form) -> Option<Query> {
        let (good, bad) = (self.rate(Role::Successes, by, form)?, self.rate(Role::Failures, by, form)?);
        let both = Query::Plus(vec![good.clone().or_zero(bad.clone()), bad.or_zero(good)]);
        Some(self.kept(both, Role::Failures, by, "verdicts_rate", form))
    }

    /// Returns the share of calls whose outcome is not `ok`.
    pub fn error_ratio(&self, by: &[String], form: Form) -> Option<Query> {
        let ratio = self.rate(Role::Errors, by, form)?.share_of(self.calls(by, form)?);
        Some(self.kept(ratio, Role::Errors, by, "ratio_rate", form))
    }

    /// Returns the share of failures among successes and failures.
    pub fn failure_ratio(&self, by: &[String], form: Form) -> Option<Query> {
        let ratio = self.rate(Role::Failures, by, form)?.share_of(self.verdicts(by, form)?);
        Some(self.kept(ratio, Role::Failures, by, "ratio_rate", form))
    }

    /// Returns the share of successes among successes and failures.
    pub fn success_ratio(&self, by: &[String]) -> Option<Query> {
        Some(self.rate(Role::Successes, by, Form::Plain)?.share_of(self.verdicts(by, Form::Plain)?))
    }

    /// Returns completions per second by the family's labels and by status.
    pub fn completions(&self) -> Option<Query> {
        self.rate(Role::Completions, &self.labels_and(STATUS_LABEL), Form::Plain)
    }

    /// Returns the share of failed completions over the last hour, without a value if there are none; and their number
    /// per second.
    pub fn failed_completions(&self) -> Option<(Query, Query)> {
        let (all, by) = (self.selector(Role::Completions)?, self.labels());
        let [_, failure] = STATUSES;
        let hour = Window::Seconds(3600);
        let failed = all.clone().with(STATUS_LABEL, failure);
        let count = |it| Query::Increase(it, hour).sum(&by);
        Some((count(failed.clone()).part_of(count(all)), Query::Rate(failed, hour).sum(&by)))
    }

    /// Returns the level of each combination of labels over all instances: amounts are summed, shares and times are
    /// averaged.
    pub fn level(&self, read: fn(Selector) -> Query) -> Option<Query> {
        let mean = matches!(self.unit(Role::Level)?, Unit::Share | Unit::Seconds);
        let aggregation = if mean { Aggregation::Average } else { Aggregation::Sum };
        self.selector(Role::Level).map(|it| read(it).aggregate(aggregation, &self.labels()))
    }

    /// Returns the counter that grows by one with each call: calls, or successes if only they are counted.
    pub fn counter(&self) -> Option<&'a MetricRecord> {
        self.metric(Role::Calls).or_else(|| self.metric(Role::Successes))
    }

    /// Returns hits plus misses per second. If one of them has no series, it counts as zero.
    pub fn lookups(&self, by: &[String], form: Form) -> Option<Query> {
        let (hits, misses) = (self.rate(Role::Hits, by, form)?, self.rate(Role::Misses, by, form)?);
        let both = Query::Plus(vec![hits.clone().or_zero(misses.clone()), misses.or_zero(hits)]);
        Some(self.kept(both, Role::Hits, by, "lookups_rate", form))
    }

    /// Returns the share of look-ups that are hits.
    pub fn hit_ratio(&self, by: &[String], form: Form) -> Option<Query> {
        let ratio = self.rate(Role::Hits, by, form)?.share_of(self.lookups(by, form)?);
        Some(self.kept(ratio, Role::Hits, by, "ratio_rate", form))
    }

    /// Returns the query; for [`Form::Recorded`], recorded under a name made from the metric with this role.
    fn kept(&self, query: Query, role: Role, by: &[String], operation: &str, form: Form) -> Query {
        match (form, self.metric(role)) {
            (Form::Recorded, Some(it)) => query.recorded(recorded_name(by, &[], &it.name, operation)),
            _ => query,
        }
    }

    /// Returns a quantile of the histogram with this role.
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

    /// Returns the newest value of a gauge.
    pub fn gauge(&self, role: Role, aggregation: Aggregation, by: &[String]) -> Option<Query> {
        self.selector(role).map(|it| Query::Instant(it).aggregate(aggregation, by))
    }

    /// Returns the growth of a counter within a window.
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

/// Returns a name in the form `level:metric:operations`, which the documentation of Prometheus recommends.
fn recorded_name(by: &[String], more: &[&str], series: &str, operation: &str) -> String {
    let mut level = vec!["job"];
    level.extend(by.iter().map(String::as_str));
    level.extend(more);
    let metric = series.strip_suffix("_total").unwrap_or(series);
    format!("{}:{metric}:{operation}{}", level.join("_"), duration(RULE_WINDOW_SECONDS))
}
