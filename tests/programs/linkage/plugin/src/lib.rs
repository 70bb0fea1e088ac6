//! Annotated functions in a library; most are never called.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs)]

use measurand::{measured, neural_op, timed_query, verified};

/// Called.
#[measured(owner = "plugins", severity = "P2", runbook = "https://example.org/runbooks/answer")]
pub fn answer() -> u32 {
    42
}

/// Generic, and never called.
#[neural_op("extraction")]
pub fn extract<T: Default>() -> T {
    T::default()
}

/// Asynchronous, and never called.
#[timed_query("delete", table = "trajectories")]
pub async fn forget(id: u64) -> Result<u64, String> {
    Ok(id)
}

/// A type with a method.
pub struct Agent;

impl Agent {
    /// Inlined, and never called.
    #[inline(always)]
    #[verified(agent_id = "reviewer \"quoted\" \\ {{ $value }} – ü", threshold = 0.8)]
    pub fn review(&self) -> Option<f64> {
        Some(1.0)
    }
}

mod never {
    #[allow(dead_code)]
    #[super::measured]
    fn private() {}
}
