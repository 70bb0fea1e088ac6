//! What a site records into: kept handles on one recorder, or a look-up for each value.

use crate::hit_rate::Tally;
use crate::site::Site;
use measurand_catalog::{ERROR_OUTCOMES, Role, SITE_TARGET, STATUSES, record};
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};

/// Where the values of one site go; a role that its family has no metric for goes nowhere.
pub(crate) trait Sink {
    fn keys(&self) -> &Keys;
    fn count(&self, role: Role);
    /// Counts under one of the values of the role's extra label, by its index.
    fn count_labelled(&self, role: Role, value: usize);
    fn observe(&self, role: Role, value: f64);
    fn set(&self, role: Role, value: f64);
}

/// Handles on one recorder.
#[derive(Debug)]
pub(crate) struct Handles {
    keys: &'static Keys,
    calls: Counter,
    errors: [Counter; ERROR_OUTCOMES.len()],
    duration: Histogram,
    pub(crate) in_flight: Gauge,
    score: Histogram,
    last_score: Gauge,
    successes: Counter,
    failures: Counter,
    rollbacks: Counter,
    completions: [Counter; STATUSES.len()],
    level: Gauge,
    hits: Counter,
    misses: Counter,
    hit_rate: Gauge,
}

impl Handles {
    pub(crate) fn register(site: &'static Site, recorder: &dyn Recorder) -> Self {
        let lookup = Lookup { keys: site.keys(), recorder };
        Self {
            keys: lookup.keys,
            calls: lookup.counter(Role::Calls),
            errors: std::array::from_fn(|it| lookup.labelled(Role::Errors, it)),
            duration: lookup.histogram(Role::Duration),
            in_flight: lookup.gauge(Role::InFlight),
            score: lookup.histogram(Role::Score),
            last_score: lookup.gauge(Role::LastScore),
            successes: lookup.counter(Role::Successes),
            failures: lookup.counter(Role::Failures),
            rollbacks: lookup.counter(Role::Rollbacks),
            completions: std::array::from_fn(|it| lookup.labelled(Role::Completions, it)),
            level: lookup.gauge(Role::Level),
            hits: lookup.counter(Role::Hits),
            misses: lookup.counter(Role::Misses),
            hit_rate: lookup.gauge(Role::HitRate),
        }
    }
}

impl Sink for Handles {
    #[inline]
    fn keys(&self) -> &Keys {
        self.keys
    }

    #[inline]
    fn count(&self, role: Role) {
        match role {
            Role::Calls => self.calls.increment(1),
            Role::Successes => self.successes.increment(1),
            Role::Failures => self.failures.increment(1),
            Role::Rollbacks => self.rollbacks.increment(1),
            Role::Hits => self.hits.increment(1),
            Role::Misses => self.misses.increment(1),
            _ => {}
        }
    }

    #[inline]
    fn count_labelled(&self, role: Role, value: usize) {
        match role {
            Role::Errors => self.errors[value].increment(1),
            Role::Completions => self.completions[value].increment(1),
            _ => {}
        }
    }

    #[inline]
    fn observe(&self, role: Role, value: f64) {
        match role {
            Role::Duration => self.duration.record(value),
            Role::Score => self.score.record(value),
            _ => {}
        }
    }

    #[inline]
    fn set(&self, role: Role, value: f64) {
        match role {
            Role::LastScore => self.last_score.set(value),
            Role::Level => self.level.set(value),
            Role::HitRate => self.hit_rate.set(value),
            _ => {}
        }
    }
}

/// What is known of a site's series whatever the recorder; made once.
#[derive(Debug)]
pub(crate) struct Keys {
    metadata: Metadata<'static>,
    by_role: [Option<Key>; Role::ALL.len()],
    errors: [Option<Key>; ERROR_OUTCOMES.len()],
    completions: [Option<Key>; STATUSES.len()],
    /// Whether a call that ended well leaves nothing but its duration and its number.
    pub(crate) plain: bool,
    /// The hits and misses of the cache that the site looks up.
    pub(crate) tally: Option<&'static Tally>,
}

impl Keys {
    pub(crate) fn new(site: &Site) -> Self {
        let label = |name| Label::from_static_parts(name, record::label(site.record, name));
        let labels: Vec<Label> = site.family.labels.iter().map(|it| label(it.name)).collect();
        let key = |role: Role, value: Option<usize>| {
            let extra = role.extra_label();
            let extra = extra.and_then(|it| Some(Label::from_static_parts(it.name, it.values.get(value?)?)));
            let labels: Vec<Label> = labels.iter().cloned().chain(extra).collect();
            site.family.metric(role).map(|it| Key::from_parts(it.name, labels))
        };
        let timing = [Role::Calls, Role::Errors, Role::Duration, Role::InFlight];
        let cache = labels.iter().map(Label::value).collect::<Vec<_>>().join("\0");
        Self {
            metadata: Metadata::new(SITE_TARGET, Level::INFO, Some(site.field("module"))),
            by_role: Role::ALL.map(|it| if it.extra_label().is_some() { None } else { key(it, None) }),
            errors: std::array::from_fn(|it| key(Role::Errors, Some(it))),
            completions: std::array::from_fn(|it| key(Role::Completions, Some(it))),
            plain: site.family.metrics.iter().all(|it| timing.contains(&it.role)),
            tally: site.family.metric(Role::HitRate).map(|_| Tally::of(cache)),
        }
    }
}

/// Asks the recorder for each value: right for recorders that come and go, such as those of tests.
pub(crate) struct Lookup<'a> {
    pub(crate) keys: &'static Keys,
    pub(crate) recorder: &'a dyn Recorder,
}

impl Lookup<'_> {
    fn key(&self, role: Role) -> Option<&'static Key> {
        self.keys.by_role[role as usize].as_ref()
    }

    fn counter(&self, role: Role) -> Counter {
        let register = |it| self.recorder.register_counter(it, &self.keys.metadata);
        self.key(role).map_or_else(Counter::noop, register)
    }

    fn labelled(&self, role: Role, value: usize) -> Counter {
        let register = |it| self.recorder.register_counter(it, &self.keys.metadata);
        let keys = if role == Role::Errors { &self.keys.errors[..] } else { &self.keys.completions };
        keys.get(value).and_then(Option::as_ref).map_or_else(Counter::noop, register)
    }

    fn histogram(&self, role: Role) -> Histogram {
        let register = |it| self.recorder.register_histogram(it, &self.keys.metadata);
        self.key(role).map_or_else(Histogram::noop, register)
    }

    pub(crate) fn gauge(&self, role: Role) -> Gauge {
        let register = |it| self.recorder.register_gauge(it, &self.keys.metadata);
        self.key(role).map_or_else(Gauge::noop, register)
    }
}

impl Sink for Lookup<'_> {
    fn keys(&self) -> &Keys {
        self.keys
    }

    fn count(&self, role: Role) {
        self.counter(role).increment(1);
    }

    fn count_labelled(&self, role: Role, value: usize) {
        self.labelled(role, value).increment(1);
    }

    fn observe(&self, role: Role, value: f64) {
        self.histogram(role).record(value);
    }

    fn set(&self, role: Role, value: f64) {
        self.gauge(role).set(value);
    }
}
