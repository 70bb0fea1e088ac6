//! The atomics for files that `tests/loom` also compiles, with those of a model checker instead.

pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
