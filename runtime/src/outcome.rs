//! The outcome of a call: everything that is recorded about it except its duration.

use crate::failure::Failure;
use crate::series::Series;

/// The outcome of a call, as a classifier returns it.
pub trait Classified {
    /// The outcome in a register, if only success or error is recorded; otherwise the complete outcome.
    ///
    /// Each type always gives the same variant, so the compiler removes the caller's branch.
    ///
    /// # Errors
    /// The complete outcome.
    fn split(self) -> Result<OkOrErr, Outcome>;

    /// The complete outcome.
    #[inline]
    fn outcome(self) -> Outcome
    where
        Self: Sized,
    {
        self.split().map_or_else(|outcome| outcome, Outcome::from)
    }
}

/// Success or error, if nothing else is recorded. It fits into a register, and most calls end with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OkOrErr(pub(crate) bool);

impl OkOrErr {
    pub(crate) const OK: Self = Self(true);
}

impl Classified for OkOrErr {
    #[inline]
    fn split(self) -> Result<OkOrErr, Outcome> {
        Ok(self)
    }
}

impl From<OkOrErr> for Outcome {
    fn from(result: OkOrErr) -> Self {
        if result.0 { Self::OK } else { Self::failed(Failure::Error) }
    }
}

/// Everything that is recorded about a call except its duration.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    pub(crate) result: Result<(), Failure>,
    pub(crate) value: ReturnedValue,
    /// The kind of the error, if its type has kinds.
    pub(crate) error_kind: Option<&'static str>,
    /// The series in which the call counts, if it differs from the one in which the call started.
    pub(crate) series: Option<&'static Series>,
}

/// The information in the returned value, besides success or error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ReturnedValue {
    None,
    /// The score is missing, which is a failure.
    NoScore,
    Score {
        score: f64,
        success: bool,
    },
    Gauge(f64),
    Lookup {
        hit: bool,
    },
}

impl Classified for Outcome {
    #[inline]
    fn split(self) -> Result<OkOrErr, Outcome> {
        Err(self)
    }
}

impl Outcome {
    pub(crate) const OK: Self = Self::returned(ReturnedValue::None);

    pub(crate) const fn failed(failure: Failure) -> Self {
        Self { result: Err(failure), ..Self::OK }
    }

    pub(crate) const fn returned(value: ReturnedValue) -> Self {
        Self { result: Ok(()), value, error_kind: None, series: None }
    }

    pub(crate) const fn is_success(&self) -> bool {
        self.result.is_ok()
            && !matches!(self.value, ReturnedValue::NoScore | ReturnedValue::Score { success: false, .. })
    }
}
