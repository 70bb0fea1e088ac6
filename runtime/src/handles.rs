//! What a series is recorded into: kept handles on one recorder, or a look-up for each value.

use crate::binding::address;
use crate::direct::{Calls, Count, Incidents};
use crate::hit_rate::Tally;
use crate::series::Series;
use crate::verdict::Failure;
use measurand_catalog::{ERROR_OUTCOMES, KIND_LABEL, Role, SITE_TARGET, STATUSES, kinds_of};
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use std::sync::{LazyLock, OnceLock};

/// Where the values of one series go; a role that its family has no metric for goes nowhere.
pub(crate) trait Sink {
    fn keys(&self) -> &'static Keys;
    fn count(&self, role: Role);
    /// Counts a call that nobody timed.
    fn count_untimed(&self);
    /// Counts under one of the values of the role's extra label, by its index.
    fn count_labelled(&self, role: Role, value: usize);
    /// Counts an error of a kind.
    fn count_kind(&self, kind: &'static str);
    fn observe(&self, role: Role, value: f64);
    fn set(&self, role: Role, value: f64);
    /// A gauge to be moved by more than one value.
    fn gauge(&self, role: Role) -> Gauge;
    /// The counter of successes, to be moved by more than one.
    #[cfg(feature = "stream")]
    fn successes(&self) -> Counter;
}

/// What a call that ended well leaves, and where.
#[derive(Debug)]
pub(crate) enum Trace {
    /// Its duration and its number, in cells of our own recorder.
    Calls(Calls),
    /// The same, and that it is in flight.
    Watched(Calls),
    /// Its number, in a cell of our own recorder.
    Count(Count),
    /// Other things, or elsewhere.
    Other,
}

impl Trace {
    fn of(series: &'static Series, lookup: &Lookup<'_>) -> Self {
        let recorder = address(lookup.recorder);
        let only = |roles: &[Role]| series.family.metrics.iter().all(|it| roles.contains(&it.role));
        let key = |role| lookup.keys.get(role, 0);
        // Where the result decides about labels, a call ends elsewhere than it begins.
        let trace = if series.is_open_ended() {
            None
        } else if only(&[Role::Successes]) {
            key(Role::Successes).and_then(|it| Count::of(recorder, it)).map(Self::Count)
        } else if only(&[Role::Calls, Role::Errors, Role::Duration, Role::InFlight]) {
            let in_flight = key(Role::InFlight);
            let variant = if in_flight.is_some() { Self::Watched } else { Self::Calls };
            key(Role::Duration).and_then(|it| Calls::of(recorder, it, in_flight)).map(variant)
        } else {
            None
        };
        trace.unwrap_or(Self::Other)
    }
}

/// Calibrated once; a clone is a few numbers.
pub(crate) static CLOCK: LazyLock<quanta::Clock> = LazyLock::new(quanta::Clock::new);

/// Handles on one recorder.
#[derive(Debug)]
pub(crate) struct Handles {
    keys: &'static Keys,
    /// On which recorder.
    recorder: usize,
    /// What a call that ended well leaves.
    pub(crate) trace: Trace,
    /// Reads the time stamp counter where it is invariant, else the operating system's monotonic clock. Here, since it lies
    /// beside what is needed in the same moment.
    pub(crate) clock: quanta::Clock,
    /// Calls that somebody may want to look at.
    pub(crate) incidents: Incidents,
    /// Whose handles they are.
    pub(crate) series: &'static Series,
    duration: Histogram,
    pub(crate) in_flight: Gauge,
    calls: Counter,
    calls_untimed: OnceLock<Counter>,
    /// Nothing where the result of a call tells a label of the family, such as a status: each of its values would have
    /// counters of errors that never happen. There errors are looked up.
    errors: Option<[Counter; ERROR_OUTCOMES.len()]>,
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
    kinds: OnceLock<Box<KindCounter>>,
}

/// The counter of the errors of one kind, and of the next.
#[derive(Debug)]
struct KindCounter {
    kind: &'static str,
    counter: Counter,
    next: OnceLock<Box<KindCounter>>,
}

impl Handles {
    pub(crate) fn register(series: &'static Series, recorder: &dyn Recorder) -> Self {
        let lookup = Lookup { keys: series.keys(), recorder };
        Self {
            keys: lookup.keys,
            recorder: address(recorder),
            trace: Trace::of(series, &lookup),
            clock: CLOCK.clone(),
            incidents: Incidents::default(),
            series,
            duration: lookup.histogram(Role::Duration),
            in_flight: lookup.gauge(Role::InFlight),
            calls: lookup.counter(Role::Calls, &lookup.keys.metadata),
            calls_untimed: OnceLock::new(),
            errors: errors(series, &lookup),
            score: lookup.histogram(Role::Score),
            last_score: lookup.gauge(Role::LastScore),
            successes: lookup.counter(Role::Successes, &lookup.keys.metadata),
            failures: lookup.counter(Role::Failures, &lookup.keys.metadata),
            rollbacks: lookup.counter(Role::Rollbacks, &lookup.keys.metadata),
            completions: std::array::from_fn(|it| lookup.labelled(Role::Completions, it)),
            level: lookup.gauge(Role::Level),
            hits: lookup.counter(Role::Hits, &lookup.keys.metadata),
            misses: lookup.counter(Role::Misses, &lookup.keys.metadata),
            hit_rate: lookup.gauge(Role::HitRate),
            kinds: Self::kinds(series, &lookup),
        }
    }

    /// The counters of the kinds that are known, so that each is there before its first error.
    fn kinds(series: &'static Series, lookup: &Lookup<'_>) -> OnceLock<Box<KindCounter>> {
        let mut kinds: Vec<&'static str> = kinds_of(series.site()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        if lookup.keys.get(Role::Errors, ERROR).is_none() {
            kinds.clear();
        }
        kinds.into_iter().rev().fold(OnceLock::new(), |next, kind| {
            OnceLock::from(Box::new(KindCounter { kind, counter: lookup.kind(kind), next }))
        })
    }

    /// Nothing where the call ends under another recorder than it began under: what is kept must not be that one's.
    fn register_kind(&self, kind: &'static str) -> Option<Box<KindCounter>> {
        let ours = |it: &Lookup<'_>| (address(it.recorder) == self.recorder).then(|| it.kind(kind));
        let counter = self.with_lookup(ours)?;
        Some(Box::new(KindCounter { kind, counter, next: OnceLock::new() }))
    }

    /// For what few programs record.
    fn with_lookup<T>(&self, ask: impl FnOnce(&Lookup<'_>) -> T) -> T {
        metrics::with_recorder(|recorder| ask(&Lookup { keys: self.keys, recorder }))
    }
}

impl Sink for Handles {
    #[inline]
    fn keys(&self) -> &'static Keys {
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

    fn count_untimed(&self) {
        let register = || self.with_lookup(|it| it.counter(Role::Calls, &UNTIMED));
        self.calls_untimed.get_or_init(register).increment(1);
    }

    #[inline]
    fn count_labelled(&self, role: Role, value: usize) {
        match role {
            Role::Errors => match &self.errors {
                Some(errors) => errors[value].increment(1),
                None => self.with_lookup(|it| it.count_labelled(role, value)),
            },
            Role::Completions => self.completions[value].increment(1),
            _ => {}
        }
    }

    fn count_kind(&self, kind: &'static str) {
        let mut place = &self.kinds;
        loop {
            let known = match place.get() {
                Some(known) => known,
                None => match self.register_kind(kind) {
                    Some(new) => place.get_or_init(|| new),
                    None => return self.count_labelled(Role::Errors, Failure::Error as usize),
                },
            };
            if known.kind == kind {
                return known.counter.increment(1);
            }
            place = &known.next;
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

    fn gauge(&self, role: Role) -> Gauge {
        self.with_lookup(|it| it.gauge(role))
    }

    #[cfg(feature = "stream")]
    fn successes(&self) -> Counter {
        self.successes.clone()
    }
}

/// The counters of errors of a series. Where a late label leaves them unknown, the counter of panics stands at zero before
/// the first panic all the same: an alert about growth misses what a counter begins with.
fn errors(series: &'static Series, lookup: &Lookup<'_>) -> Option<[Counter; ERROR_OUTCOMES.len()]> {
    if !series.family.labels.iter().any(|it| it.late) {
        return Some(std::array::from_fn(|it| lookup.labelled(Role::Errors, it)));
    }
    if series.is_open_ended() && series.family.metric(Role::Errors).is_some() {
        let panicked = series.ends().without_result(Failure::Panic);
        let lookup = Lookup { keys: panicked.keys(), recorder: lookup.recorder };
        lookup.labelled(Role::Errors, Failure::Panic as usize).increment(0);
    }
    None
}

/// What is known of a series' keys whatever the recorder; made once.
#[derive(Debug)]
pub(crate) struct Keys {
    metadata: Metadata<'static>,
    /// Those that the family has, each with its role and the index of its extra label's value.
    all: Vec<(Role, usize, Key)>,
    /// The hits and misses of the cache that is looked up.
    pub(crate) tally: Option<&'static Tally>,
}

/// Where calls are counted that nobody timed: a recorder that counts the calls of annotated functions by their durations
/// must not do so with these.
static UNTIMED: Metadata<'static> = Metadata::new("measurand::untimed", Level::INFO, None);

impl Keys {
    pub(crate) fn new(series: &'static Series) -> Self {
        // To Prometheus a label without a value is a label that is not there, and two such series would be one.
        let labels = series.labels().filter(|(_, value)| !value.is_empty());
        let labels: Vec<Label> = labels.map(|(name, value)| Label::from_static_parts(name, value)).collect();
        let open_ended = series.is_open_ended();
        let late = |name: &str| series.family.labels.iter().any(|it| it.late && it.name == name);
        let mut all = Vec::new();
        // Where the result will tell a label, nothing is known yet but that a call is in flight.
        for metric in series.family.metrics.iter().filter(|it| !open_ended || it.role == Role::InFlight) {
            let known = labels.iter().filter(|it| metric.role != Role::InFlight || !late(it.key()));
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
            metadata: Metadata::new(SITE_TARGET, Level::INFO, series.module()),
            all,
            tally: series.family.metric(Role::HitRate).map(|_| Tally::of(cache)),
        }
    }

    fn get(&self, role: Role, value: usize) -> Option<&Key> {
        self.all.iter().find(|it| (it.0, it.1) == (role, value)).map(|it| &it.2)
    }
}

/// Where errors stand among [`ERROR_OUTCOMES`].
const ERROR: usize = Failure::Error as usize;

/// Asks the recorder for each value: right for recorders that come and go, such as those of tests.
pub(crate) struct Lookup<'a> {
    pub(crate) keys: &'static Keys,
    pub(crate) recorder: &'a dyn Recorder,
}

impl Lookup<'_> {
    fn counter(&self, role: Role, metadata: &Metadata<'_>) -> Counter {
        let key = self.keys.get(role, 0);
        key.map_or_else(Counter::noop, |it| self.recorder.register_counter(it, metadata))
    }

    fn labelled(&self, role: Role, value: usize) -> Counter {
        let register = |it| self.recorder.register_counter(it, &self.keys.metadata);
        self.keys.get(role, value).map_or_else(Counter::noop, register)
    }

    fn kind(&self, kind: &'static str) -> Counter {
        // Every label of the series' errors, and the kind.
        self.keys.get(Role::Errors, ERROR).map_or_else(Counter::noop, |it| {
            let key = it.with_extra_labels(vec![Label::from_static_parts(KIND_LABEL, kind)]);
            self.recorder.register_counter(&key, &self.keys.metadata)
        })
    }

    fn histogram(&self, role: Role) -> Histogram {
        let register = |it| self.recorder.register_histogram(it, &self.keys.metadata);
        self.keys.get(role, 0).map_or_else(Histogram::noop, register)
    }
}

impl Sink for Lookup<'_> {
    fn keys(&self) -> &'static Keys {
        self.keys
    }

    fn count(&self, role: Role) {
        self.counter(role, &self.keys.metadata).increment(1);
    }

    fn count_untimed(&self) {
        self.counter(Role::Calls, &UNTIMED).increment(1);
    }

    fn count_labelled(&self, role: Role, value: usize) {
        self.labelled(role, value).increment(1);
    }

    fn count_kind(&self, kind: &'static str) {
        self.kind(kind).increment(1);
    }

    fn observe(&self, role: Role, value: f64) {
        self.histogram(role).record(value);
    }

    fn set(&self, role: Role, value: f64) {
        self.gauge(role).set(value);
    }

    fn gauge(&self, role: Role) -> Gauge {
        let register = |it| self.recorder.register_gauge(it, &self.keys.metadata);
        self.keys.get(role, 0).map_or_else(Gauge::noop, register)
    }

    #[cfg(feature = "stream")]
    fn successes(&self) -> Counter {
        self.counter(Role::Successes, &self.keys.metadata)
    }
}
