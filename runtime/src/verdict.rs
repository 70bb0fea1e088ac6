//! How a call ended, from what it returned.

use crate::call::{self, Begun};
use crate::contain::contained;
use crate::label::Pick;
use crate::series::Series;
use crate::value::{ErrorKind, Found, Level, Score};
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

/// What a judge says of a returned value.
pub trait Judged {
    /// All that there is to say.
    fn verdict(self) -> Verdict;

    /// Ends a call of a series with it.
    fn end(self, series: &'static Series, begun: Begun);

    /// The same for a call of which some are timed.
    fn end_sampled(self, series: &'static Series, begun: Begun);

    /// The same where nothing is done at the begin of those that are not.
    fn end_spared(self, series: &'static Series, begun: Begun);

    /// Counts a call of a series that nobody timed.
    fn count(self, series: &'static Series);
}

/// How a call ended, where nothing else is to be recorded. Small enough for a register: most calls end with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plain(bool);

impl Plain {
    pub(crate) const OK: Self = Self(true);
}

impl From<Plain> for Verdict {
    fn from(plain: Plain) -> Self {
        if plain.0 { Self::OK } else { Self::failed(Failure::Error) }
    }
}

impl Judged for Plain {
    fn verdict(self) -> Verdict {
        self.into()
    }

    #[inline]
    fn end(self, series: &'static Series, begun: Begun) {
        call::end_plain(series, begun, self);
    }

    #[inline]
    fn end_sampled(self, series: &'static Series, begun: Begun) {
        call::end_plain_sampled(series, begun, self);
    }

    #[inline]
    fn end_spared(self, series: &'static Series, begun: Begun) {
        call::end_plain_spared(series, begun, self);
    }

    #[inline]
    fn count(self, series: &'static Series) {
        call::count_plain(series, self);
    }
}

impl Judged for Verdict {
    #[inline]
    fn verdict(self) -> Verdict {
        self
    }

    #[inline]
    fn end(self, series: &'static Series, begun: Begun) {
        call::end(series, begun, &self);
    }

    #[inline]
    fn end_sampled(self, series: &'static Series, begun: Begun) {
        call::end(series, begun, &self);
    }

    #[inline]
    fn end_spared(self, series: &'static Series, begun: Begun) {
        call::end(series, begun, &self);
    }

    #[inline]
    fn count(self, series: &'static Series) {
        call::count_verdict(series, &self);
    }
}

/// All that is recorded of a call besides its duration.
#[derive(Debug, Clone, Copy)]
pub struct Verdict {
    pub(crate) outcome: Outcome,
    pub(crate) finding: Finding,
    /// What kind of error it was, where its type tells.
    pub(crate) kind: Option<&'static str>,
    /// Where it counts, if that is another series than the one that the call began in.
    pub(crate) series: Option<&'static Series>,
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
    pub(crate) const OK: Self = Self::found(Finding::None);

    pub(crate) const fn failed(failure: Failure) -> Self {
        Self { outcome: Outcome::Failed(failure), ..Self::OK }
    }

    pub(crate) const fn found(finding: Finding) -> Self {
        Self { outcome: Outcome::Ok, finding, kind: None, series: None }
    }

    pub(crate) const fn is_success(&self) -> bool {
        matches!(self.outcome, Outcome::Ok)
            && !matches!(self.finding, Finding::NoScore | Finding::Score { success: false, .. })
    }
}

/// Asks a returned value for its error, by its type: the method for `Result` is nearer than the one for every type, which is
/// found by dereferencing.
#[derive(Debug)]
pub struct Probe<'a, T: ?Sized>(pub &'a T);

impl<'a, T, E> Probe<'a, Result<T, E>> {
    /// `Err` is an error.
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
    /// A value that says nothing about errors is fine.
    #[inline]
    #[must_use]
    #[expect(clippy::unused_self, reason = "it is called like the method that it stands in for")]
    pub fn error(&self) -> ErrorOf<'static, ()> {
        ErrorOf(PlainError(None))
    }
}

/// What generated code says in so many words where it need not name this crate by the user's path.
#[doc(hidden)]
#[macro_export]
macro_rules! __by_type {
    ($result:ident) => {{
        use $crate::__private::ErrorProbe as _;
        $crate::__private::Probe($result).error().verdict()
    }};
}

/// Asks an error for its kind, by its type: the method of the trait is nearer than the one for every type. Apart from the
/// result, so that a mistake in its other type is not reported a second time as one about kinds.
#[derive(Debug)]
pub struct ErrorOf<'a, E>(PlainError<'a, E>);

/// Generated code has it in scope.
pub trait ErrorProbe {
    /// The verdict, with the kind of the error.
    fn verdict(&self) -> Verdict;
}

impl<E: ErrorKind> ErrorProbe for ErrorOf<'_, E> {
    #[inline]
    fn verdict(&self) -> Verdict {
        // An empty kind is no kind: a label without a value is none.
        let kind = self.0.0.and_then(|it| contained(|| it.kind())).filter(|it| !it.is_empty());
        Verdict { kind, ..self.0.verdict().into() }
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
    /// The verdict.
    #[inline]
    #[must_use]
    pub fn verdict(&self) -> Plain {
        Plain(self.0.is_none())
    }
}

/// The verdict of `ok_if` and `error_if`; an error if they panic.
#[inline]
pub fn verdict_if<T: ?Sized>(result: &T, predicate: impl FnOnce(&T) -> bool, holds_when_ok: bool) -> Plain {
    Plain(contained(|| predicate(result)) == Some(holds_when_ok))
}

/// The verdict of a function that returns a score.
#[inline]
pub fn verdict_of_score<T: Score + ?Sized>(result: &T, threshold: f64) -> Verdict {
    // NaN is no score: it would make every sum and average useless.
    let score = contained(|| result.score()).flatten().filter(|it| !it.is_nan());
    let finding = score.map_or(Finding::NoScore, |score| Finding::Score { score, success: score >= threshold });
    Verdict::found(finding)
}

/// The verdict of a function that returns the value of a gauge.
#[inline]
pub fn verdict_of_level<T: Level + ?Sized>(result: &T) -> Verdict {
    Verdict::found(contained(|| result.level()).flatten().map_or(Finding::None, Finding::Level))
}

/// The verdict of a look-up.
#[inline]
pub fn verdict_of_lookup<T: Found + ?Sized>(result: &T) -> Verdict {
    Verdict::found(contained(|| result.found()).flatten().map_or(Finding::None, |hit| Finding::Lookup { hit }))
}

/// How the verdict of a call under a declared family follows from what it returned.
pub trait Judge<T: ?Sized> {
    /// The verdict; `by_type` is what the type of the result says.
    fn judge(result: &T, by_type: Verdict, threshold: f64) -> Verdict;
}

/// By the type of the result.
#[derive(Debug)]
pub struct ByOutcome;

impl<T: ?Sized> Judge<T> for ByOutcome {
    #[inline]
    fn judge(_: &T, by_type: Verdict, _: f64) -> Verdict {
        by_type
    }
}

/// By the score in the result.
#[derive(Debug)]
pub struct ByScore;

impl<T: Score + ?Sized> Judge<T> for ByScore {
    #[inline]
    fn judge(result: &T, _: Verdict, threshold: f64) -> Verdict {
        verdict_of_score(result, threshold)
    }
}

/// The result is the value of a gauge.
#[derive(Debug)]
pub struct ByLevel;

impl<T: Level + ?Sized> Judge<T> for ByLevel {
    #[inline]
    fn judge(result: &T, by_type: Verdict, _: f64) -> Verdict {
        Verdict { finding: verdict_of_level(result).finding, ..by_type }
    }
}

/// The result says whether something was found.
#[derive(Debug)]
pub struct ByLookup;

impl<T: Found + ?Sized> Judge<T> for ByLookup {
    #[inline]
    fn judge(result: &T, by_type: Verdict, _: f64) -> Verdict {
        Verdict { finding: verdict_of_lookup(result).finding, ..by_type }
    }
}

/// The verdict, to be counted in the series with these values for the labels that `began` lacks, in the order of the
/// family's labels.
#[inline]
pub fn verdict_in(verdict: impl Judged, began: &'static Series, picks: &[Pick<'_>]) -> Verdict {
    Verdict { series: Some(began.ends().pick(picks)), ..verdict.verdict() }
}
