//! The atomics of this folder. `tests/loom` puts a model checker's in their place.

pub(crate) use metrics::atomics::AtomicU64;
pub(crate) use std::sync::atomic::{AtomicBool, Ordering};
