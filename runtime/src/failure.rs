//! The kinds of failures of a call.

use measurand_catalog::ERROR_OUTCOMES;

/// The kind of failure of a call. The discriminants index [`ERROR_OUTCOMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Error = 0,
    Panic = 1,
    Cancelled = 2,
}

impl Failure {
    /// The value of the label `outcome`.
    pub(crate) const fn name(self) -> &'static str {
        ERROR_OUTCOMES[self as usize]
    }
}
