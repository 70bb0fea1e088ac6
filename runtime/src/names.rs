//! The numbers of annotated functions with equal names; see [`measurand_catalog::definition`].

use crate::record::Record;
use foldhash::{HashMap, HashSet};
use measurand_catalog::definition::{Definition, EXPANSION, is_function, numbered};
use measurand_catalog::{FUNCTION_LABEL, record};
use std::sync::{LazyLock, PoisonError, RwLock};

/// Lists the records of all sites. `site.rs` submits the only instance. This file must not import sites, because sites
/// have series, and series need names.
pub(crate) struct SiteRecords(pub(crate) fn() -> Vec<Record>);

inventory::collect!(SiteRecords);

/// Family, module and name.
type Name = [&'static str; 3];

#[derive(Default)]
struct Names {
    /// The addresses of the records that have been processed.
    seen: HashSet<usize>,
    /// The functions with each name, in the order of their numbers.
    functions: HashMap<Name, Vec<Record>>,
    /// The names with numbers, by the addresses of the records.
    numbered: HashMap<usize, &'static str>,
}

/// The name of the function with its number; `None` for the first function with its name.
pub(crate) fn with_number(record: Record) -> Option<&'static str> {
    static NAMES: LazyLock<RwLock<Names>> = LazyLock::new(RwLock::default);
    let address = record.as_ptr().addr();
    {
        let names = NAMES.read().unwrap_or_else(PoisonError::into_inner);
        if names.seen.contains(&address) {
            return names.numbered.get(&address).copied();
        }
    }
    let mut names = NAMES.write().unwrap_or_else(PoisonError::into_inner);
    // All functions of a library that was loaded later are new; earlier functions keep their numbers.
    let sites = inventory::iter::<SiteRecords>.into_iter().flat_map(|it| (it.0)());
    let mut new: Vec<Record> = sites.chain([record]).collect();
    new.retain(|it| names.seen.insert(it.as_ptr().addr()));
    new.sort_by(|a, b| definition(a).cmp(&definition(b)));
    for record in new {
        names.add(record);
    }
    names.numbered.get(&address).copied()
}

impl Names {
    fn add(&mut self, record: Record) {
        let name = record::field(record, "function");
        // A name that the user chose is kept, and several functions may have it.
        let named = record::find(record, "label:", FUNCTION_LABEL).is_some_and(|label| label != name);
        if named || !is_function(record::field(record, "attribute")) {
            return;
        }
        let key = [record::field(record, "family"), record::field(record, "module"), name];
        let functions = self.functions.entry(key).or_default();
        // A function has two equal records if its file is a module of two crates.
        let number = functions.iter().position(|it| *it == record).unwrap_or(functions.len());
        if number == functions.len() {
            functions.push(record);
        }
        if number > 0 {
            self.numbered.insert(record.as_ptr().addr(), numbered(name, number + 1).leak());
        }
    }
}

fn definition(record: Record) -> Definition<'static> {
    let field = |key| record::field(record, key);
    Definition {
        krate: field("crate"),
        version: field("version"),
        file: field("file"),
        line: field("line").parse().unwrap_or_default(),
        expansion: field(EXPANSION).parse().unwrap_or_default(),
    }
}
