//! The keys of a series' metrics, as the `metrics` facade takes them.

use crate::hit_rate::HitRate;
use crate::record::Record;
use measurand_catalog::{Family, PANICS, Role, SITE_TARGET, kinds_of};
use metrics::{Key, Label, Level, Metadata};

/// The keys of a series. They are the same on every recorder and are created once.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) family: &'static Family,
    /// Whether a label comes from the result of the call.
    pub(crate) is_open_ended: bool,
    pub(crate) metadata: Metadata<'static>,
    /// The record of the site that lists the kinds of errors.
    site: Record,
    /// The keys of the family's metrics, each with its role and the index of its extra label's value.
    all: Vec<(Role, usize, Key)>,
    /// The hits and misses of the cache that the series is about.
    pub(crate) hit_rate: Option<&'static HitRate>,
}

/// The metadata of calls that are counted but not timed. A recorder that counts the calls of annotated functions by
/// their durations must not do so for these.
pub(crate) static UNTIMED: Metadata<'static> = Metadata::new("measurand::untimed", Level::INFO, None);

/// The counter of panics in a family that counts no errors by outcome. `None` if it counts them.
pub(crate) fn panics(family: &Family) -> Option<(Key, Metadata<'static>)> {
    let key = || Key::from_parts(PANICS, vec![Label::new("family", family.name)]);
    family.metric(Role::Errors).is_none().then(|| (key(), Metadata::new(SITE_TARGET, Level::INFO, None)))
}

impl Keys {
    pub(crate) fn new(
        family: &'static Family,
        labels: impl Iterator<Item = (&'static str, &'static str)>,
        is_open_ended: bool,
        module: Option<&'static str>,
        site: Record,
    ) -> Self {
        // Prometheus treats an empty label value as a missing label, so series with and without it would be one.
        let labels = labels.filter(|(_, value)| !value.is_empty());
        let labels: Vec<Label> = labels.map(|(name, value)| Label::from_static_parts(name, value)).collect();
        let is_from_result = |name: &str| family.labels.iter().any(|it| it.from_result && it.name == name);
        let mut all = Vec::new();
        // While a label from the result is unknown, the series records only the number of calls in flight.
        for metric in family.metrics.iter().filter(|it| !is_open_ended || it.role == Role::InFlight) {
            let known = labels.iter().filter(|it| metric.role != Role::InFlight || !is_from_result(it.key()));
            let known: Vec<Label> = known.cloned().collect();
            let extra = metric.role.extra_label();
            let values = extra.map_or(&[""][..], |it| it.values);
            for (index, value) in values.iter().enumerate() {
                let extra = extra.map(|it| Label::from_static_parts(it.name, value));
                let labels: Vec<Label> = known.iter().cloned().chain(extra).collect();
                all.push((metric.role, index, Key::from_parts(metric.name, labels)));
            }
        }
        let cache = labels.iter().flat_map(|it| [it.key(), it.value()]).collect::<Vec<_>>().join("\0");
        Self {
            family,
            is_open_ended,
            metadata: Metadata::new(SITE_TARGET, Level::INFO, module),
            site,
            all,
            hit_rate: family.metric(Role::HitRate).map(|_| HitRate::of(cache)),
        }
    }

    pub(crate) fn get(&self, role: Role, value: usize) -> Option<&Key> {
        self.all.iter().find(|it| (it.0, it.1) == (role, value)).map(|it| &it.2)
    }

    /// The kinds of errors that are known before the first call.
    pub(crate) fn error_kinds(&self) -> Vec<&'static str> {
        let mut kinds: Vec<&'static str> = kinds_of(self.site).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}
