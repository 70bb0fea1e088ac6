//! The information in a returned value: its score, its number for a gauge, its hit or miss, its kind of error.

use measurand_catalog::Kinds;

/// A value with a truth score from 0 to 1: the return type of a function under `#[verified]`.
///
/// `None` means that there is no score. It counts as a failed verification, and so do `Err` and `NaN`.
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
    note = "return `f64`, an `Option` or a `Result` of one, or implement `measurand::Score` for the type",
    note = "example: impl measurand::Score for {Self} {{ fn score(&self) -> Option<f64> {{ .. }} }}"
)]
pub trait Score {
    /// Returns the score; `None` if there is none.
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

/// A number for a gauge: the return type of a function under `#[pattern_memory]` and similar attributes.
///
/// `None` leaves the gauge unchanged, and so does `Err`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number for a gauge",
    label = "expected a number, for example `u64` or `Result<f64, E>`",
    note = "return a number, an `Option` or a `Result` of one, or implement `measurand::GaugeValue` for the type",
    note = "example: impl measurand::GaugeValue for {Self} {{ fn level(&self) -> Option<f64> {{ .. }} }}"
)]
pub trait GaugeValue {
    /// Returns the number; `None` if there is none.
    fn level(&self) -> Option<f64>;
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl GaugeValue for $number {
            #[allow(clippy::cast_precision_loss, clippy::cast_lossless, reason = "a gauge is a floating-point number")]
            fn level(&self) -> Option<f64> {
                Some(*self as f64)
            }
        }
    )*};
}

numbers! { f32 f64 i8 i16 i32 i64 isize u8 u16 u32 u64 usize }

/// A hit or a miss: the return type of a function under `#[cache_lookup]`.
///
/// `None` of the method is neither a hit nor a miss. `Err` gives `None`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the result of a look-up",
    label = "expected an `Option` or a `Result` of one",
    note = "return `Option<T>` or `Result<Option<T>, E>`, or implement `measurand::CacheResult` for the type",
    note = "example: impl measurand::CacheResult for {Self} {{ fn found(&self) -> Option<bool> {{ .. }} }}"
)]
pub trait CacheResult {
    /// Returns whether something was found; `None` if that is unknown.
    fn found(&self) -> Option<bool>;
}

impl<T> CacheResult for Option<T> {
    fn found(&self) -> Option<bool> {
        Some(self.is_some())
    }
}

impl<T: CacheResult, E> CacheResult for Result<T, E> {
    fn found(&self) -> Option<bool> {
        self.as_ref().ok().and_then(T::found)
    }
}

/// The kind of an error, for the label `error_kind` of the errors counter.
///
/// Derive it for an error enum. The number of kinds must be small, as it is if the code contains each of them.
///
/// ```
/// #[derive(measurand::ErrorKind)]
/// enum StoreError {
///     /// `not_found`
///     NotFound,
///     #[error_kind("busy")]
///     Locked { seconds: u64 },
///     /// The kind of the error inside.
///     #[error_kind(nested)]
///     Network(NetworkError),
/// }
///
/// #[derive(measurand::ErrorKind)]
/// enum NetworkError {
///     TimedOut,
/// }
/// # let kind = measurand::ErrorKind::kind;
/// # assert_eq!(kind(&StoreError::NotFound), "not_found");
/// # assert_eq!(kind(&StoreError::Locked { seconds: 1 }), "busy");
/// # assert_eq!(measurand::ErrorKind::kind(&StoreError::Network(NetworkError::TimedOut)), "timed_out");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no error kind",
    note = "write `#[derive(measurand::ErrorKind)]` on the type, or implement the trait",
    note = "example: impl measurand::ErrorKind for {Self} {{ fn kind(&self) -> &'static str {{ \"name\" }} }}"
)]
pub trait ErrorKind {
    /// Returns the kind, for example `not_found`. An empty text means no kind: the error is counted without the label.
    fn kind(&self) -> &'static str;
}

/// The kinds of an error type, as a constant.
///
/// `#[derive(ErrorKind)]` implements it. Implement it for a type with a manual [`ErrorKind`] too, so its kinds are
/// exported at zero before the first error: `increase()` does not see the error that creates a series.
///
/// ```
/// # use measurand::{ErrorKind, ErrorKinds, Kinds};
/// struct Code(u16);
///
/// impl ErrorKind for Code {
///     fn kind(&self) -> &'static str {
///         if self.0 < 500 { "client" } else { "server" }
///     }
/// }
///
/// impl ErrorKinds for Code {
///     const KINDS: Kinds = Kinds::new(&["client", "server"]);
/// }
/// ```
pub trait ErrorKinds: ErrorKind {
    /// All possible results of [`ErrorKind::kind`].
    const KINDS: Kinds;
}

// Written without a macro, because the compiler shows these implementations to users whose error has no kind.
impl<T: ErrorKind + ?Sized> ErrorKind for &T {
    fn kind(&self) -> &'static str {
        T::kind(self)
    }
}

impl<T: ErrorKind + ?Sized> ErrorKind for Box<T> {
    fn kind(&self) -> &'static str {
        T::kind(self)
    }
}

impl<T: ErrorKind + ?Sized> ErrorKind for std::sync::Arc<T> {
    fn kind(&self) -> &'static str {
        T::kind(self)
    }
}

impl<T: ErrorKinds + ?Sized> ErrorKinds for &T {
    const KINDS: Kinds = T::KINDS;
}

impl<T: ErrorKinds + ?Sized> ErrorKinds for Box<T> {
    const KINDS: Kinds = T::KINDS;
}

impl<T: ErrorKinds + ?Sized> ErrorKinds for std::sync::Arc<T> {
    const KINDS: Kinds = T::KINDS;
}

/// Implements a trait for `Option`, `Result` and pointers, by the value inside.
macro_rules! numbers_inside {
    ($($trait:ident $method:ident)*) => {$(
        impl<T: $trait> $trait for Option<T> {
            fn $method(&self) -> Option<f64> {
                self.as_ref().and_then(T::$method)
            }
        }

        impl<T: $trait, E> $trait for Result<T, E> {
            fn $method(&self) -> Option<f64> {
                self.as_ref().ok().and_then(T::$method)
            }
        }

        impl<T: $trait + ?Sized> $trait for &T {
            fn $method(&self) -> Option<f64> {
                T::$method(self)
            }
        }

        impl<T: $trait + ?Sized> $trait for Box<T> {
            fn $method(&self) -> Option<f64> {
                T::$method(self)
            }
        }
    )*};
}

numbers_inside! { Score score GaugeValue level }
