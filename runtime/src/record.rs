//! What the record of an annotated function says about labels; see [`measurand_catalog::record`].

use measurand_catalog::{ADDED_LABELS, Family, record};

/// The record of a site, or nothing.
pub(crate) type Record = &'static [u8];

/// The labels whose values are not literals, with the expressions that they come from, as they stand in the record.
pub(crate) fn expressions(record: Record) -> impl Iterator<Item = (&'static str, &'static str)> {
    record::fields(record).filter_map(|(key, value)| Some((key.strip_prefix("from:")?, value)))
}

/// Whether an expression in a record asks the result of a call: a closure does.
pub(crate) fn is_from_result(expression: &str) -> bool {
    expression.starts_with('|')
}

/// The name of the label with this index: those of the family come first, then those that an annotation adds.
pub(crate) fn label_name(family: &Family, index: usize) -> Option<&'static str> {
    match family.labels.get(index) {
        Some(label) => Some(label.name),
        None => ADDED_LABELS.get(index - family.labels.len()).copied().filter(|name| !family.has_label(name)),
    }
}
