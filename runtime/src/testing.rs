//! Helpers for tests: capture what one test records, also in the tasks and threads that it starts (feature `testing`).
//!
//! ```
//! #[measurand::measured]
//! fn load(id: u64) -> Result<u64, String> {
//!     if id == 0 { Err("none".to_owned()) } else { Ok(id) }
//! }
//!
//! let captured = measurand::testing::capture();
//! let threads = [0, 1, 2].map(|id| std::thread::spawn(move || load(id)));
//! for thread in threads {
//!     let _loaded = thread.join();
//! }
//! captured.calls("load").ok(2).errors(1).in_flight(0);
//! assert_eq!(captured.calls("load").durations().count(), 3);
//! assert_eq!(captured.value("function_errors_total", &[("outcome", "error")]), 1.0);
//! ```
//!
//! The first call of [`capture`] installs a recorder for the whole process. Each call holds a lock until its
//! [`Captured`] is dropped, so captures of one process run one after another, with any number of test threads. A test
//! runner that starts a process for each test, such as `cargo nextest`, never waits.
//!
//! A capture sees everything that the process records. Three kinds of code disturb it:
//!
//! - a test of the same process that calls the same functions at the same time, without a capture of its own,
//! - a thread or a task that an earlier test started and did not wait for,
//! - a program that records in the background from its start.
//!
//! A capture does not see code under another recorder: `metrics::with_local_recorder` hides the code that it runs.

use crate::site::{Site, sites};
use measurand_catalog::lock::lock;
use measurand_catalog::{Family, KIND_LABEL, Role, STATUSES, families, record};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use metrics_util::registry::{AtomicStorage, Registry};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

/// Captures everything that this process records from now on, until the result is dropped.
///
/// It waits for the captures of other tests of this process.
///
/// # Panics
/// If the process has another recorder, or if this thread already holds a capture.
#[must_use = "it captures until it is dropped"]
#[track_caller]
pub fn capture() -> Captured {
    static STORE: OnceLock<Option<&'static Store>> = OnceLock::new();
    static ONE: Mutex<()> = Mutex::new(());
    assert!(
        !CAPTURING.get(),
        "this thread already holds a capture and would wait for itself; drop the first `Captured` before the next \
         `capture()`"
    );
    let Some(store) = *STORE.get_or_init(install) else {
        panic!(
            "the process has another recorder, so nothing can be captured; in a test program with captures, install no \
             recorder with `measurand::exporter::install()` or `metrics::set_global_recorder`, or move this test into a \
             file of its own under `tests/`"
        );
    };
    // A test that failed has reported that itself.
    let guard = lock(&ONE);
    CAPTURING.set(true);
    let before = store.begin();
    Captured { store, before, _lock: guard }
}

thread_local! {
    static CAPTURING: Cell<bool> = const { Cell::new(false) };
}

/// The recordings of the process since [`capture`]. Each method answers with the current state.
///
/// The message of every panic ends with a table of all recordings.
#[must_use = "it captures until it is dropped"]
pub struct Captured {
    store: &'static Store,
    /// The values of counters and gauges at the start of the capture.
    before: BTreeMap<Name, f64>,
    _lock: MutexGuard<'static, ()>,
}

impl Drop for Captured {
    fn drop(&mut self) {
        CAPTURING.set(false);
    }
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table())
    }
}

impl Captured {
    /// Returns the calls of a function under `#[measured]`, by its path or the end of it: `load`, `Store::load` for a
    /// method, or `my_crate::storage::load`. If several functions match, their calls are added up.
    ///
    /// # Panics
    /// If the program has no function of this name under `#[measured]`, and no call with this name as a label from run
    /// time was recorded.
    #[must_use = "calls do nothing without an expectation"]
    #[track_caller]
    pub fn calls(&self, function: &str) -> Calls<'_> {
        let known = self.store.names(|series| series.label("function").is_some());
        if !known.iter().any(|series| is_named(series, function)) {
            self.check_site(function, &known);
        }
        let name = function.to_owned();
        Calls {
            captured: self,
            family: &families::FUNCTION,
            what: format!("`{function}`"),
            chosen: Box::new(move |series| is_named(series, &name)),
        }
    }

    /// Returns the calls that record a family with these labels; other labels may have any value. The family is a
    /// built-in one, such as `database`, or one that this program declares, by its identifier.
    ///
    /// ```
    /// #[measurand::timed_query("select", table = "patterns")]
    /// fn load() {}
    ///
    /// let captured = measurand::testing::capture();
    /// load();
    /// captured.family("database", &[("table", "patterns")]).ok(1);
    /// ```
    ///
    /// # Panics
    /// If there is no such family, or if it has no such label.
    #[must_use = "calls do nothing without an expectation"]
    #[track_caller]
    pub fn family<'a>(&'a self, family: &str, labels: &'a [(&'a str, &'a str)]) -> Calls<'a> {
        let all: Vec<&'static Family> = crate::family::families().collect();
        let Some(found) = all.iter().find(|it| it.name == family) else {
            let hint = similar(family, all.iter().map(|it| it.name));
            panic!("this program has no family `{family}`{hint}");
        };
        for (label, _) in labels {
            let mut known = found.labels.iter().map(|it| it.name).chain([measurand_catalog::CALLER_LABEL]);
            assert!(
                known.any(|it| it == *label),
                "the family `{family}` has no label `{label}`{}",
                similar(label, found.labels.iter().map(|it| it.name))
            );
        }
        let named: Vec<String> = labels.iter().map(|(label, value)| format!("{label}={value}")).collect();
        Calls {
            captured: self,
            family: found,
            what: format!("the family `{family}` with {{{}}}", named.join(",")),
            chosen: Box::new(move |series| series.fits(labels)),
        }
    }

    /// Returns the value of a metric: the increase of a counter, the current value of a gauge, the number of
    /// observations of a histogram. The values of all series with these labels are added up; the result is zero if
    /// there is none.
    ///
    /// # Panics
    /// If no metric of this name was recorded in this process, or if none of its series has one of the labels.
    #[must_use]
    #[track_caller]
    pub fn value(&self, metric: &str, labels: &[(&str, &str)]) -> f64 {
        self.check_metric(metric);
        self.check_labels(metric, labels);
        let chosen = |series: &Name| series.metric == metric && series.fits(labels);
        self.sum(&chosen, false)
    }

    /// Returns the observations of a histogram in all series with these labels.
    ///
    /// # Panics
    /// If no metric of this name was recorded in this process.
    #[track_caller]
    pub fn observations(&self, metric: &str, labels: &[(&str, &str)]) -> Observations {
        self.check_metric(metric);
        self.check_labels(metric, labels);
        self.observed(&|series| series.metric == metric && series.fits(labels))
    }

    /// Panics if the function is unknown. A function of the program is known even if it was never called.
    #[track_caller]
    fn check_site(&self, function: &str, recorded: &[Name]) {
        let named = |it: &&Site| {
            let field = |key| record::field(it.record(), key);
            ends_with_path(&format!("{}::{}", field("module"), field("function")), function)
        };
        let of_family = |it: &&Site| record::field(it.record(), "family");
        let named: Vec<&Site> = sites().filter(named).collect();
        if named.iter().any(|it| of_family(it) == families::FUNCTION.name) {
            return;
        }
        if let Some(site) = named.first() {
            let family = of_family(site);
            panic!("`{function}` records the family `{family}`; use `captured.family(\"{family}\", &[..])`");
        }
        let hint = similar(function, recorded.iter().filter_map(|series| series.label("function")));
        panic!("no call of `{function}` was recorded{hint}\n{}", self.table());
    }

    #[track_caller]
    fn check_labels(&self, metric: &str, labels: &[(&str, &str)]) {
        let names = self.store.names(|series| series.metric == metric);
        for (label, _) in labels {
            if !names.iter().any(|series| series.label(label).is_some()) {
                let known = names.iter().flat_map(|series| series.labels.iter().map(|it| it.0.as_str()));
                panic!("no series of `{metric}` has the label `{label}`{}\n{}", similar(label, known), self.table());
            }
        }
    }

    #[track_caller]
    fn check_metric(&self, metric: &str) {
        let names = self.store.names(|_| true);
        if !names.iter().any(|series| series.metric == metric) {
            let hint = similar(metric, names.iter().map(|series| series.metric.as_str()));
            panic!("no metric `{metric}` was recorded{hint}\n{}", self.table());
        }
    }

    fn sum(&self, chosen: &dyn Fn(&Name) -> bool, moved: bool) -> f64 {
        let all = self.store.read();
        let values = all.iter().filter(|(series, _)| chosen(series)).map(|(series, value)| match value {
            Value::Counter(value) => value - self.before.get(series).unwrap_or(&0.0),
            Value::Gauge(value) if moved => value - self.before.get(series).unwrap_or(&0.0),
            Value::Gauge(value) => *value,
            #[expect(clippy::cast_precision_loss, reason = "no test observes 2^53 values")]
            Value::Histogram(values) => values.len() as f64,
        });
        // The sum of no values is `-0.0`.
        values.sum::<f64>() + 0.0
    }

    fn observed(&self, chosen: &dyn Fn(&Name) -> bool) -> Observations {
        let all = self.store.read().into_iter().filter(|(series, _)| chosen(series));
        let mut values: Vec<f64> = all
            .filter_map(|(_, value)| if let Value::Histogram(values) = value { Some(values) } else { None })
            .flatten()
            .collect();
        values.sort_by(f64::total_cmp);
        Observations(values)
    }

    /// Returns a table of everything recorded since the start of the capture, one series per line, without unchanged
    /// gauges.
    #[must_use]
    pub fn table(&self) -> String {
        let mut lines = Vec::new();
        for (series, value) in self.store.read() {
            let before = self.before.get(&series).copied().unwrap_or(0.0);
            let text = match value {
                Value::Counter(value) if value > before => format!("{}", value - before),
                Value::Gauge(value) if (value - before).abs() > 0.0 => format!("{value}, before {before}"),
                Value::Histogram(values) if !values.is_empty() => {
                    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    format!("{} observations, at most {most}", values.len())
                }
                _ => continue,
            };
            lines.push(format!("  {series} {text}"));
        }
        lines.sort();
        if lines.is_empty() {
            return "nothing was recorded; see `measurand::testing` for code that a capture does not see".to_owned();
        }
        format!("recorded:\n{}", lines.join("\n"))
    }
}

/// The calls of one function, or of all functions that record a family with the same labels.
///
/// The methods with an expectation panic if it is not met. They return the calls for the next expectation.
pub struct Calls<'a> {
    captured: &'a Captured,
    family: &'static Family,
    what: String,
    chosen: Box<dyn Fn(&Name) -> bool + 'a>,
}

impl fmt::Debug for Calls<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "calls of {}; {}", self.what, self.captured.table())
    }
}

#[expect(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "the last expectation of a chain also returns the calls"
)]
impl Calls<'_> {
    /// Expects this number of successful calls.
    ///
    /// # Panics
    /// If the number differs, or if the family does not count successful calls.
    #[track_caller]
    pub fn ok(self, expected: u64) -> Self {
        let found = if self.has(Role::Successes) {
            self.count(Role::Successes, &[])
        } else if self.has(Role::Completions) {
            self.count(Role::Completions, &[("status", STATUSES[0])])
        } else {
            self.needs(Role::Errors);
            self.all() - self.count(Role::Errors, &[])
        };
        self.expect(expected, found, "that succeeded")
    }

    /// Expects this number of calls that failed: with an error, a panic or a cancellation.
    ///
    /// # Panics
    /// If the number differs, or if the family does not count failed calls.
    #[track_caller]
    pub fn not_ok(self, expected: u64) -> Self {
        let found = if self.has(Role::Failures) {
            self.count(Role::Failures, &[])
        } else if self.has(Role::Completions) {
            self.count(Role::Completions, &[("status", STATUSES[1])])
        } else {
            self.needs(Role::Errors);
            self.count(Role::Errors, &[])
        };
        self.expect(expected, found, "that failed")
    }

    /// Expects this number of calls that returned an error.
    ///
    /// # Panics
    /// If the number differs, or if the family does not count errors by outcome.
    #[track_caller]
    pub fn errors(self, expected: u64) -> Self {
        let found = self.outcome("error");
        self.expect(expected, found, "that ended in an `error`")
    }

    /// Expects this number of calls that panicked.
    ///
    /// # Panics
    /// As for [`Calls::errors`].
    #[track_caller]
    pub fn panics(self, expected: u64) -> Self {
        let found = self.outcome("panic");
        self.expect(expected, found, "that ended in a `panic`")
    }

    /// Expects this number of calls whose future or stream was dropped before its end.
    ///
    /// # Panics
    /// As for [`Calls::errors`].
    #[track_caller]
    pub fn cancelled(self, expected: u64) -> Self {
        let found = self.outcome("cancelled");
        self.expect(expected, found, "that were `cancelled`")
    }

    /// Expects this number of errors of a kind, see [`crate::ErrorKind`].
    ///
    /// # Panics
    /// As for [`Calls::errors`].
    #[track_caller]
    pub fn error_kind(self, kind: &str, expected: u64) -> Self {
        self.needs(Role::Errors);
        let found = self.count(Role::Errors, &[(KIND_LABEL, kind)]);
        self.expect(expected, found, &format!("that ended in an error of the kind `{kind}`"))
    }

    /// Expects this number of calls that ended, with any outcome.
    ///
    /// # Panics
    /// If the number differs, or if the family does not count calls.
    #[track_caller]
    pub fn total(self, expected: u64) -> Self {
        let found = self.all();
        self.expect(expected, found, "that ended")
    }

    /// Expects this number of calls that started since the start of the capture and have not ended.
    ///
    /// # Panics
    /// If the number differs, or if the family does not count calls in flight.
    #[track_caller]
    pub fn in_flight(self, expected: u64) -> Self {
        self.needs(Role::InFlight);
        let found = self.captured.sum(&|series| self.of(Role::InFlight, series), true);
        self.expect(expected, found, "in flight")
    }

    /// Returns the durations of the calls that ended, in seconds.
    ///
    /// # Panics
    /// If the family measures no duration.
    #[track_caller]
    pub fn durations(&self) -> Observations {
        self.needs(Role::Duration);
        self.captured.observed(&|series| self.of(Role::Duration, series))
    }

    #[track_caller]
    fn needs(&self, role: Role) {
        assert!(
            self.has(role),
            "the family `{}` has no metric with the role `{}`; use one of its metrics: {}",
            self.family.name,
            role.as_str(),
            self.family.metrics.iter().map(|it| it.name).collect::<Vec<_>>().join(", ")
        );
    }

    fn has(&self, role: Role) -> bool {
        self.family.metric(role).is_some()
    }

    fn of(&self, role: Role, series: &Name) -> bool {
        self.family.metric(role).is_some_and(|it| it.name == series.metric) && (self.chosen)(series)
    }

    fn count(&self, role: Role, labels: &[(&str, &str)]) -> f64 {
        self.captured.sum(&|series| self.of(role, series) && series.fits(labels), false)
    }

    #[track_caller]
    fn outcome(&self, outcome: &str) -> f64 {
        self.needs(Role::Errors);
        self.count(Role::Errors, &[("outcome", outcome)])
    }

    /// The number of all calls that ended, from a metric that counts each of them.
    #[track_caller]
    fn all(&self) -> f64 {
        const FOR_EACH: &[&[Role]] = &[
            &[Role::Calls],
            &[Role::Duration],
            &[Role::Completions],
            &[Role::Successes, Role::Failures],
            &[Role::Hits, Role::Misses],
        ];
        let has = |roles: &&&[Role]| roles.iter().all(|role| self.has(*role));
        let Some(roles) = FOR_EACH.iter().find(has) else {
            self.needs(Role::Calls);
            return 0.0;
        };
        roles.iter().map(|role| self.count(*role, &[])).sum()
    }

    #[track_caller]
    fn expect(self, expected: u64, found: f64, how: &str) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "no test makes 2^53 calls")]
        let met = (found - expected as f64).abs() < 0.5;
        assert!(met, "expected {expected} calls of {} {how}, found {found}\n{}", self.what, self.captured.table());
        self
    }
}

/// Observations of histograms, in increasing order.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "observations do nothing without an expectation"]
pub struct Observations(Vec<f64>);

impl Observations {
    /// Returns the number of observations.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the smallest observation.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        self.0.first().copied()
    }

    /// Returns the largest observation.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        self.0.last().copied()
    }

    /// Returns all observations.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.0
    }
}

/// Whether a series belongs to the function: the name is its complete path, or the end of it.
fn is_named(series: &Name, function: &str) -> bool {
    let Some(name) = series.label("function") else { return false };
    let path = format!("{}::{name}", series.label("module").unwrap_or_default());
    ends_with_path(&path, function)
}

fn ends_with_path(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with("::"))
}

/// The names that are similar to this one, for a message.
fn similar<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    const LIKE: f64 = 0.7;
    let mut found: Vec<(f64, &str)> = names
        .map(|it| (if it.contains(name) || name.contains(it) { 1.0 } else { strsim::jaro_winkler(name, it) }, it))
        .filter(|(like, _)| *like >= LIKE)
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    found.dedup_by(|a, b| a.1 == b.1);
    let names: Vec<String> = found.iter().take(5).map(|(_, it)| format!("`{it}`")).collect();
    if names.is_empty() { String::new() } else { format!("; similar: {}", names.join(", ")) }
}

/// The metric and the labels of one series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    metric: String,
    labels: Vec<(String, String)>,
}

impl Name {
    fn of(key: &Key) -> Self {
        let mut labels: Vec<_> = key.labels().map(|it| (it.key().to_owned(), it.value().to_owned())).collect();
        labels.sort();
        Self { metric: key.name().to_owned(), labels }
    }

    fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }

    fn fits(&self, labels: &[(&str, &str)]) -> bool {
        labels.iter().all(|(name, value)| self.label(name) == Some(value))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels: Vec<String> = self.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        write!(f, "{}{{{}}}", self.metric, labels.join(","))
    }
}

/// The value of a series.
enum Value {
    Counter(f64),
    Gauge(f64),
    Histogram(Vec<f64>),
}

/// The recorder: a store that can be read at any time. `DebuggingRecorder` of `metrics-util` resets gauges when it is
/// read, so a test could not read it twice.
struct Store(Registry<Key, AtomicStorage>);

fn install() -> Option<&'static Store> {
    let store: &'static Store = Box::leak(Box::new(Store(Registry::atomic())));
    metrics::set_global_recorder(store).ok()?;
    Some(store)
}

impl Store {
    /// Returns the current counters and gauges, and empties the histograms.
    fn begin(&self) -> BTreeMap<Name, f64> {
        self.0.visit_histograms(|_, histogram| histogram.clear());
        let values = self.read().into_iter().filter_map(|(series, value)| match value {
            Value::Counter(value) | Value::Gauge(value) => Some((series, value)),
            Value::Histogram(_) => None,
        });
        values.collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "no test counts to 2^53")]
    fn read(&self) -> Vec<(Name, Value)> {
        let mut all = Vec::new();
        self.0.visit_counters(|key, it| all.push((Name::of(key), Value::Counter(it.load(Ordering::SeqCst) as f64))));
        self.0.visit_gauges(|key, it| {
            all.push((Name::of(key), Value::Gauge(f64::from_bits(it.load(Ordering::SeqCst)))));
        });
        self.0.visit_histograms(|key, it| all.push((Name::of(key), Value::Histogram(it.data()))));
        all
    }

    fn names(&self, chosen: impl Fn(&Name) -> bool) -> Vec<Name> {
        self.read().into_iter().map(|it| it.0).filter(chosen).collect()
    }
}

impl Recorder for Store {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.0.get_or_create_counter(&key.to_retained(), |it| Counter::from_arc(Arc::clone(it)))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.0.get_or_create_gauge(&key.to_retained(), |it| Gauge::from_arc(Arc::clone(it)))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.0.get_or_create_histogram(&key.to_retained(), |it| Histogram::from_arc(Arc::clone(it)))
    }
}
