//! A part of a file that `object` may read, with a limit on the total number of bytes read.
//!
//! A hostile header can make every section name the same gigabyte, and a cache keep each copy. The tables of an honest
//! file do not overlap, so a file that needs more reads than its size is hostile.

use object::read::ReadRef;
use std::cell::Cell;
use std::ops::Range;

/// Allowance for repeated small reads of the same bytes, on top of the file's size.
const SLACK_BYTES: u64 = 1 << 20;

/// The maximum length of a section name.
const NAME_BYTES_MAX: u64 = 4096;

/// Number of bytes that may still be read.
pub(crate) struct Budget(Cell<u64>);

/// A part of `data`.
#[derive(Clone, Copy)]
pub(crate) struct Window<'a, 'b, R> {
    data: R,
    start: u64,
    length: u64,
    budget: &'b Budget,
    bytes: std::marker::PhantomData<&'a [u8]>,
}

impl Budget {
    pub(crate) fn new(file_bytes: u64) -> Self {
        Self(Cell::new(file_bytes.saturating_add(SLACK_BYTES)))
    }

    fn spend(&self, bytes: u64) -> Result<(), ()> {
        let left = self.0.get().checked_sub(bytes);
        // After a read that exceeds the budget, nothing more is read.
        self.0.set(left.unwrap_or(0));
        left.map(drop).ok_or(())
    }
}

impl<'a, 'b, R: ReadRef<'a>> Window<'a, 'b, R> {
    pub(crate) fn new(data: R, length: u64, budget: &'b Budget) -> Self {
        Self { data, start: 0, length, budget, bytes: std::marker::PhantomData }
    }

    /// A window into this one; `None` if it reaches outside.
    pub(crate) fn part(self, start: u64, length: u64) -> Option<Self> {
        (start.checked_add(length)? <= self.length).then(|| Self { start: self.start + start, length, ..self })
    }
}

impl<'a, R: ReadRef<'a>> ReadRef<'a> for Window<'a, '_, R> {
    fn len(self) -> Result<u64, ()> {
        Ok(self.length)
    }

    fn read_bytes_at(self, offset: u64, size: u64) -> Result<&'a [u8], ()> {
        let part = self.part(offset, size).ok_or(())?;
        self.budget.spend(size)?;
        self.data.read_bytes_at(part.start, size)
    }

    fn read_bytes_at_until(self, range: Range<u64>, delimiter: u8) -> Result<&'a [u8], ()> {
        let end = range.end.min(self.length).min(range.start.saturating_add(NAME_BYTES_MAX));
        let part = self.part(range.start, end.checked_sub(range.start).ok_or(())?).ok_or(())?;
        let found = self.data.read_bytes_at_until(part.start..part.start + part.length, delimiter);
        self.budget.spend(found.map_or(part.length, |it| it.len() as u64))?;
        found
    }
}
