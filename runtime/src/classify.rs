//! The way from a returned value to the outcome of its call.

use crate::catch_panic::catch_panic;
use crate::label::LabelRef;
use crate::outcome::{Classified, OkOrErr, Outcome, ReturnedValue};
use crate::series::Series;
use crate::value::{CacheResult, ErrorKind, GaugeValue, Score};
use std::ops::Deref;

/// Finds the error in a returned value by its type. The method for `Result` takes precedence over the one for every
/// type, because the latter is found only by dereferencing.
#[derive(Debug)]
pub struct Probe<'a, T: ?Sized>(pub &'a T);

impl<'a, T, E> Probe<'a, Result<T, E>> {
    /// The error of the result, if it is `Err`.
    #[inline]
    #[must_use]
    pub fn error(&self) -> ErrorOf<'a, E> {
        ErrorOf(PlainError(self.0.as_ref().err()))
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
    /// A value of any other type has no error.
    #[inline]
    #[must_use]
    #[expect(clippy::unused_self, reason = "called in the same way as the method for `Result`")]
    pub fn error(&self) -> ErrorOf<'static, ()> {
        ErrorOf(PlainError(None))
    }
}

/// Classifies a result by its type. Generated code writes this out, unless it names this crate by a path of the user.
#[doc(hidden)]
#[macro_export]
macro_rules! __by_type {
    ($result:ident) => {{
        use $crate::__private::ErrorProbe as _;
        $crate::__private::Probe($result).error().outcome()
    }};
}

/// Finds the kind of an error by its type. The trait's method takes precedence over the one for every type. It is a
/// separate step after the result, so a wrong result type is not reported a second time as a missing kind.
#[derive(Debug)]
pub struct ErrorOf<'a, E>(PlainError<'a, E>);

/// The probe for the kind of an error; generated code imports it.
pub trait ErrorProbe {
    /// The outcome, with the kind of the error.
    fn outcome(&self) -> Outcome;
}

impl<E: ErrorKind> ErrorProbe for ErrorOf<'_, E> {
    #[inline]
    fn outcome(&self) -> Outcome {
        // An empty kind means no kind: Prometheus treats an empty label value as a missing label.
        let error_kind = self.0.0.and_then(|it| catch_panic(|| it.kind())).filter(|it| !it.is_empty());
        Outcome { error_kind, ..self.0.outcome().into() }
    }
}

impl<'a, E> Deref for ErrorOf<'a, E> {
    type Target = PlainError<'a, E>;

    #[inline]
    fn deref(&self) -> &PlainError<'a, E> {
        &self.0
    }
}

/// The fallback of [`ErrorOf`].
#[derive(Debug)]
pub struct PlainError<'a, E>(Option<&'a E>);

impl<E> PlainError<'_, E> {
    /// The outcome.
    #[inline]
    #[must_use]
    pub fn outcome(&self) -> OkOrErr {
        OkOrErr(self.0.is_none())
    }
}

/// The outcome that `ok_if` or `error_if` determines; an error if the predicate panics.
#[inline]
pub fn outcome_if<T: ?Sized>(result: &T, predicate: impl FnOnce(&T) -> bool, holds_when_ok: bool) -> OkOrErr {
    OkOrErr(catch_panic(|| predicate(result)) == Some(holds_when_ok))
}

/// The outcome of a function that returns a score.
#[inline]
pub fn outcome_of_score<T: Score + ?Sized>(result: &T, threshold: f64) -> Outcome {
    // NaN counts as a missing score: it would make every sum and average useless.
    let score = catch_panic(|| result.score()).flatten().filter(|it| !it.is_nan());
    let value =
        score.map_or(ReturnedValue::NoScore, |score| ReturnedValue::Score { score, success: score >= threshold });
    Outcome::returned(value)
}

/// The outcome of a function that returns the value of a gauge.
#[inline]
pub fn outcome_of_gauge<T: GaugeValue + ?Sized>(result: &T) -> Outcome {
    Outcome::returned(catch_panic(|| result.level()).flatten().map_or(ReturnedValue::None, ReturnedValue::Gauge))
}

/// The outcome of a look-up.
#[inline]
pub fn outcome_of_lookup<T: CacheResult + ?Sized>(result: &T) -> Outcome {
    Outcome::returned(
        catch_panic(|| result.found()).flatten().map_or(ReturnedValue::None, |hit| ReturnedValue::Lookup { hit }),
    )
}

/// The rule of a declared family that derives the outcome of a call from its result.
pub trait Classifier<T: ?Sized> {
    /// Returns the outcome; `by_type` is the outcome that follows from the type of the result.
    fn classify(result: &T, by_type: Outcome, threshold: f64) -> Outcome;
}

/// Classifies by the type of the result.
#[derive(Debug)]
pub struct ByOutcome;

impl<T: ?Sized> Classifier<T> for ByOutcome {
    #[inline]
    fn classify(_: &T, by_type: Outcome, _: f64) -> Outcome {
        by_type
    }
}

/// Classifies by the score in the result.
#[derive(Debug)]
pub struct ByScore;

impl<T: Score + ?Sized> Classifier<T> for ByScore {
    #[inline]
    fn classify(result: &T, _: Outcome, threshold: f64) -> Outcome {
        outcome_of_score(result, threshold)
    }
}

/// Takes the result as the value of a gauge.
#[derive(Debug)]
pub struct ByGaugeValue;

impl<T: GaugeValue + ?Sized> Classifier<T> for ByGaugeValue {
    #[inline]
    fn classify(result: &T, by_type: Outcome, _: f64) -> Outcome {
        Outcome { value: outcome_of_gauge(result).value, ..by_type }
    }
}

/// Takes the result as a hit or a miss.
#[derive(Debug)]
pub struct ByCacheResult;

impl<T: CacheResult + ?Sized> Classifier<T> for ByCacheResult {
    #[inline]
    fn classify(result: &T, by_type: Outcome, _: f64) -> Outcome {
        Outcome { value: outcome_of_lookup(result).value, ..by_type }
    }
}

/// The outcome of a call under a declared family.
#[inline]
pub fn outcome_by<C: Classifier<T>, T: ?Sized>(result: &T, by_type: impl Classified, threshold: f64) -> Outcome {
    C::classify(result, by_type.outcome(), threshold)
}

/// The outcome, recorded in the series with these values for the labels that `started` lacks, in the order of the
/// family's labels.
#[inline]
pub fn outcome_in(outcome: impl Classified, started: &'static Series, labels: &[LabelRef<'_>]) -> Outcome {
    Outcome { series: Some(started.ends().find(labels)), ..outcome.outcome() }
}
