//! A series: one set of label values of a family, with its handles. All recording goes through a series.

use crate::binding::Binding;
use crate::catch_panic::catch_panic;
use crate::failure::Failure;
use crate::fast_path::Origin;
use crate::global_recorder::address;
use crate::handles::{Handles, HandlesOwner, Lookup, Sink};
use crate::keys::Keys;
use crate::last_duration::LastDuration;
use crate::lookup::SeriesLookup;
use crate::names;
use crate::record::{Record, label_name};
use measurand_catalog::{ADDED_LABELS, FUNCTION_LABEL, Family, Role, record};
use metrics::Recorder;
use std::sync::OnceLock;

/// One set of label values of a family.
#[derive(Debug)]
pub struct Series {
    pub(crate) family: &'static Family,
    values: Values,
    binding: OnceLock<&'static Binding>,
    /// The duration for untimed calls, unless the recorder's cells store a later one.
    pub(crate) last_duration: LastDuration,
    more: OnceLock<&'static More>,
}

/// The parts of a series that are created at its first use. They are never freed, like the series itself.
#[derive(Debug)]
struct More {
    keys: Keys,
    /// If a label comes from the result, finds the series in which calls end. Otherwise, for a site with labels that
    /// are known at the start of a call, finds the series in which calls start.
    lookup: OnceLock<&'static SeriesLookup>,
}

/// The place of the label values.
#[derive(Debug)]
enum Values {
    /// In the record of an annotated function, as literals.
    Record(&'static [u8]),
    /// In the record of an annotated function in the program's own crate.
    RecordInBinary(&'static [u8]),
    /// In this list, in the order of the family's labels, followed by the labels that the annotation adds. `None` is a
    /// value that comes from the result of a call.
    Listed(Box<[Option<Box<str>>]>, Record),
}

impl Series {
    /// A series with the values in a record.
    pub(crate) const fn of_record(record: &'static [u8], family: &'static Family, in_binary: bool) -> Self {
        let values = if in_binary { Values::RecordInBinary(record) } else { Values::Record(record) };
        Self::new(values, family)
    }

    /// Whether the series belongs to a site in the program's own crate.
    #[cfg(feature = "exporter")]
    pub(crate) fn is_in_binary(&self) -> bool {
        matches!(self.values, Values::RecordInBinary(_))
    }

    /// A series with these values, in the order of the family's labels; `site` is the record of the first site that
    /// needs the series.
    pub(crate) fn of_values(values: Box<[Option<Box<str>>]>, family: &'static Family, site: Record) -> Self {
        Self::new(Values::Listed(values, site), family)
    }

    const fn new(values: Values, family: &'static Family) -> Self {
        Self { family, values, binding: OnceLock::new(), last_duration: LastDuration::none(), more: OnceLock::new() }
    }

    /// The record of its site; empty if there is none.
    pub(crate) fn record(&self) -> &'static [u8] {
        match self.values {
            Values::Record(record) | Values::RecordInBinary(record) => record,
            Values::Listed(..) => &[],
        }
    }

    /// The value of the family's label with this index. The labels that an annotation adds follow those of the family.
    pub(crate) fn value(&self, index: usize) -> Option<&str> {
        match &self.values {
            Values::Record(record) | Values::RecordInBinary(record) => literal(record, label_name(self.family, index)?),
            Values::Listed(values, _) => values.get(index)?.as_deref(),
        }
    }

    /// The name and value of each label, without those that come from the result.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = self.family.labels.len() + ADDED_LABELS.len();
        (0..all).filter_map(|index| Some((label_name(self.family, index)?, self.value(index)?)))
    }

    /// The record that lists the kinds of errors.
    pub(crate) fn site(&self) -> Record {
        match self.values {
            Values::Record(record) | Values::RecordInBinary(record) | Values::Listed(_, record) => record,
        }
    }

    /// Whether a label comes from the result of a call.
    pub(crate) fn is_open_ended(&self) -> bool {
        (0..self.family.labels.len()).any(|it| self.value(it).is_none())
    }

    /// Finds the series in which the calls that start here end.
    pub(crate) fn ends(&'static self) -> &'static SeriesLookup {
        self.lookup(|| SeriesLookup::of_series(self))
    }

    /// The look-up that was created first.
    #[inline]
    pub(crate) fn lookup(&'static self, make: impl FnOnce() -> SeriesLookup) -> &'static SeriesLookup {
        // Both values exist, except at the first call.
        match self.more.get().and_then(|it| it.lookup.get()) {
            Some(lookup) => lookup,
            None => self.make_lookup(make),
        }
    }

    #[cold]
    #[inline(never)]
    fn make_lookup(&'static self, make: impl FnOnce() -> SeriesLookup) -> &'static SeriesLookup {
        self.more().lookup.get_or_init(|| Box::leak(Box::new(make())))
    }

    fn more(&'static self) -> &'static More {
        self.more.get_or_init(|| {
            let module = record::find(self.record(), "", "module");
            let keys = Keys::new(self.family, self.labels(), self.is_open_ended(), module, self.site());
            Box::leak(Box::new(More { keys, lookup: OnceLock::new() }))
        })
    }

    /// Runs `record` with the metrics of the series on the current recorder of this thread.
    pub(crate) fn with_sink<T>(&'static self, record: impl FnOnce(&dyn Sink) -> T) -> T {
        match self.handles() {
            Some(handles) => record(handles),
            None => self.with_lookup(|lookup| record(lookup)),
        }
    }

    /// Runs `ask` with a look-up on the current recorder of this thread.
    pub(crate) fn with_lookup<T>(&'static self, ask: impl FnOnce(&Lookup<'_>) -> T) -> T {
        metrics::with_recorder(|recorder| ask(&Lookup { keys: self.keys(), recorder }))
    }

    /// The handles on the current recorder of this thread; `None` if this recorder may be dropped.
    #[inline]
    pub(crate) fn handles(&'static self) -> Option<&'static Handles> {
        // Only the address is taken, so the compiler inlines the closure into the three places that provide a recorder.
        let recorder = metrics::with_recorder(address);
        match self.binding.get() {
            Some(binding) if binding.is_of(recorder) => Some(binding.handles()),
            _ => self.handles_slowly(),
        }
    }

    #[cold]
    #[inline(never)]
    fn handles_slowly(&'static self) -> Option<&'static Handles> {
        // A recorder may come from any crate, and it may panic.
        let find = |recorder: &dyn Recorder| {
            #[cfg(feature = "exporter")]
            crate::missing::notice(recorder);
            self.bind(recorder)
        };
        catch_panic(|| metrics::with_recorder(find)).flatten()
    }

    /// The handles on this recorder; `None` if they must not be cached.
    pub(crate) fn bind(&'static self, recorder: &dyn Recorder) -> Option<&'static Handles> {
        Binding::find(&self.binding, recorder, |recorder| Handles::register(self, recorder))
    }
}

impl HandlesOwner for Series {
    fn keys(&'static self) -> &'static Keys {
        &self.more().keys
    }

    fn last_duration(&self) -> &LastDuration {
        &self.last_duration
    }

    fn origin(&self) -> Origin {
        let record = self.record();
        Origin {
            function: (!record.is_empty()).then(|| {
                let field = |key| record::field(record, key);
                [field("module"), names::with_number(record).unwrap_or_else(|| field("function")), field("line")]
            }),
            family: self.family.name,
            labels: self.labels().map(|(name, value)| (name, value.to_owned())).collect(),
        }
    }

    fn panicked(&'static self) -> Option<&'static Keys> {
        (self.is_open_ended() && self.family.metric(Role::Errors).is_some())
            .then(|| self.ends().without_result(Failure::Panic).keys())
    }
}

/// The value of a label that is a literal in the record.
fn literal(record: &'static [u8], label: &str) -> Option<&'static str> {
    let value = record::find(record, "label:", label)?;
    let number = if label == FUNCTION_LABEL { names::with_number(record) } else { None };
    Some(number.unwrap_or(value))
}
