//! The metrics that a series records into: cached handles on one recorder, or a look-up for each value.

use crate::failure::Failure;
use crate::fast_path::{CallCells, CountCells, Incidents, Origin};
use crate::global_recorder::address;
use crate::keys::{Keys, UNTIMED};
use crate::last_duration::LastDuration;
use measurand_catalog::{ERROR_OUTCOMES, KIND_LABEL, Role, STATUSES};
use metrics::{Counter, Gauge, Histogram, Label, Metadata, Recorder};
use std::fmt;
use std::sync::{LazyLock, OnceLock};

/// The metrics of one series. A role without a metric in the family is ignored.
pub(crate) trait Sink {
    fn keys(&self) -> &'static Keys;
    fn count(&self, role: Role);
    /// Counts a call that is not timed.
    fn count_untimed(&self);
    /// Counts the role under one value of its extra label, by the value's index.
    fn count_labelled(&self, role: Role, value: usize);
    /// Counts an error of this kind.
    fn count_kind(&self, kind: &'static str);
    fn observe(&self, role: Role, value: f64);
    fn set(&self, role: Role, value: f64);
    /// Returns a gauge that the caller changes.
    fn gauge(&self, role: Role) -> Gauge;
    /// Returns the counter of successes, which the caller increments.
    #[cfg(feature = "stream")]
    fn successes(&self) -> Counter;
}

/// The values that a successful call records directly into the cells of our own recorder.
#[derive(Debug)]
pub(crate) enum FastPath {
    /// The duration and the number of calls.
    Calls(CallCells),
    /// The duration and the number of calls, and the number of calls in flight.
    CallsInFlight(CallCells),
    /// The number of calls.
    Count(CountCells),
    /// No values: the family records other metrics, or the recorder is not ours.
    None,
}

impl FastPath {
    fn of(lookup: &Lookup<'_>) -> Self {
        let keys = lookup.keys;
        let recorder = address(lookup.recorder);
        let only = |roles: &[Role]| keys.family.metrics.iter().all(|it| roles.contains(&it.role));
        let key = |role| keys.get(role, 0);
        // If a label comes from the result, a call ends in another series than the one in which it started.
        let fast_path = if keys.is_open_ended {
            None
        } else if only(&[Role::Successes]) {
            key(Role::Successes).and_then(|it| CountCells::of(recorder, it)).map(Self::Count)
        } else if only(&[Role::Calls, Role::Errors, Role::Duration, Role::InFlight]) {
            let in_flight = key(Role::InFlight);
            let variant = if in_flight.is_some() { Self::CallsInFlight } else { Self::Calls };
            key(Role::Duration).and_then(|it| CallCells::of(recorder, it, in_flight)).map(variant)
        } else {
            None
        };
        fast_path.unwrap_or(Self::None)
    }
}

/// The owner of handles. A trait, so this file does not import the series, which store handles.
pub(crate) trait HandlesOwner: fmt::Debug + Sync {
    fn keys(&'static self) -> &'static Keys;
    fn last_duration(&self) -> &LastDuration;
    /// The origin that an incident of this series shows.
    fn origin(&self) -> Origin;
    /// The keys for calls that panicked, if a label of the series comes from the result.
    fn panicked(&'static self) -> Option<&'static Keys>;
}

/// The clock, calibrated once. A clone is a few numbers.
pub(crate) static CLOCK: LazyLock<quanta::Clock> = LazyLock::new(quanta::Clock::new);

/// Handles on one recorder.
#[derive(Debug)]
pub(crate) struct Handles {
    keys: &'static Keys,
    /// The address of the recorder.
    recorder: usize,
    /// The values that a successful call records directly.
    pub(crate) fast_path: FastPath,
    /// Reads the time stamp counter if it is invariant, otherwise the operating system's monotonic clock. It is a field
    /// here, beside the other values that are needed at the same time.
    pub(crate) clock: quanta::Clock,
    /// Calls that failed or were slow.
    pub(crate) incidents: Incidents,
    pub(crate) last_duration: &'static LastDuration,
    pub(crate) series: &'static dyn HandlesOwner,
    duration: Histogram,
    pub(crate) in_flight: Gauge,
    calls: Counter,
    calls_untimed: OnceLock<Counter>,
    /// `None` if a label of the family comes from the result, such as a status: each of its values would get counters
    /// for errors that never happen. The errors of such a family are looked up.
    errors: Option<[Counter; ERROR_OUTCOMES.len()]>,
    score: Histogram,
    last_score: OnceLock<Gauge>,
    successes: Counter,
    failures: Counter,
    rollbacks: Counter,
    completions: [Counter; STATUSES.len()],
    level: OnceLock<Gauge>,
    hits: Counter,
    misses: Counter,
    hit_rate: OnceLock<Gauge>,
    kinds: OnceLock<Box<KindCounter>>,
}

/// The counter for the errors of one kind, and a link to the next one.
#[derive(Debug)]
struct KindCounter {
    kind: &'static str,
    counter: Counter,
    next: OnceLock<Box<KindCounter>>,
}

impl Handles {
    pub(crate) fn register(series: &'static dyn HandlesOwner, recorder: &dyn Recorder) -> Self {
        let lookup = Lookup { keys: series.keys(), recorder };
        Self {
            keys: lookup.keys,
            recorder: address(recorder),
            fast_path: FastPath::of(&lookup),
            clock: CLOCK.clone(),
            incidents: Incidents::default(),
            last_duration: series.last_duration(),
            series,
            duration: lookup.histogram(Role::Duration),
            in_flight: lookup.gauge(Role::InFlight),
            calls: lookup.counter(Role::Calls, &lookup.keys.metadata),
            calls_untimed: OnceLock::new(),
            errors: errors(series, &lookup),
            score: lookup.histogram(Role::Score),
            last_score: OnceLock::new(),
            successes: lookup.counter(Role::Successes, &lookup.keys.metadata),
            failures: lookup.counter(Role::Failures, &lookup.keys.metadata),
            rollbacks: lookup.counter(Role::Rollbacks, &lookup.keys.metadata),
            completions: std::array::from_fn(|it| lookup.labelled(Role::Completions, it)),
            level: OnceLock::new(),
            hits: lookup.counter(Role::Hits, &lookup.keys.metadata),
            misses: lookup.counter(Role::Misses, &lookup.keys.metadata),
            hit_rate: OnceLock::new(),
            kinds: Self::kinds(&lookup),
        }
    }

    /// The counters of the known kinds. Each exists before its first error.
    fn kinds(lookup: &Lookup<'_>) -> OnceLock<Box<KindCounter>> {
        let mut kinds = lookup.keys.error_kinds();
        if lookup.keys.get(Role::Errors, ERROR).is_none() {
            kinds.clear();
        }
        kinds.into_iter().rev().fold(OnceLock::new(), |next, kind| {
            OnceLock::from(Box::new(KindCounter { kind, counter: lookup.kind(kind), next }))
        })
    }

    /// `None` if the call ends under another recorder than the one under which it started. Its counter must not be
    /// cached.
    fn register_kind(&self, kind: &'static str) -> Option<Box<KindCounter>> {
        let ours = |it: &Lookup<'_>| (address(it.recorder) == self.recorder).then(|| it.kind(kind));
        let counter = self.with_lookup(ours)?;
        Some(Box::new(KindCounter { kind, counter, next: OnceLock::new() }))
    }

    /// Sets a gauge for the first time. It does not exist before: an alert could not tell an initial zero from a
    /// measured one.
    #[cold]
    fn set_first(&self, place: &OnceLock<Gauge>, role: Role, value: f64) {
        self.with_lookup(|it| {
            let gauge = it.gauge(role);
            gauge.set(value);
            // A gauge of another recorder must not be cached.
            if address(it.recorder) == self.recorder {
                let _ = place.set(gauge);
            }
        });
    }

    /// A look-up, for metrics that few programs record.
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
        let place = match role {
            Role::LastScore => &self.last_score,
            Role::Level => &self.level,
            Role::HitRate => &self.hit_rate,
            _ => return,
        };
        match place.get() {
            Some(gauge) => gauge.set(value),
            None => self.set_first(place, role, value),
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

/// The counters of errors of a series. If a label from the result leaves them unknown, the counter of panics still
/// exists at zero before the first panic: an alert on an increase does not see the first value of a counter.
fn errors(series: &'static dyn HandlesOwner, lookup: &Lookup<'_>) -> Option<[Counter; ERROR_OUTCOMES.len()]> {
    if !lookup.keys.family.labels.iter().any(|it| it.from_result) {
        return Some(std::array::from_fn(|it| lookup.labelled(Role::Errors, it)));
    }
    if let Some(keys) = series.panicked() {
        let panicked = Lookup { keys, recorder: lookup.recorder };
        panicked.labelled(Role::Errors, Failure::Panic as usize).increment(0);
    }
    None
}

/// The index of errors in [`ERROR_OUTCOMES`].
const ERROR: usize = Failure::Error as usize;

/// Looks each metric up on the recorder. This is right for recorders that are dropped, such as those of tests.
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
        // All labels of the series' errors, and the kind.
        self.keys.get(Role::Errors, ERROR).map_or_else(Counter::noop, |key| {
            let key = key.with_extra_labels(vec![Label::from_static_parts(KIND_LABEL, kind)]);
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
