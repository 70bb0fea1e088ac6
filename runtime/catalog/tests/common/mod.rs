//! Records of an annotated program.
#![allow(dead_code, reason = "each test file uses some")]

use measurand_catalog::{Family, families, record};

/// A record with this body; `|` separates the fields.
pub(crate) fn record(body: &str) -> Vec<u8> {
    format!("{}{}\u{3}", record::BEGIN, body.replace('|', "\u{1f}")).into_bytes()
}

/// The record of a family, as its crate contains it.
pub(crate) fn family(family: &Family) -> Vec<u8> {
    record::family_to_vec(family)
}

/// The body of a complete site record.
pub(crate) const SITE: &str = "site|crate|app|version|1.2.3|module|app::db|file|src/db.rs|line|7|function|load\
    |label:query_type|select|label:table|users|attribute|timed_query|family|database|owner|storage";

/// Another function of the same family.
pub(crate) fn other_site(function: &str, line: u32) -> Vec<u8> {
    record(&SITE.replace("|load|", &format!("|{function}|")).replace("|line|7|", &format!("|line|{line}|")))
}

/// The records of a small program.
pub(crate) fn program() -> Vec<u8> {
    [family(&families::DATABASE), family(&families::FUNCTION), record(SITE), other_site("store", 20)].concat()
}
