//! How a command ended that did its work.

/// How a command ended that did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing needs attention.
    Fine,
    /// The command printed findings.
    Findings,
}
