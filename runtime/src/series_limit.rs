//! All series of a family with values that are not literals, and their maximum number.

use crate::fast_path::redacted;
use crate::record::label_name;
use foldhash::HashMap;
use measurand_catalog::{ERROR_OUTCOMES, Family, OTHER, OVERFLOWS, SERIES_LIMIT, SITE_TARGET, UNKNOWN_VALUES};
use metrics::{Key, Label, Level, Metadata};
use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};

/// Maximum length of a text value. Longer values are replaced like those beyond the series limit: even a limited number
/// of them could take an unlimited amount of memory.
const LENGTH_MAX: usize = 256;

static LIMIT: AtomicUsize = AtomicUsize::new(SERIES_LIMIT);

/// Sets the maximum number of combinations of free-text values per family; further combinations are recorded under
/// `_other`. Existing series stay. Default: 2000.
///
/// Literals, and values of types with `#[derive(Label)]`, are not limited: the code bounds their number.
pub fn set_series_limit(limit: usize) {
    LIMIT.store(limit, Ordering::Relaxed);
}

/// The values of a series, in the order of the family's labels. `None` is a value that comes from the result of the
/// call.
pub(crate) type Values = Box<[Option<Box<str>>]>;

/// The series of one family, by the values of their labels. This type is independent of [`crate::series::Series`].
#[derive(Debug)]
pub(crate) struct LabelTable<S: 'static> {
    family: &'static Family,
    series: RwLock<HashMap<Values, &'static S>>,
    /// The number of series with a free-text value.
    free: AtomicUsize,
}

impl<S> LabelTable<S> {
    pub(crate) fn new(family: &'static Family) -> Self {
        Self { family, series: RwLock::default(), free: AtomicUsize::new(0) }
    }

    pub(crate) fn family(&self) -> &'static Family {
        self.family
    }

    /// Returns the series with these values, in the order of the family's labels, and whether it has exactly the given
    /// values. `free` marks the free texts, which the user's hook may replace. `make` makes a new series.
    pub(crate) fn find(
        &self,
        mut values: Vec<Option<Cow<'_, str>>>,
        free: &[bool],
        make: impl Fn(Values) -> S,
    ) -> (&'static S, bool) {
        let redacted = self.redact(&mut values, free);
        let (mut exact, mut known) = (true, true);
        for (index, value) in values.iter_mut().enumerate() {
            let Some(text) = value else { continue };
            let label = self.family.labels.get(index).filter(|label| !label.values.is_empty());
            match label {
                Some(label) if !label.values.contains(&&**text) && text != OTHER => {
                    known = false;
                    // A call without a result has its outcome as the value. That is not an unknown text.
                    if !(label.from_result && ERROR_OUTCOMES.contains(&&**text)) {
                        count_unknown(self.family.name, label.name);
                    }
                }
                None if text.len() > LENGTH_MAX => exact = false,
                _ => continue,
            }
            *value = Some(Cow::Borrowed(OTHER));
        }
        let key = |values: &[Option<Cow<'_, str>>]| -> Values {
            values.iter().map(|it| it.as_deref().map(Into::into)).collect()
        };
        let wanted = key(&values);
        let is_free = |index: usize, it: &Option<Cow<'_, str>>| {
            free.get(index).copied().unwrap_or(false) && it.as_deref().is_some_and(|it| it != OTHER)
        };
        if !values.iter().enumerate().any(|(index, it)| is_free(index, it)) {
            return (self.counted(self.unlimited(wanted, &make), exact), exact && known && !redacted);
        }
        if let Some(series) = self.get(&wanted).or_else(|| self.limited(wanted, &make)) {
            return (self.counted(series, exact), exact && known && !redacted);
        }
        for (index, value) in values.iter_mut().enumerate() {
            if is_free(index, value) {
                *value = Some(Cow::Borrowed(OTHER));
            }
        }
        (self.counted(self.unlimited(key(&values), &make), false), false)
    }

    /// Replaces the texts that the user's hook redacts; returns whether it redacted any.
    fn redact(&self, values: &mut [Option<Cow<'_, str>>], free: &[bool]) -> bool {
        let mut any = false;
        for (index, value) in values.iter_mut().enumerate().filter(|(index, _)| free.get(*index) == Some(&true)) {
            let label = label_name(self.family, index).unwrap_or_default();
            let other = value.as_deref().and_then(|it| redacted(self.family.name, label, it)).map(Cow::into_owned);
            if let Some(other) = other {
                any = true;
                *value = Some(Cow::Owned(other));
            }
        }
        any
    }

    /// The series with values that are written in the code.
    fn unlimited(&self, values: Values, make: impl Fn(Values) -> S) -> &'static S {
        self.get(&values).unwrap_or_else(|| Self::insert(&mut self.lock(), values, make))
    }

    /// The series with a free-text value; `None` if the limit is reached.
    fn limited(&self, values: Values, make: impl Fn(Values) -> S) -> Option<&'static S> {
        let full = || self.free.load(Ordering::Relaxed) >= LIMIT.load(Ordering::Relaxed);
        if full() {
            // Another thread may have inserted these values in the meantime.
            return self.get(&values);
        }
        let mut all = self.lock();
        if let Some(series) = all.get(&values) {
            return Some(series);
        }
        if full() {
            return None;
        }
        self.free.fetch_add(1, Ordering::Relaxed);
        Some(Self::insert(&mut all, values, make))
    }

    fn insert(all: &mut HashMap<Values, &'static S>, values: Values, make: impl Fn(Values) -> S) -> &'static S {
        // The limit and the code bound the number of leaked series.
        all.entry(values).or_insert_with_key(|values| Box::leak(Box::new(make(values.clone()))))
    }

    fn lock(&self) -> RwLockWriteGuard<'_, HashMap<Values, &'static S>> {
        self.series.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, values: &Values) -> Option<&'static S> {
        self.series.read().unwrap_or_else(PoisonError::into_inner).get(values).copied()
    }

    /// Counts a recording whose labels were replaced.
    fn counted(&self, series: &'static S, exact: bool) -> &'static S {
        if !exact {
            metrics::with_recorder(|recorder| {
                let (key, metadata) = overflows(self.family.name);
                recorder.register_counter(&key, &metadata).increment(1);
            });
        }
        series
    }
}

/// Counts a recording with a text that its label does not allow. The cause is the recording code, not the limit.
#[cold]
fn count_unknown(family: &'static str, label: &'static str) {
    let (key, metadata) = unknown_values(family, label);
    metrics::with_recorder(|recorder| recorder.register_counter(&key, &metadata).increment(1));
}

/// The counter of recordings with a text that this label does not allow.
pub(crate) fn unknown_values(family: &'static str, label: &'static str) -> (Key, Metadata<'static>) {
    let labels = vec![Label::from_static_parts("family", family), Label::from_static_parts("label", label)];
    (Key::from_parts(UNKNOWN_VALUES, labels), Metadata::new(SITE_TARGET, Level::INFO, None))
}

/// The counter of a family's recordings whose labels were replaced.
pub(crate) fn overflows(family: &'static str) -> (Key, Metadata<'static>) {
    let key = Key::from_parts(OVERFLOWS, vec![Label::from_static_parts("family", family)]);
    (key, Metadata::new(SITE_TARGET, Level::INFO, None))
}
