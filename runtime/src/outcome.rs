//! The outcome of a call: everything that is recorded of it besides its duration.

use crate::failure::Failure;
use crate::series::Series;

/// The outcome of a call, as a classifier returns it.
pub trait Classified {
    /// The value in a register, if nothing but success or error is to be recorded; otherwise all that is.
    ///
    /// Each type has always the same answer, so the compiler removes the branch of the caller.
    ///
    /// # Errors
    /// The whole outcome.
    fn split(self) -> Result<OkOrErr, Outcome>;

    /// The whole outcome.
    #[inline]
    fn outcome(self) -> Outcome
    where
        Self: Sized,
    {
        self.split().map_or_else(|outcome| outcome, Outcome::from)
    }
}

/// Success or error, where nothing else is to be recorded. It fits into a register: most calls end with it.
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

/// Everything that is recorded of a call besides its duration.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    pub(crate) result: Result<(), Failure>,
    pub(crate) value: ReturnedValue,
    /// The kind of the error, if its type has kinds.
    pub(crate) error_kind: Option<&'static str>,
    /// The series that the call counts in, if it is another one than the series that the call started in.
    pub(crate) series: Option<&'static Series>,
}

/// What the returned value says besides how the call ended.
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
