//! The labels in the record of an annotated function; see [`measurand_catalog::record`].

use measurand_catalog::{ADDED_LABELS, Family, record};

/// The record of a site; empty if there is none.
pub(crate) type Record = &'static [u8];

/// The labels whose values are not literals, with the expressions of their values, as in the record.
pub(crate) fn expressions(record: Record) -> impl Iterator<Item = (&'static str, &'static str)> {
    record::fields(record).filter_map(|(key, value)| Some((key.strip_prefix("from:")?, value)))
}

/// Whether an expression in a record uses the result of a call: only a closure does.
pub(crate) fn is_from_result(expression: &str) -> bool {
    expression.starts_with('|')
}

/// The name of the label with this index. The labels of the family come first, then those that an annotation adds.
pub(crate) fn label_name(family: &Family, index: usize) -> Option<&'static str> {
    match family.labels.get(index) {
        Some(label) => Some(label.name),
        None => ADDED_LABELS.get(index - family.labels.len()).copied().filter(|name| !family.has_label(name)),
    }
}
