//! Functions in all places, with other attributes and qualifiers.

use crate::{check_ok, record, series};
use measurand::{measured, neural_op, timed_query};

#[measured]
#[expect(unsafe_code, reason = "the form under test")]
unsafe fn dangerous(value: *const u32) -> u32 {
    // SAFETY: the caller says so.
    unsafe { *value }
}

#[measured]
extern "C" fn foreign(value: u32) -> u32 {
    value
}

#[measured]
#[inline]
#[must_use]
pub(crate) fn decorated() -> u32 {
    1
}

#[cold]
#[inline(never)]
#[measured]
fn cold() {}

#[measured]
fn inner_attributes() {
    //! A doc comment inside the function.
    #![allow(unused_variables)]
    let unused = 1;
}

/// With a doc comment.
///
/// # Runbook
///
/// Restart it, "twice" {with} \escapes.
#[measured]
fn documented() {}

#[measured]
fn r#match() {}

#[measured]
fn outer() -> u32 {
    #[measured]
    fn inner() -> u32 {
        const INNER: u32 = 1;
        INNER
    }
    inner() + inner()
}

#[measured]
#[neural_op("extraction")]
#[timed_query("delete", "t")]
fn stacked(ok: bool) -> Result<(), ()> {
    if ok { Ok(()) } else { Err(()) }
}

macro_rules! make {
    ($(#[$attribute:meta])* $name:ident, $table:literal, $kind:expr, $argument:ident: $type:ty => $return:ty, $body:block) => {
        $(#[$attribute])*
        #[timed_query($kind, table = $table)]
        fn $name($argument: $type) -> $return $body
    };
}

make! { #[measured] made, "patterns", "select", value: u32 => Result<u32, ()>, {
    if value == 0 {
        return Err(());
    }
    Ok(value)
}}
make! { ready, "patterns", "select", value: u32 => std::pin::Pin<Box<dyn Future<Output = u32>>>, {
    Box::pin(async move { value })
}}

mod deep {
    pub(super) mod below {
        #[measurand::measured]
        pub(in crate::context) fn visible() {}
    }
}

/// The user may use the names of the expansion.
#[measured]
fn own_names(__call: u32, __result: u32, __site: u32) -> u32 {
    let __ok = __call + __result;
    __ok + __site
}

/// A closure keeps its own `return`, and a loop its own label.
#[measured]
fn control_flow(values: &[u32]) -> u32 {
    let double = |it: u32| {
        if it == 0 {
            return 0;
        }
        it * 2
    };
    'all: for value in values {
        for limit in 0..*value {
            if limit > 2 {
                break 'all;
            }
        }
    }
    values.iter().copied().map(double).sum()
}

#[test]
fn qualifiers() {
    #[expect(unsafe_code, reason = "the form under test")]
    // SAFETY: a reference is a valid pointer.
    check_ok("dangerous", || assert_eq!(unsafe { dangerous(&1) }, 1));
    check_ok("foreign", || assert_eq!(foreign(1), 1));
    check_ok("decorated", || assert_eq!(decorated(), 1));
    check_ok("cold", cold);
    check_ok("inner_attributes", inner_attributes);
    check_ok("documented", documented);
    check_ok("match", r#match);
}

#[test]
fn places() {
    let both = [series("outer::inner", 2, None), series("outer", 1, None)].concat();
    let mut lines = record(|| assert_eq!(outer(), 2));
    lines.sort_by_key(|it| !it.contains("inner"));
    assert_eq!(lines, both);
    check_ok("visible", deep::below::visible);
    check_ok("own_names", || assert_eq!(own_names(1, 2, 3), 6));
    check_ok("control_flow", || assert_eq!(control_flow(&[1, 2]), 6));
}

#[test]
fn stacks() {
    let lines = record(|| assert!(stacked(false).is_err()));
    assert_eq!(
        lines,
        [
            "db_query_duration_seconds{query_type=delete,table=t} 1",
            "db_query_errors_total{query_type=delete,table=t,outcome=error} 1",
            "function_calls_total{function=stacked} 1",
            "function_duration_seconds{function=stacked} 1",
            "function_errors_total{function=stacked,outcome=error} 1",
            "neural_operation_duration_seconds{operation_type=extraction} 1",
            "neural_operation_errors_total{operation_type=extraction,outcome=error} 1",
            "neural_operations_total{operation_type=extraction} 1",
        ]
    );
    assert_eq!(record(|| assert!(stacked(true).is_ok())).len(), 5);
}

#[test]
fn macros_by_example() {
    let lines = record(|| assert!(made(0).is_err() && made(1).is_ok()));
    assert_eq!(
        lines,
        [
            "db_query_duration_seconds{query_type=select,table=patterns} 2",
            "db_query_errors_total{query_type=select,table=patterns,outcome=error} 1",
            "function_calls_total{function=made} 2",
            "function_duration_seconds{function=made} 2",
            "function_errors_total{function=made,outcome=error} 1",
        ]
    );
    assert_eq!(record(|| drop(ready(1))), [""; 0]);
    assert_eq!(record(|| assert_eq!(crate::block_on(ready(1)), 1)).len(), 1);
}
