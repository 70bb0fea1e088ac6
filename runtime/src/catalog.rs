//! The catalog of this program, from the records of its sites and families.

use crate::family::records;
use crate::site::{Site, sites};

/// Returns the catalog of this program: every annotated function in it, called or not.
///
/// A record that contradicts others is left out, and a line on standard error reports it. The only cause is two crates
/// that declare a family of the same name differently.
#[must_use]
pub fn catalog() -> measurand_catalog::Catalog {
    let records: Vec<&[u8]> = records().chain(sites().map(Site::record)).collect();
    readable(&records, |error| {
        // Standard error may be closed; `eprintln!` would panic then.
        let error = measurand_catalog::visible(error);
        let _lost = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("measurand: left out of the catalog: {error}\n"),
        );
    })
}

/// The catalog of the valid records; `report` gets a line for each other record.
fn readable(records: &[&[u8]], report: impl Fn(&str)) -> measurand_catalog::Catalog {
    // Records are invalid if two crates declare one family differently, or if another version of this crate is linked.
    let (catalog, errors) = measurand_catalog::parse_valid(&records.concat());
    for error in errors {
        let mut end = 0;
        let record = records.iter().find(|record| {
            end += record.len();
            error.offset < end
        });
        let text = |key| record.map_or("", |it| measurand_catalog::record::field(it, key));
        report(&match text("function") {
            "" => format!("a record that {}", error.reason),
            function => format!("`{function}` ({}:{}), whose record {}", text("file"), text("line"), error.reason),
        });
    }
    catalog
}

#[cfg(test)]
mod tests {
    use super::readable;
    use measurand_catalog::families;
    use measurand_catalog::record::family_to_vec;
    use std::cell::RefCell;

    /// Two crates declare one family differently. The second declaration and its functions are left out, and all else
    /// is kept.
    #[test]
    fn a_record_that_contradicts_others_is_left_out_alone() {
        let site = |function: &str, label: &str| {
            format!(
                "\u{2}measurand\u{1f}1\u{1f}site\u{1f}crate\u{1f}shop\u{1f}version\u{1f}1\u{1f}module\u{1f}shop\u{1f}file\u{1f}a.rs\
                 \u{1f}line\u{1f}7\u{1f}function\u{1f}{function}\u{1f}attribute\u{1f}measured\u{1f}family\u{1f}function\
                 \u{1f}label:{label}\u{1f}x\u{3}"
            )
        };
        let first = family_to_vec(&families::FUNCTION);
        let second = family_to_vec(&measurand_catalog::Family { title: "Other", ..families::FUNCTION });
        let (good, bad) = (site("good", "function"), site("bad", "colour"));
        let said = RefCell::new(Vec::new());
        let catalog = readable(&[&first, &second, bad.as_bytes(), good.as_bytes()], |message| {
            said.borrow_mut().push(message.to_owned());
        });
        let functions: Vec<&str> = catalog.sites.iter().map(|it| it.function.as_str()).collect();
        assert_eq!((functions, catalog.families[0].title.as_str()), (vec!["good"], "Functions"));
        let said = said.into_inner();
        assert_eq!(said.len(), 2, "{said:#?}");
        assert!(said[0].contains("defines the family `function` differently"), "{said:#?}");
        assert!(said[1].starts_with("`bad` (a.rs:7), whose record has the label `colour`"), "{said:#?}");
    }
}
