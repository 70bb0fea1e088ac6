//! The atomics of what `tests/loom` compiles as well. It puts a model checker's in their place.

pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
