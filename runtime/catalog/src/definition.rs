//! Functions whose names are equal nevertheless: they are numbered in the order of their definitions.
//!
//! The macros give a function the name of its type, its trait and the function around it. What they cannot tell apart is
//! written by a macro, linked in two versions of a crate, or in a file that they cannot read. Each of these functions
//! still has series of its own: the running program and every reader of its catalog number them in the same order.

use crate::attribute;

/// Where a function is defined. Functions of one name are numbered in this order, which changes with none of the lines
/// that stand before all of them or between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Definition<'a> {
    /// The crate.
    pub krate: &'a str,
    /// Its version.
    pub version: &'a str,
    /// The source file.
    pub file: &'a str,
    /// The line in it.
    pub line: u32,
    /// The number of the expansion, of a function that a macro wrote.
    pub expansion: u32,
}

/// The key of a record that says which expansion of a macro it is.
pub const EXPANSION: &str = "expansion";

/// Stands in place of the attribute in the second record of a function that returns a stream: that of its items.
pub const STREAM_ITEMS: &str = "stream";

/// Whether a site of this attribute is a function with calls of its own. The others say of a whole crate or of an HTTP
/// layer that it records a family.
#[must_use]
pub fn is_function(attribute: &str) -> bool {
    attribute == STREAM_ITEMS || attribute::ALL.iter().any(|known| known.name == attribute)
}

/// The name of the function that is the `number`th of its name: `get`, `get#2`, `get#3`.
#[must_use]
pub fn numbered(name: &str, number: usize) -> String {
    if number == 1 { name.to_owned() } else { format!("{name}#{number}") }
}

/// The name without the number that it was given.
#[must_use]
pub fn without_number(name: &str) -> Option<&str> {
    let (name, number) = name.rsplit_once('#')?;
    (!number.is_empty() && number.bytes().all(|it| it.is_ascii_digit())).then_some(name)
}
