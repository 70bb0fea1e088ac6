//! The atomics of this folder. `tests/loom` replaces them with those of a model checker.

pub(crate) use metrics::atomics::AtomicU64;
pub(crate) use std::sync::atomic::{AtomicBool, Ordering};
