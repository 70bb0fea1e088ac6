//! Panics and dropped futures that unwind through nested calls, destructors and threads.

use crate::exact::compare;
use crate::report::{Report, grouped};
use crate::shapes::{ByHand, End, Tally};
use crate::watch::{Samples, grown, samples};
use measurand::exporter::Exporter;
use measurand::measured;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Waker};
use std::thread;

pub(crate) const SHORT: u64 = 20_000;
pub(crate) const FULL: u64 = 1_000_000;
const TEST: &str = "unwind";

/// A destructor that calls an annotated function while another one unwinds.
struct Last;

impl Drop for Last {
    fn drop(&mut self) {
        at_the_end();
    }
}

#[measured]
fn at_the_end() {}

#[measured]
fn outermost(depth: u32) {
    let _last = Last;
    middle(depth);
}

#[measured]
fn middle(depth: u32) {
    if depth > 0 { middle(depth - 1) } else { resume_unwind(Box::new(())) }
}

/// A call whose predicate panics: it returns normally and counts as an error.
#[measured(ok_if = |it: &u64| if *it > 0 { resume_unwind(Box::new(())) } else { true })]
fn judged(number: u64) -> u64 {
    number
}

#[measured]
async fn outer_future(ends: End) -> u64 {
    inner_future(ends).await
}

#[measured]
async fn inner_future(ends: End) -> u64 {
    let mut polled = false;
    // Suspends once, so the future completes in a later poll and perhaps on another thread.
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut polled, true) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    if ends == End::Panic {
        resume_unwind(Box::new(()))
    }
    1
}

/// A value that panics when it is dropped.
struct Angry;

impl Drop for Angry {
    fn drop(&mut self) {
        resume_unwind(Box::new(()));
    }
}

/// A future that is dropped while suspended counts as cancelled, even if the drop panics.
#[measured]
async fn angry_future() {
    let _angry = Angry;
    inner_future(End::Cancelled).await;
}

/// Number of panicked and cancelled calls per step of the functions in this file.
const HERE: u64 = 11;
/// Number of panicked and cancelled calls per step of all shapes: 16 functions panic and 4 futures are dropped.
const SHAPES: u64 = 20;

pub(crate) fn run(report: &mut Report, exporter: &Exporter, threads: u32, ends: u64) {
    let url = exporter.url();
    let before = samples(&url);
    let steps = ends.div_ceil((HERE + SHAPES) * u64::from(threads));
    report.progress(TEST, &format!("{} panics and dropped futures", grouped(ends)));
    let tallies: Vec<Tally> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(move || work(steps))).collect();
        workers.into_iter().map(|it| it.join().expect("all panics are caught")).collect()
    });
    let mut tally = Tally::default();
    for it in &tallies {
        tally.add(it);
    }
    let after = samples(&url);
    let steps = steps * u64::from(threads);
    compare(report, TEST, &before, &after, &tally);
    let wrong = here(steps, &before, &after);
    report.none(TEST, "series of nested calls with a wrong value", &wrong);
    let ended = |outcome: &str| {
        let of = |samples: &Samples| samples.iter().filter(|it| it.0.contains(outcome)).map(|it| it.1).sum::<f64>();
        of(&after) - of(&before)
    };
    let unwound = tally.ended(End::Panic) + tally.ended(End::Cancelled) + HERE * steps;
    report.bound(TEST, "panics and dropped futures", grouped(unwound), grouped(ends), unwound >= ends);
    let some = ended(r#"outcome="panic""#) > 0.0 && ended(r#"outcome="cancelled""#) > 0.0;
    report.bound(TEST, "both outcomes occurred", if some { "yes" } else { "no" }, "yes", some);
}

/// Checks the series of the functions in this file and returns the wrong ones.
fn here(steps: u64, before: &Samples, after: &Samples) -> Vec<String> {
    let errors = |function: &str, outcome: &str| {
        format!(r#"function_errors_total{{function="{function}",module="soak::unwind",outcome="{outcome}"}}"#)
    };
    let calls = |function: &str| format!(r#"function_calls_total{{function="{function}",module="soak::unwind"}}"#);
    let expected = [
        (errors("outermost", "panic"), 1),
        (errors("middle", "panic"), 3),
        (calls("at_the_end"), 1),
        (errors("at_the_end", "panic"), 0),
        (errors("judged", "error"), 1),
        ("measurand_contained_panics_total".to_owned(), 1),
        (calls("outer_future"), 3),
        (errors("outer_future", "panic"), 1),
        (errors("inner_future", "panic"), 1),
        (errors("outer_future", "cancelled"), 1),
        // Includes the call inside of `angry_future`.
        (errors("inner_future", "cancelled"), 2),
        (errors("angry_future", "cancelled"), 1),
        (errors("angry_future", "panic"), 0),
    ];
    let found = expected.into_iter().map(|(series, each)| (grown(before, after, &series), each * steps, series));
    found.filter(|it| it.0 != it.1).map(|it| format!("{} is {} instead of {}", it.2, it.0, it.1)).collect()
}

fn work(steps: u64) -> Tally {
    let (mut tally, hand) = (Tally::default(), ByHand::new());
    for step in 0..steps {
        tally.step(&hand, step, End::Panic);
        tally.step(&hand, step, End::Cancelled);
        assert!(catch_unwind(|| outermost(2)).is_err());
        assert_eq!(judged(step + 1), step + 1);
        let mut angry = Box::pin(angry_future());
        assert!(angry.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert!(catch_unwind(AssertUnwindSafe(|| drop(angry))).is_err());
        for end in [End::Ok, End::Panic, End::Cancelled] {
            let mut future: Pin<Box<dyn Future<Output = u64> + Send>> = Box::pin(outer_future(end));
            let poll = |future: &mut Pin<Box<dyn Future<Output = u64> + Send>>| {
                let mut context = Context::from_waker(Waker::noop());
                catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context).is_ready()))
            };
            assert!(poll(&mut future).is_ok_and(|ready| !ready));
            if step.is_multiple_of(64) {
                // The future continues or is dropped on another thread.
                thread::scope(|scope| {
                    scope.spawn(|| if end == End::Cancelled { drop(future) } else { drop(poll(&mut future)) });
                });
            } else if end != End::Cancelled {
                assert_eq!(poll(&mut future).is_err(), end == End::Panic);
            }
        }
    }
    tally
}
