//! How a call ended, from what it returned.

use crate::value::{Found, Level, Score};
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
    pub(crate) finding: Finding,
}

/// What the returned value says besides how the call ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Finding {
    None,
    /// There should be a score and is none, which is a failure.
    NoScore,
    Score {
        score: f64,
        success: bool,
    },
    Level(f64),
    Lookup {
        hit: bool,
    },
}

impl Verdict {
    pub(crate) const OK: Self = Self { outcome: Outcome::Ok, finding: Finding::None };

    pub(crate) const fn failed(failure: Failure) -> Self {
        Self { outcome: Outcome::Failed(failure), finding: Finding::None }
    }

    const fn from_ok(ok: bool) -> Self {
        if ok { Self::OK } else { Self::failed(Failure::Error) }
    }

    pub(crate) const fn is_success(self) -> bool {
        matches!(self.outcome, Outcome::Ok)
            && !matches!(self.finding, Finding::NoScore | Finding::Score { success: false, .. })
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

/// The verdict of a function that returns a score.
#[inline]
pub fn verdict_of_score<T: Score + ?Sized>(result: &T, threshold: f64) -> Verdict {
    // NaN is no score: it would make every sum and average useless.
    let score = result.score().filter(|it| !it.is_nan());
    let finding = score.map_or(Finding::NoScore, |score| Finding::Score { score, success: score >= threshold });
    Verdict { outcome: Outcome::Ok, finding }
}

/// The verdict of a function that returns the value of a gauge.
#[inline]
pub fn verdict_of_level<T: Level + ?Sized>(result: &T) -> Verdict {
    Verdict { outcome: Outcome::Ok, finding: result.level().map_or(Finding::None, Finding::Level) }
}

/// The verdict of a look-up.
#[inline]
pub fn verdict_of_lookup<T: Found + ?Sized>(result: &T) -> Verdict {
    Verdict { outcome: Outcome::Ok, finding: result.found().map_or(Finding::None, |hit| Finding::Lookup { hit }) }
}
