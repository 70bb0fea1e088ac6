//! One set of label values of a family, with its handles. Everything is recorded into a series.

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
    /// Stands for the calls that are not timed, unless the recorder's cells remember a newer one.
    pub(crate) last_duration: LastDuration,
    more: OnceLock<&'static More>,
}

/// What a series needs when it is first used. It is made once and never freed, like the series itself.
#[derive(Debug)]
struct More {
    keys: Keys,
    /// Finds the series that calls end in, if the result decides about a label; or, for a site with labels that are known
    /// when a call starts, the series that calls start in.
    lookup: OnceLock<&'static SeriesLookup>,
}

/// Where the values of the labels stand.
#[derive(Debug)]
enum Values {
    /// In the record of an annotated function, as literals.
    Record(&'static [u8]),
    /// In the record of an annotated function in the program's own crate.
    RecordInBinary(&'static [u8]),
    /// Here, in the order of the family's labels, followed by those that the annotation adds. `None` is a value that only the
    /// result of a call will tell.
    Listed(Box<[Option<Box<str>>]>, Record),
}

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
        Self { family, values, binding: OnceLock::new(), last_duration: LastDuration::none(), more: OnceLock::new() }
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

    /// Finds the series that calls end in which start here.
    pub(crate) fn ends(&'static self) -> &'static SeriesLookup {
        self.lookup(|| SeriesLookup::of_series(self))
    }

    /// The look-up that was made first.
    #[inline]
    pub(crate) fn lookup(&'static self, make: impl FnOnce() -> SeriesLookup) -> &'static SeriesLookup {
        // Both values exist, except the first time.
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

    /// Lends the metrics of the series on the recorder that calls of this thread reach now.
    pub(crate) fn with_sink<T>(&'static self, record: impl FnOnce(&dyn Sink) -> T) -> T {
        match self.handles() {
            Some(handles) => record(handles),
            None => self.with_lookup(|lookup| record(lookup)),
        }
    }

    /// Lends a look-up on the recorder that calls of this thread reach now.
    pub(crate) fn with_lookup<T>(&'static self, ask: impl FnOnce(&Lookup<'_>) -> T) -> T {
        metrics::with_recorder(|recorder| ask(&Lookup { keys: self.keys(), recorder }))
    }

    /// Its handles on the recorder that calls of this thread reach now, if that recorder is never dropped.
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
        // Any crate may have written the recorder.
        let find = |recorder: &dyn Recorder| {
            #[cfg(feature = "exporter")]
            crate::missing::notice(recorder);
            self.bind(recorder)
        };
        catch_panic(|| metrics::with_recorder(find)).flatten()
    }

    /// Its handles on this recorder, if they may be kept.
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
