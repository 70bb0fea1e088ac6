//! One set of label values of a family, with its handles. What is recorded is always recorded into a series.

use crate::binding::{Binding, address};
use crate::contain::contained;
use crate::handles::{Handles, Keys, Lookup};
use crate::names;
use crate::newest::Newest;
use crate::picker::Picker;
use measurand_catalog::{ADDED_LABELS, FUNCTION_LABEL, Family, record};
use std::sync::OnceLock;

/// One set of label values of a family.
#[derive(Debug)]
pub struct Series {
    pub(crate) family: &'static Family,
    values: Values,
    pub(crate) binding: OnceLock<&'static Binding>,
    /// Stands for the calls that are not timed, unless the recorder's cells remember a newer one.
    pub(crate) newest: Newest,
    more: OnceLock<&'static More>,
}

/// What a series needs when it is first used. It is made once and kept for ever, like the series itself.
#[derive(Debug)]
struct More {
    keys: Keys,
    /// The way to the series that calls end in, where the result decides about a label; or, of a site with labels that are
    /// known when a call begins, to those that calls begin in.
    picker: OnceLock<&'static Picker>,
}

/// Where the values of the labels stand.
#[derive(Debug)]
enum Values {
    /// In the record of an annotated function, as literals.
    Record(&'static [u8]),
    /// The same, where the function is in the program's own crate.
    RecordInBinary(&'static [u8]),
    /// Here, in the order of the family's labels, and behind them those that the annotation adds. Nothing is what only the
    /// result of a call will tell.
    Listed(Box<[Option<Box<str>>]>, Record),
}

/// The record of a site, or nothing.
pub(crate) type Record = &'static [u8];

impl Series {
    /// The series whose values are those of a record.
    pub(crate) const fn of_record(record: &'static [u8], family: &'static Family, in_binary: bool) -> Self {
        let values = if in_binary { Values::RecordInBinary(record) } else { Values::Record(record) };
        Self::new(values, family)
    }

    /// Whether it is of a site in the program's own crate.
    #[cfg(feature = "exporter")]
    pub(crate) fn is_in_binary(&self) -> bool {
        matches!(self.values, Values::RecordInBinary(_))
    }

    /// The series with these values, in the order of the family's labels; `site` is the record of the site that is the
    /// first to need it.
    pub(crate) fn of_values(values: Box<[Option<Box<str>>]>, family: &'static Family, site: Record) -> Self {
        Self::new(Values::Listed(values, site), family)
    }

    const fn new(values: Values, family: &'static Family) -> Self {
        Self { family, values, binding: OnceLock::new(), newest: Newest::none(), more: OnceLock::new() }
    }

    /// The record of the site that it is of; empty if there is none.
    pub(crate) fn record(&self) -> &'static [u8] {
        match self.values {
            Values::Record(record) | Values::RecordInBinary(record) => record,
            Values::Listed(..) => &[],
        }
    }

    /// The value of the family's label with this index; the labels that an annotation adds follow them.
    pub(crate) fn value(&self, index: usize) -> Option<&str> {
        match &self.values {
            Values::Record(record) | Values::RecordInBinary(record) => literal(record, label_name(self.family, index)?),
            Values::Listed(values, _) => values.get(index)?.as_deref(),
        }
    }

    /// Name and value of each label, those left out that only the result of a call will tell.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = self.family.labels.len() + ADDED_LABELS.len();
        (0..all).filter_map(|index| Some((label_name(self.family, index)?, self.value(index)?)))
    }

    /// The module of the one annotated function that records into it.
    pub(crate) fn module(&self) -> Option<&str> {
        record::find(self.record(), "", "module")
    }

    /// The record that says which kinds of errors calls can end in.
    pub(crate) fn site(&self) -> Record {
        match self.values {
            Values::Record(record) | Values::RecordInBinary(record) | Values::Listed(_, record) => record,
        }
    }

    /// Whether the result of a call decides about a label.
    pub(crate) fn is_open_ended(&self) -> bool {
        (0..self.family.labels.len()).any(|it| self.value(it).is_none())
    }

    /// The series in which calls end that begin here.
    pub(crate) fn ends(&'static self) -> &'static Picker {
        self.picker(|| Picker::of_series(self))
    }

    /// The picker that was made first.
    #[inline]
    pub(crate) fn picker(&'static self, make: impl FnOnce() -> Picker) -> &'static Picker {
        // Two questions, of which the answers are known but the first time.
        match self.more.get().and_then(|it| it.picker.get()) {
            Some(picker) => picker,
            None => self.make_picker(make),
        }
    }

    #[cold]
    #[inline(never)]
    fn make_picker(&'static self, make: impl FnOnce() -> Picker) -> &'static Picker {
        self.more().picker.get_or_init(|| Box::leak(Box::new(make())))
    }

    #[inline]
    fn more(&'static self) -> &'static More {
        self.more.get_or_init(|| Box::leak(Box::new(More { keys: Keys::new(self), picker: OnceLock::new() })))
    }

    pub(crate) fn keys(&'static self) -> &'static Keys {
        &self.more().keys
    }

    /// Lends a look-up on the recorder that calls of this thread reach now.
    pub(crate) fn with_lookup<T>(&'static self, ask: impl FnOnce(&Lookup<'_>) -> T) -> T {
        metrics::with_recorder(|recorder| ask(&Lookup { keys: self.keys(), recorder }))
    }

    /// Its handles on the recorder that calls of this thread reach now, if that recorder stays for ever.
    #[inline]
    pub(crate) fn handles(&'static self) -> Option<&'static Handles> {
        // Only the address, so that the closure is compiled into the three places where a recorder may come from.
        let recorder = metrics::with_recorder(address);
        match self.binding.get() {
            Some(binding) if binding.is_of(recorder) => Some(binding.handles()),
            _ => self.handles_slowly(),
        }
    }

    #[cold]
    #[inline(never)]
    fn handles_slowly(&'static self) -> Option<&'static Handles> {
        // A recorder may be anybody's.
        let find = |recorder: &dyn metrics::Recorder| {
            #[cfg(feature = "exporter")]
            crate::missing::notice(recorder);
            Binding::find(&self.binding, self, recorder)
        };
        contained(|| metrics::with_recorder(find)).flatten()
    }
}

/// The name of the label with this index: those of the family, and behind them those that an annotation adds.
pub(crate) fn label_name(family: &Family, index: usize) -> Option<&'static str> {
    match family.labels.get(index) {
        Some(label) => Some(label.name),
        None => ADDED_LABELS.get(index - family.labels.len()).copied().filter(|name| !family.has_label(name)),
    }
}

/// The value of a label that is a literal in the record.
fn literal(record: &'static [u8], label: &str) -> Option<&'static str> {
    let value = record::find(record, "label:", label)?;
    let number = if label == FUNCTION_LABEL { names::with_number(record) } else { None };
    Some(number.unwrap_or(value))
}
