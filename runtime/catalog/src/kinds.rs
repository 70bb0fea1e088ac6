//! The error kinds of a type, as constants: the record of a function lists them before the first error occurs.

use crate::record::Writer;

/// The kinds of an error type.
///
/// Constants of other types nest, so an enum also has the kinds of the errors inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds {
    own: &'static [&'static str],
    nested: &'static [Kinds],
    open: bool,
}

impl Kinds {
    /// No kinds: the error type defines none.
    pub const NONE: Self = Self { own: &[], nested: &[], open: false };

    /// The type has kinds, but their names are unknown.
    pub const UNKNOWN: Self = Self { own: &[], nested: &[], open: true };

    /// Exactly these kinds.
    #[must_use]
    pub const fn new(kinds: &'static [&'static str]) -> Self {
        Self { own: kinds, nested: &[], open: false }
    }

    /// Adds the kinds of the errors inside.
    #[must_use]
    pub const fn with(self, nested: &'static [Kinds]) -> Self {
        Self { nested, ..self }
    }

    /// The number of bytes that the kinds take in a record.
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

    /// Writes each kind on a line of its own.
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

/// The key in a site's record for the kinds of its errors.
pub(crate) const KINDS: &str = "error_kinds";

/// The key in a site's record which says that some kinds are unknown.
pub const UNKNOWN_KINDS: &str = "error_kinds_open";

/// The kinds that the record of a site lists, in no particular order. A kind occurs twice if two errors have it.
pub fn kinds_of(record: &[u8]) -> impl Iterator<Item = &str> {
    crate::record::field(record, KINDS).lines().filter(|kind| !kind.is_empty())
}
