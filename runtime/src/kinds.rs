//! Asks a type, while the program is compiled, for the kinds of its errors.
//!
//! An associated constant of the type itself is nearer than one of a trait. The constant of the type exists only where a
//! trait is implemented; everywhere else the compiler finds the one of the trait for every type.

use crate::value::{ErrorKind, ErrorKinds};
use measurand_catalog::Kinds;
use std::marker::PhantomData;

/// Has the kinds of the `Err` of a `Result` whose error has [`ErrorKinds`].
#[derive(Debug)]
pub struct KindsOf<T: ?Sized>(PhantomData<T>);

impl<T, E: ErrorKinds> KindsOf<Result<T, E>> {
    /// The kinds that the error says it has.
    pub const KINDS: Option<Kinds> = Some(E::KINDS);
}

/// Generated code has it in scope.
pub trait NoKinds {
    /// The type does not say which kinds there are.
    const KINDS: Option<Kinds> = None;
}

impl<T: ?Sized> NoKinds for KindsOf<T> {}

/// Knows whether the `Err` of a `Result` has [`ErrorKind`].
#[derive(Debug)]
pub struct TellsKind<T: ?Sized>(PhantomData<T>);

impl<T, E: ErrorKind> TellsKind<Result<T, E>> {
    /// It has.
    pub const ANSWER: bool = true;
}

/// Generated code has it in scope.
pub trait NoKind {
    /// It has not.
    const ANSWER: bool = false;
}

impl<T: ?Sized> NoKind for TellsKind<T> {}

/// Stands for a type that a static cannot name; it has no kinds.
#[derive(Debug)]
pub struct NoError;

/// What the two answers say together.
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
