//! Annotate a function; get its metrics, its Prometheus endpoint, its Grafana dashboard and its alerts.
#![cfg_attr(
    all(feature = "axum", feature = "exporter", feature = "push", feature = "stream", feature = "testing"),
    doc = include_str!("../../README.md"))]

// Derives name this crate by its own name, also where it uses them itself.
extern crate self as measurand;

mod binding;
mod cache;
mod call;
mod chance;
mod contain;
mod direct;
mod elsewhere;
mod family;
mod future;
mod handles;
mod hit_rate;
mod incident;
mod kinds;
mod label;
#[cfg(feature = "exporter")]
mod missing;
mod names;
mod newest;
mod picker;
mod recording;
mod series;
mod site;
mod stream;
mod sync;
mod table;
mod value;
mod verdict;

#[cfg(feature = "exporter")]
pub mod exporter;
#[cfg(feature = "tower")]
pub mod http;
#[cfg(feature = "testing")]
pub mod testing;

pub use binding::initialize;
pub use family::DeclaredFamily;
pub use label::Label;
#[doc(inline)]
pub use measurand_macros::*;
pub use recording::*;
pub use table::set_series_limit;
pub use value::{ErrorKind, ErrorKinds, Found, Level, Score};

/// The kinds that an error type has; see [`ErrorKinds`].
pub use measurand_catalog::Kinds;

/// The tables of families and attributes, and the catalog's types.
pub use measurand_catalog as tables;

/// What this program measures: every annotated function in it, called or not.
///
/// A record that contradicts the others is left out, and standard error says so: two crates that declare one family in
/// two ways are the one way to get there.
#[cfg(any(feature = "catalog", feature = "exporter"))]
#[must_use]
pub fn catalog() -> measurand_catalog::Catalog {
    let records: Vec<&[u8]> = family::records().chain(site::sites().map(site::Site::record)).collect();
    readable(&records, |error| {
        // Standard error may be closed, and `eprintln!` would panic then.
        let error = measurand_catalog::visible(error);
        let _lost = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("measurand: left out of the catalog: {error}\n"),
        );
    })
}

/// The catalog of the records that are valid; the others are reported.
#[cfg(any(feature = "catalog", feature = "exporter"))]
fn readable(records: &[&[u8]], report: impl Fn(&str)) -> measurand_catalog::Catalog {
    // Two crates that declare one family in two ways, or another version of this crate, leave records that are not valid.
    let (catalog, errors) = measurand_catalog::parse_valid(&records.concat());
    for error in errors {
        let mut end = 0;
        let record = records.iter().find(|it| {
            end += it.len();
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

/// What generated code calls. Not public API: it may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use crate::__by_type as by_type;
    pub use crate::__declared_site as declared_site;
    pub use crate::__kinds_of as kinds_of;
    pub use crate::__known_label as known_label;
    pub use crate::__list as list;
    pub use crate::__measured_stream as measured_stream;
    pub use crate::__record as record;
    pub use crate::__site as site;
    pub use crate::call::{Counted, Sampled, Spared, count, count_rollback, enter, leave, returned, run, watch};
    #[cfg(any(feature = "catalog", feature = "exporter"))]
    pub use crate::family::FamilyEntry;
    pub use crate::family::{DeclaredFamily, verdict_by};
    pub use crate::future::{future_of, measure};
    pub use crate::kinds::{KindsOf, NoError, NoKind, NoKinds, TellsKind, kinds};
    pub use crate::label::{KnownLabel, ask, caller, pick, pick_asked, pick_asked_known, pick_known};
    pub use crate::site::{Registered, Site};
    #[cfg(feature = "stream")]
    pub use crate::stream::{measure_stream, stream_of};
    pub use crate::verdict::{
        ByLevel, ByLookup, ByOutcome, ByScore, ErrorProbe, Probe, verdict_if, verdict_in, verdict_of_level,
        verdict_of_lookup, verdict_of_score,
    };
    pub use inventory;
    pub use measurand_catalog::{families, record as format};
    pub use std::boxed::Box;

    /// Calls `body` once. A closure that is asked for as `FnOnce` may return what it borrows from its captures.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "the annotated function has to compile to the code that it had without us"
    )]
    pub fn call<T>(body: impl FnOnce() -> T) -> T {
        body()
    }
}

#[cfg(all(test, any(feature = "catalog", feature = "exporter")))]
mod tests {
    use super::readable;
    use measurand_catalog::families;
    use measurand_catalog::record::family_to_vec;
    use std::cell::RefCell;

    /// Two crates declare one family in two ways: the second and its functions are left out, and all else is there.
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
        let catalog = readable(&[&first, &second, bad.as_bytes(), good.as_bytes()], |it| {
            said.borrow_mut().push(it.to_owned());
        });
        let functions: Vec<&str> = catalog.sites.iter().map(|it| it.function.as_str()).collect();
        assert_eq!((functions, catalog.families[0].title.as_str()), (vec!["good"], "Functions"));
        let said = said.into_inner();
        assert_eq!(said.len(), 2, "{said:#?}");
        assert!(said[0].contains("defines the family `function` in another way"), "{said:#?}");
        assert!(said[1].starts_with("`bad` (a.rs:7), whose record has the label `colour`"), "{said:#?}");
    }
}
