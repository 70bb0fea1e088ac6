//! The limit on series of metrics that are recorded through the facade; `runtime/src/series_limit.rs` has the limit of
//! annotated functions. Metrics that are recorded by hand can have any labels, and a user name in one of them would
//! fill the memory here and in Prometheus.
//!
//! A metric at its limit keeps its series and counts every further label set in a series whose values are `_other`. The
//! runtime limits the series of annotated functions itself, so they bypass this module.

use crate::redact;
use crate::storage::cells::CounterCells;
use crate::storage::labels;
use crate::storage::metric::{Metric, SeriesKind, UNDESCRIBED};
use crate::storage::metric_store::{MetricStore, SeriesOrigin};
use crate::storage::series_map::{Entry, SeriesMap};
use crate::storage::undescribed::MOST_NAMES;
use measurand_catalog::{ADDED_LABELS, KIND_LABEL, OTHER, OVERFLOWS};
use metrics::{CounterFn, Key, Label};
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Maximum size of a label set, in bytes of names and values. Longer sets count as `_other`: even with a limited number
/// of series, values of unlimited length would fill the memory.
const LONGEST_LABELS: usize = 4096;
/// Maximum number of `_other` series for a metric that no table describes, whose label sets may differ in their names
/// too.
const OTHERS: usize = 16;

impl MetricStore {
    /// Returns the series of a key, or the one that counts in its place; `None` if the metric is of another kind.
    pub(crate) fn entry<S: SeriesKind>(
        &self,
        metric: &Metric,
        key: &Key,
        origin: SeriesOrigin,
    ) -> Option<Arc<Entry<S>>> {
        let series = S::of(metric)?;
        Some(match origin {
            SeriesOrigin::Bounded => labels::with_text(key, S::KIND, |text| series.get(text, || S::new(metric))),
            SeriesOrigin::Hand => self.limited_entry(metric, series, key),
        })
    }

    fn limited_entry<S: SeriesKind>(&self, metric: &Metric, series: &SeriesMap<S>, key: &Key) -> Arc<Entry<S>> {
        let make = || S::new(metric);
        let mut key = Cow::Borrowed(key);
        if redact::is_wanted() {
            // Existing series have passed the hook, so finding the series first avoids calling it.
            if let Some(known) = labels::with_text(&key, S::KIND, |text| series.find(text)) {
                return known;
            }
            if let Some(other) = redacted_key(metric, &key) {
                key = Cow::Owned(other);
            }
        }
        let key = &*key;
        let limit = self.series_limit.load(Ordering::Relaxed);
        let length = key.labels().map(|it| it.key().len() + it.value().len()).sum();
        if length <= LONGEST_LABELS
            && let Some(entry) = labels::with_text(key, S::KIND, |text| series.get_below(limit, text, make))
        {
            return entry;
        }
        self.count_overflow(metric, limit, length);
        let other = Some(other(metric, key)).filter(|it| it.len() <= LONGEST_LABELS).unwrap_or_default();
        if metric.labels.is_some() {
            // The described labels allow only few such sets.
            return series.get(&other, make);
        }
        series.get_below(limit.saturating_add(OTHERS), &other, make).unwrap_or_else(|| series.get("", make))
    }

    /// Returns the counter of a metric's label sets beyond the limit.
    fn overflows<'a>(&self, metric: &'a Metric) -> &'a CounterCells {
        metric.overflows.get_or_init(|| self.overflows_of(metric.family))
    }

    /// Returns the counter of a family's label sets beyond the limits; the first call creates it.
    pub(crate) fn overflows_of(&self, family: &'static str) -> Arc<CounterCells> {
        let key = Key::from_parts(OVERFLOWS, vec![Label::from_static_parts("family", family)]);
        // If a family of the user has taken the name for another kind, the count is not exported.
        self.counter(&key).map_or_else(|| Arc::new(CounterCells::new()), |it| it.series.cells())
    }

    fn count_overflow(&self, metric: &Metric, limit: usize, length: usize) {
        self.overflows(metric).increment(1);
        if length > LONGEST_LABELS {
            let name = &metric.name;
            self.warn(&format!("{name}{{..}}"), || {
                format!(
                    "`{name}` is recorded with labels of {length} bytes, more than the limit of {LONGEST_LABELS}, so \
                     they become `{OTHER}`; record a shorter value, such as a kind or a hash"
                )
            });
        } else if !metric.is_full.swap(true, Ordering::Relaxed) {
            let name = &metric.name;
            self.warn(&format!("{name}{{}}"), || {
                format!(
                    "`{name}` has reached the limit of {limit} series, so further label values become `{OTHER}`; \
                     record fewer different values, or raise the limit with `.series_limit(..)` of the exporter's \
                     builder"
                )
            });
        }
    }

    /// Counts a recording whose metric name is too long.
    pub(crate) fn count_long_name(&self, name: &str) {
        self.overflows_of(UNDESCRIBED).increment(1);
        let start: String = name.chars().take(40).collect();
        self.warn("{..}", || {
            format!(
                "the metric `{}..` is ignored: its name has {} bytes; use labels for data, not names",
                start.escape_debug(),
                name.len()
            )
        });
    }

    /// Counts a metric beyond the limit of metrics.
    pub(crate) fn count_refusal(&self, name: &str) {
        self.overflows_of(UNDESCRIBED).increment(1);
        self.warn("", || {
            format!(
                "`{}` and all further metrics are ignored: the limit of {} metrics without a family is reached; \
                 use labels for data, not names",
                name.escape_debug(),
                MOST_NAMES
            )
        });
    }
}

/// Returns the key to record instead, if the redaction hook replaces a value.
fn redacted_key(metric: &Metric, key: &Key) -> Option<Key> {
    let mut changed = false;
    let labels = labels::canonical(key, metric.kind()).into_iter().map(|(name, value)| {
        let other = redact::redacted(&metric.name, &name, value);
        changed |= other.is_some();
        Label::new(name.into_owned(), other.unwrap_or(Cow::Borrowed(value)).into_owned())
    });
    let labels: Vec<Label> = labels.collect();
    changed.then(|| Key::from_parts(metric.name.to_string(), labels))
}

/// Returns the labels that count in place of others: values that a table fixes stay, all others become [`OTHER`].
fn other(metric: &Metric, key: &Key) -> String {
    let mut out = String::new();
    let given = labels::canonical(key, metric.kind());
    let Some(described) = &metric.labels else {
        for (name, _) in given {
            labels::push_label(&mut out, &name, OTHER);
        }
        return out;
    };
    let described_as = |name: &str| described.iter().find(|it| it.name == name);
    let fits = |(name, value): &(Cow<'_, str>, &str)| match described_as(name) {
        Some(label) => label.values.is_empty() || label.values.contains(value) || *value == OTHER,
        None => **name == *KIND_LABEL || ADDED_LABELS.contains(&&**name),
    };
    let is_whole = described.iter().all(|label| given.iter().any(|(name, _)| *name == label.name));
    if is_whole && given.iter().all(fits) {
        for (name, value) in &given {
            let is_fixed = described_as(name).is_some_and(|it| !it.values.is_empty());
            labels::push_label(&mut out, name, if is_fixed { value } else { OTHER });
        }
    } else {
        for label in described {
            labels::push_label(&mut out, label.name, OTHER);
        }
    }
    out
}
