//! The tables and records of Measurand. This crate is the base of the workspace: it depends on no other crate of it.
//!
//! - **Tables** ([`Family`], [`Attribute`]): constant data that defines the metrics, their names and the arguments of
//!   each attribute macro. The macros, the recorder, the dashboards and the tests all read these rows.
//! - **Records**: the bytes that each annotated function adds to the program ([`mod@record`]). All records of a program
//!   together form its [`Catalog`] (feature `read`). The catalog can be read in the running process, from
//!   `/catalog.json` (feature `url`), or from a compiled file without running it (feature `file`).
//!
//! Without features the crate has no dependencies, so the macros, which read the tables, stay fast to build.

// docs.rs shows the feature that each item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

pub mod attribute;
mod condition;
pub mod definition;
pub mod families;
pub mod family;
mod kinds;
#[doc(hidden)]
pub mod lock;
mod names;
pub mod platform;
pub mod record;
mod text;
mod usage;
mod words;

#[cfg(feature = "read")]
mod catalog;
#[cfg(feature = "read")]
mod check;
#[cfg(feature = "file")]
mod file;
#[cfg(feature = "read")]
mod input;
#[cfg(feature = "read")]
mod parse;
#[cfg(feature = "read")]
mod sharing;
#[cfg(feature = "url")]
mod url;
#[cfg(feature = "file")]
mod window;

pub use attribute::{Absent, Argument, ArgumentKind, Attribute};
pub use condition::{Condition, Direction, SIGNALS, Signal, SignalSpec, Threshold};
pub use family::{
    ADDED_LABELS, Alert, CALLER_LABEL, ERROR_OUTCOMES, FUNCTION_LABEL, Family, KIND_LABEL, Kind, Label, MODULE_LABEL,
    Metric, OTHER, OUTCOME_LABEL, Role, SERIES_LIMIT, STATUS_LABEL, STATUSES, Severity, Unit,
};
pub use kinds::{Kinds, UNKNOWN_KINDS, kinds_of};
pub use text::{is_visible, visible};

#[cfg(feature = "read")]
pub use catalog::{AlertRecord, Catalog, FamilyRecord, LabelRecord, Latency, MetricRecord, Objective, SiteRecord};
#[cfg(feature = "file")]
pub use file::{FileError, FileErrorReason, read_file, read_object};
#[cfg(feature = "read")]
pub use input::{InputError, InputErrorReason, open_input, read_text};
#[cfg(feature = "read")]
pub use parse::{ParseError, parse, parse_valid};
#[cfg(feature = "read")]
pub use sharing::Sharing;
#[cfg(feature = "url")]
pub use url::{UrlError, UrlErrorReason, read_path, read_url};

/// The `target` in the metadata of every metric that an annotated function registers. If a recorder sees it on a
/// counter with [`Role::Calls`], it may count the observations of the family's [`Role::Duration`] instead: both come
/// from the same calls.
pub const SITE_TARGET: &str = "measurand::site";

/// The counter of panics in code beside annotated functions, such as `ok_if`.
pub const CONTAINED: &str = "measurand_contained_panics_total";

/// The counter of panics of annotated functions in families without [`Role::Errors`], by the label `family`.
pub const PANICS: &str = "measurand_panics_total";

/// The counter of recordings under [`OTHER`] because of the series limit, by the label `family`.
pub const OVERFLOWS: &str = "measurand_label_overflows_total";

/// The counter of recordings under [`OTHER`] because a label does not allow their text, by the labels `family` and
/// `label`.
pub const UNKNOWN_VALUES: &str = "measurand_unknown_label_values_total";
