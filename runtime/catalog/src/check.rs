//! Checks every catalog, from any source: names are legal, prose is clean, numbers make sense, and every site has its
//! family. Generators rely on these checks: a hostile catalog cannot put PromQL, YAML or a terminal's escape sequence
//! into their files.
//!
//! An invalid name is an error, since a cleaned name would be another name. Prose is cleaned.
//! Each reason is a predicate; the caller adds the subject.

use crate::catalog::{AlertRecord, Catalog, FamilyRecord, LabelRecord, MetricRecord, Objective, SiteRecord};
use crate::condition::{Buckets, Condition};
use crate::definition::{self, Definition, is_function};
use crate::family::{ADDED_LABELS, FUNCTION_LABEL, Kind, MODULE_LABEL, Role, Unit, is_reserved};
use crate::names::is_name;
use crate::record::{clean, is_text};
use crate::text::shown;
use std::collections::{BTreeMap, HashSet};

/// Most Prometheus servers accept fewer. With this limit, labels times metrics stays small.
const LABELS_MAX: usize = 32;

/// The value of each site is looked up in this list.
const VALUES_MAX: usize = 1000;

impl Catalog {
    /// Joins families and sites that were checked separately. The order does not depend on the linker.
    ///
    /// `fail` gets the number and the error of each site that does not fit. It returns the error, or leaves the site
    /// out.
    pub(crate) fn join<E>(
        mut families: BTreeMap<String, FamilyRecord>,
        sites: Vec<(usize, SiteRecord)>,
        fail: &mut dyn FnMut((usize, String)) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut joined = Vec::with_capacity(sites.len());
        for (number, site) in sites {
            match families.get_mut(&site.family).map_or_else(|| Err(without_family(&site)), |it| it.take(&site)) {
                Ok(()) => joined.push(site),
                Err(reason) => fail((number, reason))?,
            }
        }
        let used: HashSet<&str> = joined.iter().map(|it| it.family.as_str()).collect();
        families.retain(|name, _| used.contains(name.as_str()));
        joined.sort_by(|a, b| a.order().cmp(&b.order()));
        joined.dedup();
        number(&mut joined);
        separate(&families, &mut joined);
        joined.sort_by(|a, b| a.order().cmp(&b.order()));
        Ok(Self { format: Self::FORMAT, families: families.into_values().collect(), sites: joined })
    }
}

fn without_family(site: &SiteRecord) -> String {
    format!("names the family `{}`, which has no record; link the crate that defines it", site.family)
}

/// Gives functions without an objective series apart from those with one: their labels `function` and `module` are
/// empty, which is the same as missing.
fn separate(families: &BTreeMap<String, FamilyRecord>, sites: &mut [SiteRecord]) {
    let own = |site: &SiteRecord| families.get(&site.family).is_some_and(|it| it.label(FUNCTION_LABEL).is_some());
    let has = |site: &&SiteRecord| site.labels.get(FUNCTION_LABEL).is_some_and(|it| !it.is_empty()) && !own(site);
    let separated: HashSet<String> = sites.iter().filter(has).map(|it| it.family.clone()).collect();
    for site in sites.iter_mut().filter(|it| separated.contains(&it.family)) {
        for label in [FUNCTION_LABEL, MODULE_LABEL] {
            site.labels.entry(label.to_owned()).or_default();
        }
    }
}

/// Numbers functions with identical names; see [`crate::definition`].
fn number(sites: &mut [SiteRecord]) {
    let mut groups: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, site) in sites.iter().enumerate() {
        if is_function(&site.attribute) && site.has_own_name() {
            groups.entry((&site.family, &site.module, &site.function)).or_default().push(index);
        }
    }
    let mut numbered = Vec::new();
    for group in groups.values_mut().filter(|group| group.len() > 1) {
        group.sort_by(|a, b| sites[*a].definition().cmp(&sites[*b].definition()));
        numbered.extend(group.iter().enumerate().map(|(place, index)| (*index, place + 1)));
    }
    for (index, number) in numbered {
        let site = &mut sites[index];
        site.function = definition::numbered(&site.function, number);
        if let Some(label) = site.labels.get_mut(FUNCTION_LABEL) {
            label.clone_from(&site.function);
        }
    }
    for site in sites {
        site.facts.remove(definition::EXPANSION);
    }
}

impl SiteRecord {
    /// All fields, so that sites on one line have a fixed order.
    fn order(&self) -> impl Ord {
        let Self {
            krate,
            version,
            module,
            function,
            file,
            line,
            attribute,
            family,
            labels,
            expressions,
            error_kinds,
            unknown_error_kinds,
            objective,
            facts,
        } = self;
        let objective = objective.map(|promise| {
            let latency = promise.latency.map(|it| (it.seconds.to_bits(), it.share.to_bits()));
            (promise.success.map(f64::to_bits), latency)
        });
        let kinds = (error_kinds, unknown_error_kinds);
        (
            krate,
            module,
            line,
            function,
            attribute,
            version,
            file,
            family,
            labels,
            expressions,
            (objective, kinds),
            facts,
        )
    }

    fn definition(&self) -> Definition<'_> {
        let expansion = self.facts.get(definition::EXPANSION).and_then(|it| it.parse().ok()).unwrap_or_default();
        Definition { krate: &self.krate, version: &self.version, file: &self.file, line: self.line, expansion }
    }

    /// Checks everything that does not depend on the family.
    pub(crate) fn check(&mut self) -> Result<(), String> {
        let named = [
            ("crate", &self.krate),
            ("version", &self.version),
            ("module", &self.module),
            ("function", &self.function),
            ("attribute", &self.attribute),
            ("family", &self.family),
        ];
        for (key, value) in named {
            if value.is_empty() || !is_line(value) {
                return Err(format!("has the invalid {key} `{}`", shown(value)));
            }
        }
        legal("family", &self.family)?;
        for (label, value) in &self.labels {
            legal("label", label)?;
            line("label", value)?;
        }
        for (label, expression) in &mut self.expressions {
            legal("label", label)?;
            *expression = clean(expression);
        }
        self.error_kinds.iter().try_for_each(|it| line("error kind", it))?;
        self.error_kinds.sort();
        self.error_kinds.dedup();
        if let Some(objective) = &self.objective {
            let shares = [objective.success, objective.latency.map(|it| it.share)];
            let inside = |it: f64| it > 0.0 && it < 1.0;
            let seconds = objective.latency.map_or(1.0, |it| it.seconds);
            if !(shares.into_iter().flatten().all(inside) && seconds.is_finite() && seconds > 0.0) {
                return Err("has an objective with an impossible share or duration".to_owned());
            }
        }
        self.facts.keys().try_for_each(|key| line("key", key))?;
        self.facts.values_mut().for_each(|it| *it = clean(it));
        // A directory may have any name, and its user may be unable to rename it.
        self.file.retain(is_text);
        Ok(())
    }
}

impl FamilyRecord {
    /// Checks the rules of [`crate::Family::check`], and the fields that follow from others.
    pub(crate) fn check(&mut self) -> Result<(), String> {
        legal("family", &self.name)?;
        self.title.retain(is_text);
        self.help = clean(&self.help);
        if self.labels.len() > LABELS_MAX {
            return Err(format!("has {} labels, which is more than {LABELS_MAX}", self.labels.len()));
        }
        unique("label", self.labels.iter().map(|it| it.name.as_str()))?;
        unique("metric", self.metrics.iter().map(|it| it.name.as_str()))?;
        unique("role", self.metrics.iter().map(|it| it.role.as_str()))?;
        self.labels.iter().try_for_each(|it| check_label(it, &self.metrics))?;
        for metric in &mut self.metrics {
            check_metric(metric, &self.labels)
                .map_err(|reason| format!("has the metric `{}`, {reason}", metric.name))?;
        }
        unique("alert", self.alerts.iter().map(|it| it.name.as_str()))?;
        for alert in &mut self.alerts {
            check_alert(alert)?;
        }
        self.alerts.iter().try_for_each(|alert| {
            let checked = self.check_condition(&alert.condition);
            let reason = |it: &str| it.lines().next().unwrap_or_default().to_owned();
            checked.map_err(|it| format!("has the alert `{}`, which cannot be evaluated: {}", alert.name, reason(it)))
        })
    }

    /// Checks a site against its family, and gives the family the bucket that the site's objective needs.
    fn take(&mut self, site: &SiteRecord) -> Result<(), String> {
        if let Some(label) = site.labels.keys().find(|it| site.expressions.contains_key(*it)) {
            return Err(format!("has both a value and an expression for the label `{label}`"));
        }
        let unknown = |it: &&String| self.label(it).is_none() && !ADDED_LABELS.contains(&it.as_str());
        if let Some(label) = site.labels.keys().chain(site.expressions.keys()).find(unknown) {
            return Err(format!("has the label `{label}`, which the family `{}` lacks", self.name));
        }
        for (label, value) in &site.labels {
            let values = self.label(label).map_or(&[][..], |it| &it.values);
            if !values.is_empty() && !values.contains(value) {
                let value = shown(value);
                return Err(format!("has the value `{value}`, which the label `{label}` does not allow"));
            }
        }
        site.objective.as_ref().map_or(Ok(()), |it| self.add_objective(it))
    }

    /// Makes the threshold of an objective a bucket, so that fast calls are counted exactly. All series of the family
    /// get the bucket: series of one metric with different buckets cannot be added up.
    fn add_objective(&mut self, objective: &Objective) -> Result<(), String> {
        if objective.success.is_some() && self.metric(Role::Errors).is_none() {
            return Err(format!("has an objective for success, but the family `{}` counts no errors", self.name));
        }
        let Some(latency) = objective.latency else { return Ok(()) };
        let Some(metric) = self.metrics.iter_mut().find(|it| it.role == Role::Duration) else {
            return Err(format!("has an objective for latency, but the family `{}` measures no duration", self.name));
        };
        if let Err(place) = metric.buckets.binary_search_by(|it| it.total_cmp(&latency.seconds)) {
            metric.buckets.insert(place, latency.seconds);
        }
        Ok(())
    }

    /// Checks that the family's metrics can evaluate the condition.
    ///
    /// # Errors
    /// If a metric is missing or the threshold is invalid. The second line of the reason, if any, is an example.
    pub fn check_condition(&self, condition: &Condition) -> Result<(), &'static str> {
        let mut buckets: Buckets<'_> = [None; Role::ALL.len()];
        for metric in &self.metrics {
            buckets[metric.role as usize] = Some(&metric.buckets);
        }
        condition.check(&buckets)
    }
}

fn check_label(label: &LabelRecord, metrics: &[MetricRecord]) -> Result<(), String> {
    legal("label", &label.name)?;
    let mut added = metrics.iter().filter_map(|it| it.role.extra_label());
    if is_reserved(&label.name) || added.any(|it| it.name == label.name) {
        return Err(format!("has the label `{}`, which is reserved", label.name));
    }
    if label.values.len() > VALUES_MAX {
        return Err(format!(
            "has {} values of the label `{}`, which is more than {VALUES_MAX}",
            label.values.len(),
            label.name
        ));
    }
    label.values.iter().try_for_each(|it| line("value", it))
}

fn check_metric(metric: &mut MetricRecord, labels: &[LabelRecord]) -> Result<(), String> {
    // The caller puts the name into a message.
    if !is_name(&metric.name) {
        metric.name = shown(&metric.name);
        return Err("whose name must consist of a-z, 0-9 and `_`".to_owned());
    }
    metric.help = clean(&metric.help);
    let plain = MetricRecord::new(metric.name.clone(), metric.role, labels);
    let counter = metric.kind == Kind::Counter;
    let increasing = metric.buckets.is_sorted_by(|a, b| a < b) && metric.buckets.iter().all(|it| it.is_finite());
    let rules = [
        (plain.kind == metric.kind && plain.unit == metric.unit, "whose kind or unit differs from that of its role"),
        (plain.labels == metric.labels, "whose labels differ from those of its family"),
        (counter == metric.name.ends_with("_total"), "but a counter, and no other metric, must end in `_total`"),
        (metric.unit != Unit::Seconds || metric.name.ends_with("_seconds"), "whose name must end in `_seconds`"),
        (
            (metric.kind == Kind::Histogram) != metric.buckets.is_empty(),
            "but a histogram, and no other metric, must have buckets",
        ),
        (increasing, "whose buckets are not in increasing order"),
    ];
    rules.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, reason)| Err((*reason).to_owned()))
}

fn check_alert(alert: &mut AlertRecord) -> Result<(), String> {
    let starts = alert.name.starts_with(|it: char| it.is_ascii_alphabetic());
    if !starts || !alert.name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_') {
        return Err(format!(
            "has the alert `{}`, whose name must consist of letters, digits and `_`",
            shown(&alert.name)
        ));
    }
    alert.summary = clean(&alert.summary);
    alert.impact = clean(&alert.impact);
    Ok(())
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(format!("has the {what} `{}` twice", shown(name)));
        }
    }
    Ok(())
}

fn legal(what: &str, name: &str) -> Result<(), String> {
    if is_name(name) {
        Ok(())
    } else {
        Err(format!("has the {what} `{}`, whose name must consist of a-z, 0-9 and `_`", shown(name)))
    }
}

fn line(what: &str, text: &str) -> Result<(), String> {
    if is_line(text) { Ok(()) } else { Err(format!("has a control character in the {what} `{}`", shown(text))) }
}

fn is_line(text: &str) -> bool {
    text.chars().all(is_text)
}
