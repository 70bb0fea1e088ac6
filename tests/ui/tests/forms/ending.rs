//! All exits of a function, and the values that have been dropped by then.

use crate::{check_not_ok, check_ok, durations};
use measurand::measured;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

#[measured]
fn early(value: u32) -> Result<u32, String> {
    if value == 0 {
        return Ok(0);
    }
    let half = half(value)?;
    Ok(half)
}

fn half(value: u32) -> Result<u32, String> {
    if value.is_multiple_of(2) { Ok(value / 2) } else { Err("odd".to_owned()) }
}

/// Panics without a message on the terminal.
#[measured]
fn panics() -> u32 {
    resume_unwind(Box::new("on purpose"))
}

#[measured]
fn never(rounds: u32) -> ! {
    for round in 0.. {
        if round == rounds {
            resume_unwind(Box::new(()));
        }
    }
    unreachable!("the loop ends by unwinding")
}

#[measured]
fn never_generic<T: Into<u32>>(value: T) -> ! {
    resume_unwind(Box::new(value.into()))
}

#[measured]
fn opaque(ok: bool) -> impl Iterator<Item = u32> {
    if ok {
        return [1].into_iter();
    }
    resume_unwind(Box::new(()))
}

/// Calls a function during unwinding.
struct Late;

impl Drop for Late {
    fn drop(&mut self) {
        assert_eq!(opaque(true).count(), 1);
    }
}

#[test]
fn ways_out() {
    check_ok("opaque", || assert!(opaque(true).eq([1])));
    check_not_ok("opaque", "panic", || assert!(catch_unwind(|| opaque(false)).is_err()));
    check_ok("opaque", || {
        let unwound = catch_unwind(|| {
            let _late = Late;
            resume_unwind(Box::new(()));
        });
        assert!(unwound.is_err());
    });
    check_ok("early", || assert_eq!(early(0), Ok(0)));
    check_ok("early", || assert_eq!(early(2), Ok(1)));
    check_not_ok("early", "error", || assert!(early(1).is_err()));
    check_not_ok("panics", "panic", || assert!(catch_unwind(panics).is_err()));
    check_not_ok("never", "panic", || assert!(catch_unwind(|| never(2)).is_err()));
    check_not_ok("never_generic", "panic", || assert!(catch_unwind(|| never_generic(2_u8)).is_err()));
}

struct Slow;

impl Drop for Slow {
    fn drop(&mut self) {
        std::thread::sleep(Duration::from_millis(6));
    }
}

#[measured]
fn used(slow: Slow) {
    let _used = &slow;
}

#[measured]
async fn used_later(slow: Slow) {
    crate::suspend().await;
    let _used = &slow;
}

/// An argument that the body uses is dropped within the measured time, as if the body were the whole function.
#[test]
fn arguments_are_dropped_before_the_end() {
    for call in [|| used(Slow), || crate::block_on(used_later(Slow))] {
        let durations = durations(call);
        assert!(matches!(durations[..], [it] if it > 0.005), "{durations:?}");
    }
}

struct Log<'a>(&'static str, &'a std::cell::RefCell<Vec<&'static str>>);

impl Drop for Log<'_> {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

macro_rules! droppers {
    ($(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        fn $name(first: Log<'_>, _: Log<'_>, (second, _unused): (Log<'_>, Log<'_>), ok: bool) -> bool {
            let _local = Log("local", first.1);
            if ok {
                drop(second);
                return true;
            }
            resume_unwind(Box::new(()));
        }
    };
}

droppers! { plain }
droppers! { #[measured] wrapped }

/// The attribute does not change which values are dropped, or that each is dropped once; used arguments are dropped
/// before unused ones.
#[test]
fn everything_is_dropped_once() {
    let run = |function: for<'a> fn(Log<'a>, Log<'a>, (Log<'a>, Log<'a>), bool) -> bool, ok: bool| {
        let log = std::cell::RefCell::default();
        let new = |name| Log(name, &log);
        let call = || function(new("first"), new("unnamed"), (new("second"), new("unused")), ok);
        assert_eq!(catch_unwind(AssertUnwindSafe(call)).ok(), ok.then_some(true));
        let mut order = log.take();
        let local = order.iter().position(|it| *it == "local");
        order.sort_unstable();
        (order, local)
    };
    assert_eq!(run(plain, true), run(wrapped, true));
    assert_eq!(run(plain, false), run(wrapped, false));
}
