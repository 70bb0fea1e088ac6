//! From values that are known when a call is made to their series: an array slot for each combination where all are of
//! types with a known set of values, else a table that is read without a lock.

use crate::cache::Cache;
use crate::label::Pick;
use crate::series::{Record, Series, label_name};
use crate::site::Site;
use crate::table::Table;
use crate::verdict::Failure;
use measurand_catalog::{ADDED_LABELS, ERROR_OUTCOMES, Family};
use std::borrow::Cow;
use std::sync::OnceLock;

/// More combinations than this go by text, since each costs a slot before it is used.
const SLOTS_MAX: usize = 1 << 16;

/// Finds the series of a site, or of a family, by the values that are not fixed.
#[derive(Debug)]
pub(crate) struct Picker {
    table: &'static Table,
    /// The record of the site that it is of.
    site: Record,
    parts: Box<[Part]>,
    slots: OnceLock<Slots>,
    cache: Cache<&'static Series>,
}

/// A slot for each combination of the values of some types.
#[derive(Debug)]
struct Slots {
    /// The values of each type, in the order of the picks.
    types: Box<[&'static [&'static str]]>,
    series: Box<[OnceLock<&'static Series>]>,
}

impl Slots {
    fn of(picks: &[Pick<'_>]) -> Self {
        let slots = picks.iter().map(|it| it.values.len()).product();
        Self {
            types: picks.iter().map(|it| it.values).collect(),
            series: (0..slots).map(|_| OnceLock::new()).collect(),
        }
    }

    /// Whether the values are of the types that the slots are for: a generic function is used with several.
    #[inline]
    fn fit(&self, picks: &[Pick<'_>]) -> bool {
        self.types.iter().zip(picks).all(|(known, it)| std::ptr::eq(*known, it.values))
    }
}

/// Where the value of one label comes from.
#[derive(Debug)]
enum Part {
    Fixed(Box<str>),
    /// The value with this index among those given with a call.
    Given(usize),
    /// Nobody knows before the call has ended.
    Late,
}

/// Whether an expression in a record asks the result of a call: a closure does.
pub(crate) fn is_late(expression: &str) -> bool {
    expression.starts_with('|')
}

impl Picker {
    fn new(family: &'static Family, mut parts: Vec<Part>, site: Record) -> Self {
        // Series without added labels are those of other sites, and of the recording functions, too.
        while parts.len() > family.labels.len() && matches!(parts.last(), Some(Part::Late)) {
            parts.pop();
        }
        Self { table: Table::of(family), site, parts: parts.into(), slots: OnceLock::new(), cache: Cache::default() }
    }

    /// All values are given that are known before the call has ended, in the order of the family's labels.
    pub(crate) fn of_family(family: &'static Family) -> Self {
        let mut given = 0..;
        let mut part = |late| if late { Part::Late } else { Part::Given(given.next().unwrap_or_default()) };
        Self::new(family, family.labels.iter().map(|it| part(it.late)).collect(), &[])
    }

    /// The values that the site's record has as expressions are given, in the order of the record.
    pub(crate) fn of_site(site: &'static Site) -> Self {
        let family = site.series.family;
        let given: Vec<&str> = site.expressions().filter(|(_, it)| !is_late(it)).map(|(label, _)| label).collect();
        let place = |name: &str| given.iter().position(|it| *it == name).map(Part::Given);
        let fixed = |index: usize| site.series.value(index).map(|it| Part::Fixed(it.into()));
        // What has no value and no expression either is what the result tells.
        let label = |index| {
            let name = label_name(family, index)?;
            Some(place(name).or_else(|| fixed(index)).unwrap_or(Part::Late))
        };
        let all = 0..family.labels.len() + ADDED_LABELS.len();
        Self::new(family, all.map(|index| label(index).unwrap_or(Part::Late)).collect(), site.record())
    }

    /// The values that the series lacks are given, in the order of the family's labels.
    pub(crate) fn of_series(series: &'static Series) -> Self {
        let labels = 0..series.family.labels.len();
        let mut given = 0..;
        let mut part = |index| match series.value(index) {
            Some(value) => Part::Fixed(value.into()),
            None => Part::Given(given.next().unwrap_or_default()),
        };
        let mut parts: Vec<Part> = labels.clone().map(&mut part).collect();
        let added = (0..ADDED_LABELS.len()).map(|it| series.value(labels.end + it));
        parts.extend(added.map(|it| it.map_or(Part::Late, |it| Part::Fixed(it.into()))));
        Self::new(series.family, parts, series.site())
    }

    /// How many values have to be given.
    pub(crate) fn given(&self) -> usize {
        self.parts.iter().filter(|it| matches!(it, Part::Given(_))).count()
    }

    /// The series with these values.
    #[inline]
    pub(crate) fn pick(&'static self, picks: &[Pick<'_>]) -> &'static Series {
        let (mut slot, mut slots) = (0, 1);
        for pick in picks {
            slot = slot * pick.values.len() + pick.index;
            slots *= pick.values.len();
        }
        // One without known values makes the product zero.
        if slots == 0 { self.by_text(picks) } else { self.by_slot(slot, slots, picks) }
    }

    #[inline]
    fn by_slot(&'static self, slot: usize, slots: usize, picks: &[Pick<'_>]) -> &'static Series {
        let filled = self.slots.get().filter(|it| it.fit(picks));
        match filled.and_then(|it| it.series.get(slot)).and_then(OnceLock::get) {
            Some(series) => series,
            None => self.fill_slot(slot, slots, picks),
        }
    }

    #[cold]
    #[inline(never)]
    fn fill_slot(&'static self, slot: usize, slots: usize, picks: &[Pick<'_>]) -> &'static Series {
        if slots > SLOTS_MAX {
            return self.by_text(picks);
        }
        // The first types to come get the slots.
        let filled = self.slots.get_or_init(|| Slots::of(picks));
        match filled.series.get(slot).filter(|_| filled.fit(picks)) {
            Some(slot) => {
                let (series, exact) = self.find(picks);
                // A value that the family does not know is looked up, and counted as such, each time.
                if exact { slot.get_or_init(|| series) } else { series }
            }
            None => self.by_text(picks),
        }
    }

    /// The series that stands for a result which there is none of, named after how the call ended instead.
    #[cold]
    pub(crate) fn without_result(&'static self, failure: Failure) -> &'static Series {
        let pick = Pick::of_few(ERROR_OUTCOMES[failure as usize]);
        self.by_text(&vec![pick; self.given()])
    }

    fn by_text(&'static self, picks: &[Pick<'_>]) -> &'static Series {
        let hash = Cache::<()>::hash(picks.iter().map(|it| it.text));
        if let Some(series) = self.cache.get(hash, |it| self.matches(it, picks)) {
            return series;
        }
        let (series, exact) = self.find(picks);
        // Whoever shares a series with others is looked up each time: there may be any number of them.
        if exact {
            self.cache.insert(hash, series, |it| self.matches(it, picks));
        }
        series
    }

    /// The series with these values, of which some are text, if it was asked for before.
    #[cfg(feature = "tower")]
    pub(crate) fn known(&'static self, picks: &[Pick<'_>]) -> Option<&'static Series> {
        let hash = Cache::<()>::hash(picks.iter().map(|it| it.text));
        self.cache.get(hash, |it| self.matches(it, picks)).copied()
    }

    fn matches(&self, series: &Series, picks: &[Pick<'_>]) -> bool {
        self.parts.iter().enumerate().all(|(index, part)| match part {
            Part::Given(place) => series.value(index) == picks.get(*place).map(|it| it.text),
            Part::Fixed(_) | Part::Late => true,
        })
    }

    /// The series in the family's table, and whether it has the very values that were given.
    #[cold]
    fn find(&self, picks: &[Pick<'_>]) -> (&'static Series, bool) {
        let (mut values, mut free) = (Vec::with_capacity(self.parts.len()), Vec::with_capacity(self.parts.len()));
        for part in &self.parts {
            let (value, is_free) = match part {
                Part::Fixed(value) => (Some(Cow::Borrowed(&**value)), false),
                Part::Given(place) => {
                    let pick = picks.get(*place);
                    (pick.map(|it| Cow::Borrowed(it.text)), pick.is_some_and(|it| it.free))
                }
                Part::Late => (None, false),
            };
            values.push(value);
            free.push(is_free);
        }
        self.table.series(values, &free, self.site)
    }

    /// Brings every series to life that can be known before the first call: those of labels with a fixed set of values.
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
                let picks = given.iter().map(|values| {
                    let index = rest % values.len();
                    rest /= values.len();
                    Pick { values, index, text: values.get(index).copied().unwrap_or_default(), free: false }
                });
                each(self.find(&picks.collect::<Vec<_>>()).0);
            }
        }
    }
}
