//! From values that are known at the start of a call to their series. If all values have types with a known set of
//! values, each combination has an array slot. Otherwise a map is read without a lock.

use crate::failure::Failure;
use crate::label::LabelRef;
use crate::lock_free_map::LockFreeMap;
use crate::record::{Record, expressions, is_from_result, label_name};
use crate::series::Series;
use crate::series_limit::LabelTable;
use measurand_catalog::lock::lock;
use measurand_catalog::{ADDED_LABELS, Family};
use std::borrow::Cow;
use std::sync::{Mutex, OnceLock};

/// Maximum number of slots. With more combinations the look-up uses text, because each slot costs memory before its
/// use.
const SLOTS_MAX: usize = 1 << 16;

/// Finds the series of a site or of a family by the values that are not fixed.
#[derive(Debug)]
pub(crate) struct SeriesLookup {
    table: &'static LabelTable<Series>,
    /// The record of its site.
    site: Record,
    parts: Box<[Part]>,
    slots: OnceLock<Slots>,
    map: LockFreeMap<&'static Series>,
}

/// A slot for each combination of the values of some types.
#[derive(Debug)]
struct Slots {
    /// The values of each type, in the order of the labels.
    types: Box<[&'static [&'static str]]>,
    series: Box<[OnceLock<&'static Series>]>,
}

impl Slots {
    fn of(labels: &[LabelRef<'_>]) -> Self {
        let slots = labels.iter().map(|it| it.values.len()).product();
        Self {
            types: labels.iter().map(|it| it.values).collect(),
            series: (0..slots).map(|_| OnceLock::new()).collect(),
        }
    }

    /// Whether the values have the types of the slots. A generic function is called with several types.
    #[inline]
    fn fit(&self, labels: &[LabelRef<'_>]) -> bool {
        self.types.iter().zip(labels).all(|(known, it)| std::ptr::eq(*known, it.values))
    }
}

/// The source of the value of one label.
#[derive(Debug)]
enum Part {
    Fixed(Box<str>),
    /// The value with this index among the values given to the look-up.
    Given(usize),
    /// The result of the call.
    FromResult,
}

/// The table of a family, shared by all its sites and recording functions.
fn table_of(family: &'static Family) -> &'static LabelTable<Series> {
    // Compared by name, because a constant may have several addresses.
    static TABLES: Mutex<Vec<&'static LabelTable<Series>>> = Mutex::new(Vec::new());
    let mut tables = lock(&TABLES);
    if let Some(table) = tables.iter().find(|it| it.family().name == family.name) {
        return table;
    }
    let table = &*Box::leak(Box::new(LabelTable::new(family)));
    tables.push(table);
    table
}

impl SeriesLookup {
    fn new(family: &'static Family, mut parts: Vec<Part>, site: Record) -> Self {
        // Without added labels, the series are shared with other sites and with the recording functions.
        while parts.len() > family.labels.len() && matches!(parts.last(), Some(Part::FromResult)) {
            parts.pop();
        }
        Self { table: table_of(family), site, parts: parts.into(), slots: OnceLock::new(), map: LockFreeMap::default() }
    }

    /// A look-up by all values that are known before the call ends, in the order of the family's labels.
    pub(crate) fn of_family(family: &'static Family) -> Self {
        let mut given = 0..;
        let mut part =
            |from_result| if from_result { Part::FromResult } else { Part::Given(given.next().unwrap_or_default()) };
        Self::new(family, family.labels.iter().map(|it| part(it.from_result)).collect(), &[])
    }

    /// A look-up by the values that are expressions in the site's record, in the order of the record.
    pub(crate) fn of_site(series: &'static Series) -> Self {
        let (family, record) = (series.family, series.record());
        let given = expressions(record).filter(|(_, it)| !is_from_result(it)).map(|(label, _)| label);
        let given: Vec<&str> = given.collect();
        let place = |name: &str| given.iter().position(|it| *it == name).map(Part::Given);
        let fixed = |index: usize| series.value(index).map(|it| Part::Fixed(it.into()));
        // A label with neither a value nor an expression comes from the result.
        let label = |index| {
            let name = label_name(family, index)?;
            Some(place(name).or_else(|| fixed(index)).unwrap_or(Part::FromResult))
        };
        let all = 0..family.labels.len() + ADDED_LABELS.len();
        Self::new(family, all.map(|index| label(index).unwrap_or(Part::FromResult)).collect(), record)
    }

    /// A look-up by the values that the series lacks, in the order of the family's labels.
    pub(crate) fn of_series(series: &'static Series) -> Self {
        let labels = 0..series.family.labels.len();
        let mut given = 0..;
        let mut part = |index| match series.value(index) {
            Some(value) => Part::Fixed(value.into()),
            None => Part::Given(given.next().unwrap_or_default()),
        };
        let mut parts: Vec<Part> = labels.clone().map(&mut part).collect();
        let added = (0..ADDED_LABELS.len()).map(|it| series.value(labels.end + it));
        parts.extend(added.map(|it| it.map_or(Part::FromResult, |it| Part::Fixed(it.into()))));
        Self::new(series.family, parts, series.site())
    }

    /// The number of values that the look-up takes.
    pub(crate) fn given(&self) -> usize {
        self.parts.iter().filter(|it| matches!(it, Part::Given(_))).count()
    }

    /// The series with these values.
    #[inline]
    pub(crate) fn find(&'static self, labels: &[LabelRef<'_>]) -> &'static Series {
        let (mut slot, mut slots) = (0, 1);
        for label in labels {
            slot = slot * label.values.len() + label.index;
            slots *= label.values.len();
        }
        // A label without known values makes the product zero.
        if slots == 0 { self.by_text(labels) } else { self.by_slot(slot, slots, labels) }
    }

    #[inline]
    fn by_slot(&'static self, slot: usize, slots: usize, labels: &[LabelRef<'_>]) -> &'static Series {
        let filled = self.slots.get().filter(|it| it.fit(labels));
        match filled.and_then(|it| it.series.get(slot)).and_then(OnceLock::get) {
            Some(series) => series,
            None => self.fill_slot(slot, slots, labels),
        }
    }

    #[cold]
    #[inline(never)]
    fn fill_slot(&'static self, slot: usize, slots: usize, labels: &[LabelRef<'_>]) -> &'static Series {
        if slots > SLOTS_MAX {
            return self.by_text(labels);
        }
        // The slots belong to the types of the first call.
        let filled = self.slots.get_or_init(|| Slots::of(labels));
        match filled.series.get(slot).filter(|_| filled.fit(labels)) {
            Some(slot) => {
                let (series, exact) = self.find_in_table(labels);
                // A value that the family does not allow is looked up each time, which also counts it.
                if exact { slot.get_or_init(|| series) } else { series }
            }
            None => self.by_text(labels),
        }
    }

    /// The series of calls without a result. The failure replaces the labels that come from the result.
    #[cold]
    pub(crate) fn without_result(&'static self, failure: Failure) -> &'static Series {
        let label = LabelRef::of_few(failure.name());
        self.by_text(&vec![label; self.given()])
    }

    fn by_text(&'static self, labels: &[LabelRef<'_>]) -> &'static Series {
        let hash = LockFreeMap::<()>::hash(labels.iter().map(|it| it.text));
        if let Some(series) = self.map.get(hash, |it| self.matches(it, labels)) {
            return series;
        }
        let (series, exact) = self.find_in_table(labels);
        // Values that share a series are looked up each time, because there may be any number of them.
        if exact {
            self.map.insert(hash, series, |it| self.matches(it, labels));
        }
        series
    }

    /// The series with these values, some of which are text, if it has been looked up before.
    #[cfg(feature = "tower")]
    pub(crate) fn known(&'static self, labels: &[LabelRef<'_>]) -> Option<&'static Series> {
        let hash = LockFreeMap::<()>::hash(labels.iter().map(|it| it.text));
        self.map.get(hash, |it| self.matches(it, labels)).copied()
    }

    fn matches(&self, series: &Series, labels: &[LabelRef<'_>]) -> bool {
        self.parts.iter().enumerate().all(|(index, part)| match part {
            Part::Given(place) => series.value(index) == labels.get(*place).map(|it| it.text),
            Part::Fixed(_) | Part::FromResult => true,
        })
    }

    /// The series in the family's table, and whether it has exactly the given values.
    #[cold]
    fn find_in_table(&self, labels: &[LabelRef<'_>]) -> (&'static Series, bool) {
        let (mut values, mut free) = (Vec::with_capacity(self.parts.len()), Vec::with_capacity(self.parts.len()));
        for part in &self.parts {
            let (value, is_free) = match part {
                Part::Fixed(value) => (Some(Cow::Borrowed(&**value)), false),
                Part::Given(place) => {
                    let label = labels.get(*place);
                    (label.map(|it| Cow::Borrowed(it.text)), label.is_some_and(|it| it.free))
                }
                Part::FromResult => (None, false),
            };
            values.push(value);
            free.push(is_free);
        }
        self.table.find(values, &free, |it| Series::of_values(it, self.table.family(), self.site))
    }

    /// Creates every series that is known before the first call: those for labels with a fixed set of values.
    pub(crate) fn fill(&'static self, each: &mut dyn FnMut(&'static Series)) {
        let mut given: Vec<&'static [&'static str]> = vec![&[]; self.given()];
        for (label, part) in self.table.family().labels.iter().zip(&self.parts) {
            if let Part::Given(place) = part {
                given[*place] = label.values;
            }
        }
        let combinations = given.iter().map(|it| it.len()).product::<usize>();
        if (1..=SLOTS_MAX).contains(&combinations) {
            for number in 0..combinations {
                let mut rest = number;
                let labels = given.iter().map(|values| {
                    let index = rest % values.len();
                    rest /= values.len();
                    LabelRef { values, index, text: values.get(index).copied().unwrap_or_default(), free: false }
                });
                each(self.find_in_table(&labels.collect::<Vec<_>>()).0);
            }
        }
    }
}
