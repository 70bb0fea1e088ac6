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
mod label;
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
pub use measurand_macros::{
    ErrorKind, Label, cache_lookup, coordination, db_connection, feedback_cycle, goap_plan, measured,
    memory_compression, neural_op, pattern_confidence, pattern_learned, pattern_memory, pattern_retrieval,
    pattern_reuse, patterns_active, patterns_unused, task, task_queue, timed_query, verified,
};
pub use recording::*;
pub use table::set_series_limit;
pub use value::{ErrorKind, Found, Level, Score};

/// The tables of families and attributes, and the catalog's types.
pub use measurand_catalog as tables;

/// What this program measures: every annotated function in it, called or not.
#[cfg(any(feature = "catalog", feature = "exporter"))]
#[must_use]
pub fn catalog() -> measurand_catalog::Catalog {
    let records: Vec<u8> =
        family::families().map(|it| it.1).chain(site::sites().map(site::Site::record)).flatten().copied().collect();
    // The records were written by the macros of this very version; a test reads each of them.
    measurand_catalog::parse(&records).unwrap_or_else(|error| unreadable(&error))
}

/// Two crates that disagree on a family are the one way to get here; the rest of the program must not suffer from it.
#[cfg(any(feature = "catalog", feature = "exporter"))]
fn unreadable(error: &measurand_catalog::ParseError) -> measurand_catalog::Catalog {
    // Nobody may read it, and `eprintln!` would panic then.
    let error = measurand_catalog::visible(&error.to_string());
    let _lost =
        std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("measurand: the catalog is empty: {error}\n"));
    measurand_catalog::Catalog { format: measurand_catalog::Catalog::FORMAT, families: Vec::new(), sites: Vec::new() }
}

/// What generated code calls. Not public API: it may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use crate::__by_type as by_type;
    pub use crate::__declared_site as declared_site;
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
    pub use measurand_macros::at;
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
