//! Tests of the command line: output, exit codes, files.

mod cli;
#[cfg(unix)]
mod limits;
mod secrets;
mod sizing;
#[path = "../../../core/tests/all/support.rs"]
#[allow(dead_code, unused_imports, reason = "other tests need more of it")]
mod support;
mod terminal;
mod up;
