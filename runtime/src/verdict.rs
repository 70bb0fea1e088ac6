//! How a call ended, from what it returned.

use std::ops::Deref;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    /// The discriminants index [`measurand_catalog::ERROR_OUTCOMES`].
    Failed(Failure),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Error = 0,
    Panic = 1,
    Cancelled = 2,
}

/// All that is recorded of a call besides its duration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    pub(crate) outcome: Outcome,
    pub(crate) verification: Verification,
}

/// What a verification found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verification {
    /// The call verifies nothing.
    None,
    /// It ended without a score, which is a failure.
    NoScore,
    Scored {
        score: f64,
        success: bool,
    },
}

impl Verdict {
    pub(crate) const OK: Self = Self { outcome: Outcome::Ok, verification: Verification::None };

    pub(crate) const fn failed(failure: Failure) -> Self {
        Self { outcome: Outcome::Failed(failure), verification: Verification::NoScore }
    }

    const fn from_ok(ok: bool) -> Self {
        if ok { Self::OK } else { Self { outcome: Outcome::Failed(Failure::Error), verification: Verification::None } }
    }

    pub(crate) const fn is_success(self) -> bool {
        matches!(
            self,
            Self { outcome: Outcome::Ok, verification: Verification::None | Verification::Scored { success: true, .. } }
        )
    }
}

/// Asks a returned value how the call ended, by its type: the method for `Result` is nearer than the one for every type,
/// which is found by dereferencing. No trait is needed in scope, so generated code needs no `use`.
#[derive(Debug)]
pub struct Probe<'a, T: ?Sized>(pub &'a T);

impl<T, E> Probe<'_, Result<T, E>> {
    /// `Err` is an error.
    #[inline]
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        Verdict::from_ok(self.0.is_ok())
    }
}

impl<T: ?Sized> Deref for Probe<'_, T> {
    type Target = AnyOutcome;

    #[inline]
    fn deref(&self) -> &AnyOutcome {
        &AnyOutcome
    }
}

/// The fallback of [`Probe`].
#[derive(Debug)]
pub struct AnyOutcome;

impl AnyOutcome {
    /// A value that says nothing about errors is fine.
    #[inline]
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        Verdict::OK
    }
}

/// The verdict of `ok_if` and `error_if`.
#[inline]
pub fn verdict_if<T: ?Sized>(result: &T, predicate: impl FnOnce(&T) -> bool, holds_when_ok: bool) -> Verdict {
    Verdict::from_ok(predicate(result) == holds_when_ok)
}

/// The verdict of a verification.
#[inline]
pub fn verdict_of_score<T: Score + ?Sized>(result: &T, threshold: f64) -> Verdict {
    match result.score() {
        // NaN is no score: it would make every sum and average useless.
        Some(score) if !score.is_nan() => {
            Verdict { outcome: Outcome::Ok, verification: Verification::Scored { score, success: score >= threshold } }
        }
        _ => Verdict { outcome: Outcome::Ok, verification: Verification::NoScore },
    }
}

/// A value with a truth score, from 0 to 1; what a function under `#[verified]` returns.
///
/// `None` means that there is no score, which counts as a failed verification. So do `Err` and `NaN`.
///
/// ```
/// struct Review { passed: u32, total: u32 }
///
/// impl measurand::Score for Review {
///     fn score(&self) -> Option<f64> {
///         (self.total > 0).then(|| f64::from(self.passed) / f64::from(self.total))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no truth score",
    label = "expected a score, for example `f64` or `Result<f64, E>`",
    note = "return `f64`, an `Option` or a `Result` of one, or implement `measurand::Score` for the type"
)]
pub trait Score {
    /// The score, if there is one.
    fn score(&self) -> Option<f64>;
}

impl Score for f64 {
    fn score(&self) -> Option<f64> {
        Some(*self)
    }
}

impl Score for f32 {
    fn score(&self) -> Option<f64> {
        Some(f64::from(*self))
    }
}

impl<T: Score> Score for Option<T> {
    fn score(&self) -> Option<f64> {
        self.as_ref().and_then(T::score)
    }
}

impl<T: Score, E> Score for Result<T, E> {
    fn score(&self) -> Option<f64> {
        self.as_ref().ok().and_then(T::score)
    }
}

impl<T: Score + ?Sized> Score for &T {
    fn score(&self) -> Option<f64> {
        T::score(self)
    }
}

impl<T: Score + ?Sized> Score for Box<T> {
    fn score(&self) -> Option<f64> {
        T::score(self)
    }
}
