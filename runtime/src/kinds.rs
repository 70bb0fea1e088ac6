//! Finds the error kinds of a type at compile time.
//!
//! An associated constant of a type itself takes precedence over one of a trait. The constant of the type exists only
//! if the type's error implements a trait; otherwise the compiler finds the constant of the trait for every type.

use crate::value::{ErrorKind, ErrorKinds};
use measurand_catalog::Kinds;
use std::marker::PhantomData;

/// The kinds of the `Err` of a `Result`, if the error implements [`ErrorKinds`].
#[derive(Debug)]
pub struct KindsOf<T: ?Sized>(PhantomData<T>);

impl<T, E: ErrorKinds> KindsOf<Result<T, E>> {
    /// The kinds that the error type defines.
    pub const KINDS: Option<Kinds> = Some(E::KINDS);
}

/// The fallback of [`KindsOf`]; generated code imports it.
pub trait NoKinds {
    /// The type does not define its kinds.
    const KINDS: Option<Kinds> = None;
}

impl<T: ?Sized> NoKinds for KindsOf<T> {}

/// Whether the `Err` of a `Result` implements [`ErrorKind`].
#[derive(Debug)]
pub struct TellsKind<T: ?Sized>(PhantomData<T>);

impl<T, E: ErrorKind> TellsKind<Result<T, E>> {
    /// It does.
    pub const ANSWER: bool = true;
}

/// The fallback of [`TellsKind`]; generated code imports it.
pub trait NoKind {
    /// It does not.
    const ANSWER: bool = false;
}

impl<T: ?Sized> NoKind for TellsKind<T> {}

/// Replaces a type that a static cannot name. It has no kinds.
#[derive(Debug)]
pub struct NoError;

/// The kinds that follow from the two constants.
#[must_use]
pub const fn kinds(known: Option<Kinds>, tells: bool) -> Kinds {
    match known {
        Some(kinds) => kinds,
        None if tells => Kinds::UNKNOWN,
        None => Kinds::NONE,
    }
}

/// The kinds of the error of this `Result`.
#[doc(hidden)]
#[macro_export]
macro_rules! __kinds_of {
    ($result:ty) => {{
        #[allow(unused_imports)]
        use $crate::__private::{NoKind as _, NoKinds as _};
        $crate::__private::kinds(
            <$crate::__private::KindsOf<$result>>::KINDS,
            <$crate::__private::TellsKind<$result>>::ANSWER,
        )
    }};
}
