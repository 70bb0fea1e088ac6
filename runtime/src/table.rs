//! All series of a family whose values are not written in the code, and how many there may be.

use crate::direct::redacted;
use crate::series::{Record, Series, label_name};
use foldhash::HashMap;
use measurand_catalog::{ERROR_OUTCOMES, Family, OTHER, OVERFLOWS, SERIES_LIMIT, SITE_TARGET, UNKNOWN_VALUES};
use metrics::{Key, Label, Level, Metadata};
use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockWriteGuard};

/// Longer values are replaced like those beyond the limit: with as many series as there may be, they would still be an
/// unbounded amount of memory.
const LENGTH_MAX: usize = 256;

static LIMIT: AtomicUsize = AtomicUsize::new(SERIES_LIMIT);

/// Sets how many combinations of values that are free text each family may have, 2000 unless told otherwise; all others
/// count under `_other`. Series that exist already stay.
///
/// Literals, and values of types with `#[derive(Label)]`, are not limited: the code bounds them.
pub fn set_series_limit(limit: usize) {
    LIMIT.store(limit, Ordering::Relaxed);
}

type Values = Box<[Option<Box<str>>]>;

/// The series of one family.
#[derive(Debug)]
pub(crate) struct Table {
    family: &'static Family,
    series: RwLock<HashMap<Values, &'static Series>>,
    /// How many of them have a value that is free text.
    free: AtomicUsize,
}

impl Table {
    /// The one table of this family.
    pub(crate) fn of(family: &'static Family) -> &'static Self {
        // By name, since a constant may lie at several addresses.
        static TABLES: Mutex<Vec<&'static Table>> = Mutex::new(Vec::new());
        let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = tables.iter().find(|it| it.family.name == family.name) {
            return table;
        }
        let table = Box::leak(Box::new(Self { family, series: RwLock::default(), free: AtomicUsize::new(0) }));
        tables.push(table);
        table
    }

    pub(crate) fn family(&self) -> &'static Family {
        self.family
    }

    /// The series with these values, in the order of the family's labels, and whether it has the very values that were
    /// given. `free` says which of them are free text, which the user's hook may replace; `site` is the record of the site that
    /// asks.
    pub(crate) fn series(
        &self,
        mut values: Vec<Option<Cow<'_, str>>>,
        free: &[bool],
        site: Record,
    ) -> (&'static Series, bool) {
        let redacted = self.redact(&mut values, free);
        let (mut exact, mut known) = (true, true);
        for (index, value) in values.iter_mut().enumerate() {
            let Some(text) = value else { continue };
            let label = self.family.labels.get(index).filter(|label| !label.values.is_empty());
            match label {
                Some(label) if !label.values.contains(&&**text) && text != OTHER => {
                    known = false;
                    // A call without a result, whose outcome stands for the value, is not the fault of any text.
                    if !(label.late && ERROR_OUTCOMES.contains(&&**text)) {
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
            return (self.counted(self.unlimited(wanted, site), exact), exact && known && !redacted);
        }
        if let Some(series) = self.find(&wanted).or_else(|| self.limited(wanted, site)) {
            return (self.counted(series, exact), exact && known && !redacted);
        }
        for (index, value) in values.iter_mut().enumerate() {
            if is_free(index, value) {
                *value = Some(Cow::Borrowed(OTHER));
            }
        }
        (self.counted(self.unlimited(key(&values), site), false), false)
    }

    /// Replaces the texts that the user's hook does not let pass, and says whether there was one.
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

    /// The series with values that the code names.
    fn unlimited(&self, values: Values, site: Record) -> &'static Series {
        self.find(&values).unwrap_or_else(|| self.insert(&mut self.lock(), values, site))
    }

    /// The series with a value that is free text, as long as there is room.
    fn limited(&self, values: Values, site: Record) -> Option<&'static Series> {
        let full = || self.free.load(Ordering::Relaxed) >= LIMIT.load(Ordering::Relaxed);
        if full() {
            // Another thread may have taken the last place for these very values.
            return self.find(&values);
        }
        let mut all = self.lock();
        if let Some(series) = all.get(&values) {
            return Some(series);
        }
        if full() {
            return None;
        }
        self.free.fetch_add(1, Ordering::Relaxed);
        Some(self.insert(&mut all, values, site))
    }

    fn insert(&self, all: &mut HashMap<Values, &'static Series>, values: Values, site: Record) -> &'static Series {
        // Bounded by the limit, and by what the code itself names.
        let make = |values: &Values| &*Box::leak(Box::new(Series::of_values(values.clone(), self.family, site)));
        all.entry(values).or_insert_with_key(make)
    }

    fn lock(&self) -> RwLockWriteGuard<'_, HashMap<Values, &'static Series>> {
        self.series.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, values: &Values) -> Option<&'static Series> {
        self.series.read().unwrap_or_else(PoisonError::into_inner).get(values).copied()
    }

    /// Counts a recording whose labels were replaced.
    fn counted(&self, series: &'static Series, exact: bool) -> &'static Series {
        if !exact {
            metrics::with_recorder(|recorder| {
                let (key, metadata) = overflows(self.family.name);
                recorder.register_counter(&key, &metadata).increment(1);
            });
        }
        series
    }
}

/// Counts a recording whose text is none of a label's known values: no limit is to blame, but the code that records.
#[cold]
fn count_unknown(family: &'static str, label: &'static str) {
    let (key, metadata) = unknown_values(family, label);
    metrics::with_recorder(|recorder| recorder.register_counter(&key, &metadata).increment(1));
}

/// The counter of a label's recordings whose text is none of its known values.
pub(crate) fn unknown_values(family: &'static str, label: &'static str) -> (Key, Metadata<'static>) {
    let labels = vec![Label::from_static_parts("family", family), Label::from_static_parts("label", label)];
    (Key::from_parts(UNKNOWN_VALUES, labels), Metadata::new(SITE_TARGET, Level::INFO, None))
}

/// The counter of a family's recordings whose labels were replaced.
pub(crate) fn overflows(family: &'static str) -> (Key, Metadata<'static>) {
    let key = Key::from_parts(OVERFLOWS, vec![Label::from_static_parts("family", family)]);
    (key, Metadata::new(SITE_TARGET, Level::INFO, None))
}
