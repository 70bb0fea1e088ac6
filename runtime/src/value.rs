//! What a returned value says: its score, its level, whether a look-up found something, what kind of error it is.

use measurand_catalog::Kinds;

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
    note = "return `f64`, an `Option` or a `Result` of one, or implement `measurand::Score` for the type",
    note = "example: impl measurand::Score for {Self} {{ fn score(&self) -> Option<f64> {{ .. }} }}"
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

/// A number for a gauge; what a function under `#[pattern_memory]` and the like returns.
///
/// `None` leaves the gauge as it is, and so does `Err`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number for a gauge",
    label = "expected a number, for example `u64` or `Result<f64, E>`",
    note = "return a number, an `Option` or a `Result` of one, or implement `measurand::GaugeValue` for the type",
    note = "example: impl measurand::GaugeValue for {Self} {{ fn level(&self) -> Option<f64> {{ .. }} }}"
)]
pub trait GaugeValue {
    /// The number, if there is one.
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

/// Whether a look-up found something; what a function under `#[cache_lookup]` returns.
///
/// `None` is neither hit nor miss, and so is `Err`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whether something was found",
    label = "expected an `Option` or a `Result` of one",
    note = "return `Option<T>` or `Result<Option<T>, E>`, or implement `measurand::CacheResult` for the type",
    note = "example: impl measurand::CacheResult for {Self} {{ fn found(&self) -> Option<bool> {{ .. }} }}"
)]
pub trait CacheResult {
    /// Whether something was found.
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

/// The kind of an error, for the label `error_kind` of the metric that counts errors.
///
/// Derive it for an error enum. There must be few kinds, as there are where each is written in the code.
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
    message = "`{Self}` does not say what kind of error it is",
    note = "write `#[derive(measurand::ErrorKind)]` on the type, or implement the trait",
    note = "example: impl measurand::ErrorKind for {Self} {{ fn kind(&self) -> &'static str {{ \"name\" }} }}"
)]
pub trait ErrorKind {
    /// The kind, for example `not_found`. An empty one counts as no kind: the error is counted without the label.
    fn kind(&self) -> &'static str;
}

/// The kinds that an error type has, as a constant.
///
/// `#[derive(ErrorKind)]` writes it. A type whose [`ErrorKind`] is written by hand needs it too if its kinds are to be
/// exported at zero, before the first error: `increase()` does not see the error that makes a series appear.
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
    /// All values of [`ErrorKind::kind`].
    const KINDS: Kinds;
}

// Written out, since the compiler shows them to users whose error has no kind.
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

/// Through `Option` and `Result` to the number inside.
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
