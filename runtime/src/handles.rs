//! What a site records into: kept handles on one recorder, or a look-up for each value.

use crate::site::Site;
use crate::verdict::Failure;
use measurand_catalog::{ERROR_OUTCOMES, OUTCOME_LABEL, Role, SITE_TARGET, record};
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};

/// Where the values of one site go; a role that its family has no metric for goes nowhere.
pub(crate) trait Sink {
    fn count(&self, role: Role);
    fn count_failure(&self, failure: Failure);
    fn observe(&self, role: Role, value: f64);
    fn set(&self, role: Role, value: f64);
}

/// Handles on one recorder.
#[derive(Debug)]
pub(crate) struct Handles {
    calls: Counter,
    errors: [Counter; ERROR_OUTCOMES.len()],
    duration: Histogram,
    pub(crate) in_flight: Gauge,
    score: Histogram,
    last_score: Gauge,
    successes: Counter,
    failures: Counter,
    rollbacks: Counter,
}

impl Handles {
    pub(crate) fn register(site: &'static Site, recorder: &dyn Recorder) -> Self {
        let lookup = Lookup { keys: site.keys(), recorder };
        Self {
            calls: lookup.counter(Role::Calls),
            errors: std::array::from_fn(|it| lookup.failure(it)),
            duration: lookup.histogram(Role::Duration),
            in_flight: lookup.gauge(Role::InFlight),
            score: lookup.histogram(Role::Score),
            last_score: lookup.gauge(Role::LastScore),
            successes: lookup.counter(Role::Successes),
            failures: lookup.counter(Role::Failures),
            rollbacks: lookup.counter(Role::Rollbacks),
        }
    }
}

impl Sink for Handles {
    #[inline]
    fn count(&self, role: Role) {
        match role {
            Role::Calls => self.calls.increment(1),
            Role::Successes => self.successes.increment(1),
            Role::Failures => self.failures.increment(1),
            Role::Rollbacks => self.rollbacks.increment(1),
            _ => {}
        }
    }

    #[inline]
    fn count_failure(&self, failure: Failure) {
        self.errors[failure as usize].increment(1);
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
        if role == Role::LastScore {
            self.last_score.set(value);
        }
    }
}

/// The keys of a site's series, made once.
#[derive(Debug)]
pub(crate) struct Keys {
    metadata: Metadata<'static>,
    by_role: [Option<Key>; Role::ALL.len()],
    errors: [Option<Key>; ERROR_OUTCOMES.len()],
}

impl Keys {
    pub(crate) fn new(site: &Site) -> Self {
        let label = |name| Label::from_static_parts(name, record::label(site.record, name));
        let labels: Vec<Label> = site.family.labels.iter().map(|it| label(it.name)).collect();
        let key = |role, outcome: Option<&'static str>| {
            let outcome = outcome.map(|it| Label::from_static_parts(OUTCOME_LABEL, it));
            let labels: Vec<Label> = labels.iter().cloned().chain(outcome).collect();
            site.family.metric(role).map(|it| Key::from_parts(it.name, labels))
        };
        Self {
            metadata: Metadata::new(SITE_TARGET, Level::INFO, Some(site.field("module"))),
            by_role: Role::ALL.map(|it| if it == Role::Errors { None } else { key(it, None) }),
            errors: ERROR_OUTCOMES.map(|it| key(Role::Errors, Some(it))),
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

    fn failure(&self, number: usize) -> Counter {
        let register = |it| self.recorder.register_counter(it, &self.keys.metadata);
        self.keys.errors[number].as_ref().map_or_else(Counter::noop, register)
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
    fn count(&self, role: Role) {
        self.counter(role).increment(1);
    }

    fn count_failure(&self, failure: Failure) {
        self.failure(failure as usize).increment(1);
    }

    fn observe(&self, role: Role, value: f64) {
        self.histogram(role).record(value);
    }

    fn set(&self, role: Role, value: f64) {
        self.gauge(role).set(value);
    }
}
