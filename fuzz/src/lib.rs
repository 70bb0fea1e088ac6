//! Fuzz targets for every reader of untrusted bytes in Measurand.
//!
//! Each file of `targets` has a function `run` that panics if a property is violated. It is called by libFuzzer, from
//! `fuzz_targets`, and by the test `fuzz` of the workspace. This file is also the root of that test, which replays the
//! corpora and mutations of them.

#![forbid(unsafe_code)]
#![expect(clippy::missing_panics_doc, reason = "a target reports a finding by a panic")]

pub mod targets;

#[cfg(test)]
mod replay;

// The macros use it to detect whether the compiler calls them.
extern crate proc_macro;

// The engine of the macros. Only a compiler can link a proc-macro crate, so its files are modules of this crate.
#[path = "../../macros/src/args.rs"]
mod args;
#[path = "../../macros/src/block.rs"]
mod block;
#[path = "../../macros/src/derive.rs"]
mod derive;
#[path = "../../macros/src/diag.rs"]
mod diag;
#[path = "../../macros/src/docs.rs"]
mod docs;
#[path = "../../macros/src/engine.rs"]
mod engine;
#[path = "../../macros/src/error.rs"]
mod error;
#[path = "../../macros/src/expand.rs"]
mod expand;
#[path = "../../macros/src/family.rs"]
mod family;
#[path = "../../macros/src/fn_kind.rs"]
mod fn_kind;
#[path = "../../macros/src/func.rs"]
mod func;
#[path = "../../macros/src/label.rs"]
mod label;
#[path = "../../macros/src/model.rs"]
mod model;
#[path = "../../macros/src/name.rs"]
mod name;
#[path = "../../macros/src/objective.rs"]
mod objective;
#[path = "../../macros/src/readable.rs"]
mod readable;
#[path = "../../macros/src/scan.rs"]
mod scan;
#[path = "../../macros/src/stream.rs"]
mod stream;
#[path = "../../macros/src/tail.rs"]
mod tail;

// The parser of the alert receiver, included as files to avoid its database and TLS dependencies.
#[path = "../../monitoring/webhook/src/payload.rs"]
pub mod payload;
#[path = "../../monitoring/webhook/src/text.rs"]
mod text;
#[path = "../../monitoring/webhook/src/time.rs"]
pub mod time;
