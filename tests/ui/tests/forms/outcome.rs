//! The outcome of a call, by the type of the returned value or by the user's predicate.

use crate::{block_on, check_not_ok, check_ok, record, series, suspend};
use measurand::measured;
use std::sync::Arc;

type AnyResult<T, E = Box<dyn std::error::Error + Send + Sync>> = Result<T, E>;

#[measured]
fn io(ok: bool) -> std::io::Result<u32> {
    let kind = if ok { None } else { Some(std::io::ErrorKind::NotFound) };
    kind.map_or(Ok(1), |it| Err(it.into()))
}

#[measured]
fn any(text: &str) -> AnyResult<u32> {
    Ok(text.parse::<u32>()?)
}

#[measured]
fn formatted() -> std::fmt::Result {
    Err(std::fmt::Error)
}

/// `None` is not an error.
#[measured]
fn nothing() -> Option<u32> {
    None
}

/// An error inside an `Option`, or inside any other type, is not an error either, unless `error_if` says so.
#[measured]
fn inside() -> Option<Result<u32, ()>> {
    Some(Err(()))
}

/// A type that only the caller knows counts as `ok`, even if it is a `Result`.
#[measured]
fn generic<T>(value: T) -> T {
    value
}

#[measured]
fn generic_error<E>(error: E) -> Result<(), E> {
    Err(error)
}

/// `Probe` inspects the type itself; the type behind a reference or a box does not decide.
#[measured]
fn reference(value: &Result<u32, ()>) -> &Result<u32, ()> {
    value
}

/// A result type with its own method `verdict`.
struct Own;

impl Own {
    #[expect(dead_code, clippy::unused_self, reason = "must not be called")]
    fn verdict(&self) -> bool {
        unreachable!("the user's own method")
    }
}

#[measured]
fn own() -> Own {
    Own
}

#[test]
fn by_type() {
    check_ok("io", || assert!(io(true).is_ok()));
    check_not_ok("io", "error", || assert!(io(false).is_err()));
    check_ok("any", || assert!(any("1").is_ok()));
    check_not_ok("any", "error", || assert!(any("x").is_err()));
    check_not_ok("formatted", "error", || assert!(formatted().is_err()));
    check_ok("nothing", || assert_eq!(nothing(), None));
    check_ok("inside", || assert_eq!(inside(), Some(Err(()))));
    check_ok("generic", || assert_eq!(generic(Err::<(), _>(1)), Err(1)));
    check_not_ok("generic_error", "error", || assert_eq!(generic_error(1), Err(1)));
    check_ok("reference", || assert_eq!(reference(&Err(())), &Err(())));
    check_ok("own", || assert!(matches!(own(), Own)));
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "predicates get a reference")]
fn is_even(value: &u32) -> bool {
    value.is_multiple_of(2)
}

#[measured(ok_if = is_even)]
fn even(value: u32) -> u32 {
    value
}

#[measured(error_if = Option::is_none)]
fn found(value: Option<u32>) -> Option<u32> {
    value
}

#[measured(ok_if = Result::is_err)]
fn must_fail(ok: bool) -> Result<(), ()> {
    if ok { Ok(()) } else { Err(()) }
}

#[measured(error_if = |status| *status >= limit)]
fn with_argument(status: u16, limit: u16) -> u16 {
    status.min(limit)
}

#[measured(ok_if = |values| values.clone().count() == 1)]
fn unnamed(values: &[u32]) -> impl Iterator<Item = &u32> + Clone {
    values.iter()
}

#[measured(error_if = |it| it.is_ok_and(|it| it == 0))]
async fn later(value: u32) -> Result<u32, ()> {
    suspend().await;
    Ok(value)
}

#[measured(ok_if = |it: &u32| **shared == *it)]
fn future(shared: &Arc<u32>) -> impl Future<Output = u32> + Send {
    async {
        suspend().await;
        1
    }
}

#[measured(ok_if = |()| panic!("in the predicate"))]
fn panics() {}

#[test]
fn by_predicate() {
    check_ok("even", || assert_eq!(even(2), 2));
    check_not_ok("even", "error", || assert_eq!(even(1), 1));
    check_ok("found", || assert_eq!(found(Some(1)), Some(1)));
    check_not_ok("found", "error", || assert_eq!(found(None), None));
    check_ok("must_fail", || assert!(must_fail(false).is_err()));
    check_not_ok("must_fail", "error", || assert!(must_fail(true).is_ok()));
    check_ok("with_argument", || assert_eq!(with_argument(200, 500), 200));
    check_not_ok("with_argument", "error", || assert_eq!(with_argument(503, 500), 500));
    check_ok("unnamed", || assert_eq!(unnamed(&[1]).count(), 1));
    check_not_ok("unnamed", "error", || assert_eq!(unnamed(&[]).count(), 0));
}

#[test]
fn by_predicate_later() {
    check_ok("later", || assert_eq!(block_on(later(1)), Ok(1)));
    check_not_ok("later", "error", || assert_eq!(block_on(later(0)), Ok(0)));
    check_ok("future", || assert_eq!(block_on(future(&Arc::new(1))), 1));
    check_not_ok("future", "error", || assert_eq!(block_on(future(&Arc::new(2))), 1));
}

#[test]
fn panicking_predicate() {
    // The function succeeded, but its predicate panicked.
    let mut expected = series("panics", 1, Some(("error", 1)));
    expected.push("measurand_contained_panics_total{} 1".to_owned());
    assert_eq!(record(panics), expected);
}
