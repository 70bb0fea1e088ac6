//! Numbers for functions that have equal names despite all prefixes, in the order of their definitions.
//!
//! The macros put the names of a function's type, its trait and its surrounding function before its own name. Some
//! names remain equal: those of functions that a macro wrote, of a crate that is linked in two versions, or in a file
//! that the macros cannot read. Each of these functions still has its own series: the running program and every reader
//! of its catalog number them in the same order.

use crate::attribute;

/// The place where a function is defined. Functions with equal names are numbered in this order. New lines before or
/// between the functions do not change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Definition<'a> {
    /// The name of the crate.
    pub krate: &'a str,
    /// The version of the crate.
    pub version: &'a str,
    /// The source file.
    pub file: &'a str,
    /// The line in the source file.
    pub line: u32,
    /// The number of the macro expansion if a macro wrote the function, otherwise 0.
    pub expansion: u32,
}

/// The key of a record for the number of the macro expansion.
pub const EXPANSION: &str = "expansion";

/// The attribute in the second record of a function that returns a stream: the record of the stream's items.
pub const STREAM_ITEMS: &str = "stream";

/// Whether a site with this attribute is a function with calls of its own. The other sites say that a crate or an HTTP
/// layer records a family.
#[must_use]
pub fn is_function(attribute: &str) -> bool {
    attribute == STREAM_ITEMS || attribute::ALL.iter().any(|known| known.name == attribute)
}

/// The name of the `number`th function with this name: `get`, `get#2`, `get#3`.
#[must_use]
pub fn numbered(name: &str, number: usize) -> String {
    if number == 1 { name.to_owned() } else { format!("{name}#{number}") }
}

/// The name without its number; `None` if it has no number.
#[must_use]
pub fn without_number(name: &str) -> Option<&str> {
    let (name, number) = name.rsplit_once('#')?;
    (!number.is_empty() && number.bytes().all(|it| it.is_ascii_digit())).then_some(name)
}
