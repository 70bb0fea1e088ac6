//! Bytes from anywhere into everything of Measurand that reads them.
//!
//! Each file of `targets` has one function `run`, which panics where something does not hold. Two programs call them:
//! libFuzzer, from `fuzz_targets`, and the test `fuzz` of the workspace, which has this file as its root and replays the
//! corpora with mutations of them, so that no change breaks a target without notice.

#![forbid(unsafe_code)]
#![expect(clippy::missing_panics_doc, reason = "to panic is how a target says what it found")]

pub mod targets;

#[cfg(test)]
mod replay;

// Where there is no compiler, it says so.
extern crate proc_macro;

// The engine of the macros. A proc-macro is a dependency of compilers only, so its files are files of this crate too.
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

// The alert receiver's parser, likewise without the database and the TLS that the receiver needs.
#[path = "../../monitoring/webhook/src/payload.rs"]
pub mod payload;
#[path = "../../monitoring/webhook/src/text.rs"]
mod text;
#[path = "../../monitoring/webhook/src/time.rs"]
pub mod time;
