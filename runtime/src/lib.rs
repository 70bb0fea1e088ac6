//! Annotate a function; get its metrics, its Prometheus endpoint, its Grafana dashboard and its alerts.
#![cfg_attr(
    all(feature = "axum", feature = "exporter", feature = "push", feature = "stream", feature = "testing"),
    doc = include_str!("../README.md"))]
// docs.rs shows the feature that each item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

// Derives refer to this crate by its own name, also inside this crate.
extern crate self as measurand;

mod binding;
mod call;
#[cfg(any(feature = "catalog", feature = "exporter"))]
mod catalog;
mod catch_panic;
mod classify;
mod failure;
mod family;
mod fast_path;
mod future;
mod global_recorder;
mod handles;
mod hit_rate;
mod incident;
mod initialize;
mod keys;
mod kinds;
mod label;
mod last_duration;
mod local_recorder;
mod lock_free_map;
mod lookup;
#[cfg(feature = "exporter")]
mod missing;
mod names;
mod outcome;
mod record;
mod recording;
mod sampling;
mod series;
mod series_limit;
mod site;
mod stream;
mod sync;
mod value;

#[cfg(feature = "exporter")]
pub mod exporter;
#[cfg(feature = "tower")]
pub mod http;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(any(feature = "catalog", feature = "exporter"))]
pub use catalog::catalog;
pub use family::DeclaredFamily;
pub use initialize::initialize;
pub use label::Label;
#[doc(inline)]
pub use measurand_macros::*;
pub use recording::*;
pub use series_limit::set_series_limit;
pub use value::{CacheResult, ErrorKind, ErrorKinds, GaugeValue, Score};

/// The kinds that an error type has; see [`ErrorKinds`].
pub use measurand_catalog::Kinds;

/// The tables of families and attributes, and the catalog's types.
pub use measurand_catalog as tables;

/// The code that generated code calls. Not public API: it may change in any release.
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
    pub use crate::call::{SampleTiming, call, count, count_rollback, enter, leave, returned, run, watch};
    pub use crate::classify::{
        ByCacheResult, ByGaugeValue, ByOutcome, ByScore, ErrorProbe, Probe, outcome_by, outcome_if, outcome_in,
        outcome_of_gauge, outcome_of_lookup, outcome_of_score,
    };
    pub use crate::family::DeclaredFamily;
    #[cfg(any(feature = "catalog", feature = "exporter"))]
    pub use crate::family::FamilyEntry;
    pub use crate::future::{future_of, measure};
    pub use crate::kinds::{KindsOf, NoError, NoKind, NoKinds, TellsKind, kinds};
    pub use crate::label::{
        KnownLabel, ask, caller, known_label_ref, known_result_label_ref, label_ref, result_label_ref,
    };
    pub use crate::site::{Registered, Site};
    #[cfg(feature = "stream")]
    pub use crate::stream::{measure_stream, stream_of};
    pub use inventory;
    pub use measurand_catalog::{families, record as format};
    pub use std::boxed::Box;
}
