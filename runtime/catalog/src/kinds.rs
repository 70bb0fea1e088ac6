//! The kinds of errors that a type has, as constants: the record of a function says them before the first error.

use crate::record::Writer;

/// The kinds of an error type.
///
/// Constants of other types nest, so that an enum has the kinds of the errors inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds {
    own: &'static [&'static str],
    nested: &'static [Kinds],
    open: bool,
}

impl Kinds {
    /// No kinds: the type of the error does not tell any.
    pub const NONE: Self = Self { own: &[], nested: &[], open: false };

    /// The type tells kinds, but not which there are.
    pub const UNKNOWN: Self = Self { own: &[], nested: &[], open: true };

    /// These kinds, and no others.
    #[must_use]
    pub const fn new(kinds: &'static [&'static str]) -> Self {
        Self { own: kinds, nested: &[], open: false }
    }

    /// The same, and those of the errors inside.
    #[must_use]
    pub const fn with(self, nested: &'static [Kinds]) -> Self {
        Self { nested, ..self }
    }

    /// How long what a record says of them is.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.write(Writer::measure()).length
    }

    const fn is_open(&self) -> bool {
        let mut i = 0;
        while i < self.nested.len() {
            if self.nested[i].is_open() {
                return true;
            }
            i += 1;
        }
        self.open
    }

    const fn has_any(&self) -> bool {
        let mut i = 0;
        while i < self.nested.len() {
            if self.nested[i].has_any() {
                return true;
            }
            i += 1;
        }
        !self.own.is_empty()
    }

    pub(crate) const fn write<'a>(&self, mut writer: Writer<'a>) -> Writer<'a> {
        if self.has_any() {
            writer = self.write_list(writer.pair(KINDS, ""));
        }
        if self.is_open() { writer.pair(UNKNOWN_KINDS, "") } else { writer }
    }

    /// Each kind on a line of its own.
    const fn write_list<'a>(&self, mut writer: Writer<'a>) -> Writer<'a> {
        let mut i = 0;
        while i < self.own.len() {
            writer = writer.raw(self.own[i]).raw("\n");
            i += 1;
        }
        let mut i = 0;
        while i < self.nested.len() {
            writer = self.nested[i].write_list(writer);
            i += 1;
        }
        writer
    }
}

/// The key of a site's record under which the kinds of its errors stand.
pub(crate) const KINDS: &str = "error_kinds";

/// The key of a site's record that says that there are kinds which are not known.
pub const UNKNOWN_KINDS: &str = "error_kinds_open";

/// The kinds that the record of a site names, in no particular order, some of them twice if several errors have them.
pub fn kinds_of(record: &[u8]) -> impl Iterator<Item = &str> {
    crate::record::field(record, KINDS).lines().filter(|kind| !kind.is_empty())
}
