//! The bound on series: what is recorded by hand can have any labels, and a user's name in one of them would fill the
//! memory here and in Prometheus.
//!
//! A metric that has as many series as it may have keeps those, and counts every further set of labels in a series whose
//! values are `_other`. What annotated functions register is bounded by the runtime and goes past this.

use crate::recorder::Inner;
use crate::redact;
use crate::storage::cells::CounterCells;
use crate::storage::labels;
use crate::storage::metric::{FOREIGN, Metric};
use crate::storage::series_map::{Entry, SeriesMap};
use crate::storage::undescribed::MOST_NAMES;
use measurand_catalog::{ADDED_LABELS, KIND_LABEL, OTHER, OVERFLOWS};
use metrics::{CounterFn, Key, Label};
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Longer label sets, in bytes of names and values, count as others: with as many series as there may be, values without
/// end would still fill the memory.
const LONGEST_LABELS: usize = 4096;
/// Label sets of a metric that no table describes may differ in their names too: so many such sets are kept apart.
const OTHERS: usize = 16;

/// Who registers a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeriesOrigin {
    /// Code of ours, which knows how many there will be.
    Bounded,
    /// Anybody.
    Hand,
}

impl Inner {
    /// The series of a key, or the one that counts in its place.
    pub(crate) fn entry<S>(
        &self,
        table: &Metric,
        map: &SeriesMap<S>,
        key: &Key,
        origin: SeriesOrigin,
        make: impl Fn() -> S,
    ) -> Arc<Entry<S>> {
        let kind = table.series.kind();
        if origin == SeriesOrigin::Bounded {
            return labels::with_text(key, kind, |text| map.get(text, make));
        }
        let mut key = Cow::Borrowed(key);
        if redact::is_wanted() {
            // What is there has been judged; that it is looked up first keeps the hook off the way of known series.
            if let Some(known) = labels::with_text(&key, kind, |text| map.find(text)) {
                return known;
            }
            if let Some(other) = redact::key(table, &key) {
                key = Cow::Owned(other);
            }
        }
        let key = &*key;
        let limit = self.series_limit.load(Ordering::Relaxed);
        let length = key.labels().map(|it| it.key().len() + it.value().len()).sum();
        if length <= LONGEST_LABELS
            && let Some(entry) = labels::with_text(key, kind, |text| map.get_below(limit, text, &make))
        {
            return entry;
        }
        self.count_overflow(table, limit, length);
        let other = Some(other(table, key)).filter(|it| it.len() <= LONGEST_LABELS).unwrap_or_default();
        if table.labels.is_some() {
            // The labels that a table describes leave few such sets.
            return map.get(&other, make);
        }
        map.get_below(limit.saturating_add(OTHERS), &other, &make).unwrap_or_else(|| map.get("", make))
    }

    /// Where the label sets of a metric are counted for which there is no room.
    fn overflows<'a>(&self, table: &'a Metric) -> &'a CounterCells {
        table.overflows.get_or_init(|| self.overflows_of(table.family))
    }

    /// The same by family; made now if it is the first time.
    pub(crate) fn overflows_of(&self, family: &'static str) -> Arc<CounterCells> {
        let key = Key::from_parts(OVERFLOWS, vec![Label::from_static_parts("family", family)]);
        // Without a series when somebody's family took the name for something else.
        self.counter(&key).map_or_else(|| Arc::new(CounterCells::new()), |it| it.series.cells())
    }

    fn count_overflow(&self, table: &Metric, limit: usize, length: usize) {
        self.overflows(table).increment(1);
        if length > LONGEST_LABELS {
            let name = &table.name;
            self.warn(&format!("{name}{{..}}"), || {
                format!(
                    "`{name}` is recorded with labels of {length} bytes, and {LONGEST_LABELS} are as many as there may be: \
                     they become `{OTHER}`; record a shorter value, such as a kind or a hash"
                )
            });
        } else if !table.is_full.swap(true, Ordering::Relaxed) {
            let name = &table.name;
            self.warn(&format!("{name}{{}}"), || {
                format!(
                    "`{name}` has {limit} series, as many as a metric may have: further label values become `{OTHER}`; \
                     record fewer different values, or raise the limit with `.series_limit(..)` of the exporter's builder"
                )
            });
        }
    }

    /// Counts a recording under a name that is too long to be one.
    pub(crate) fn count_long_name(&self, name: &str) {
        self.overflows_of(FOREIGN).increment(1);
        let begin: String = name.chars().take(40).collect();
        self.warn("{..}", || {
            format!(
                "the metric `{}..` is ignored: its name has {} bytes; tell things apart by labels, not by names",
                begin.escape_debug(),
                name.len()
            )
        });
    }

    /// Counts a metric for which there is no room at all.
    pub(crate) fn count_refusal(&self, name: &str) {
        self.overflows_of(FOREIGN).increment(1);
        self.warn("", || {
            format!(
                "`{}` and all further metrics are ignored: there are {} already that no family describes; tell things \
                 apart by labels, not by names",
                name.escape_debug(),
                MOST_NAMES
            )
        });
    }
}

/// The labels that count in place of others: what a table fixes stays, all else becomes [`OTHER`].
fn other(table: &Metric, key: &Key) -> String {
    let mut out = String::new();
    let given = labels::canonical(key, table.series.kind());
    let Some(described) = &table.labels else {
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
