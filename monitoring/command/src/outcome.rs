//! The result of a command that completed.

/// The result of a command that completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing needs attention.
    Fine,
    /// The command printed findings.
    Findings,
}
