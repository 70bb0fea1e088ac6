//! Functions of all shapes, the outcomes of their calls, and the series that each call must change. The expected series
//! are written by hand, independent of the recording code.

use measurand::{
    ErrorKind, Label, OperationType, cache_lookup, feedback_cycle, measured, neural_op, task, timed_query, verified,
};
use metrics::{Counter, Histogram, counter, histogram};
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// The outcome of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Ok = 0,
    Error = 1,
    Panic = 2,
    Cancelled = 3,
}

impl End {
    /// A mix of outcomes, most of them `Ok`.
    pub(crate) fn of(step: u64) -> Self {
        match step % 1024 {
            0 => Self::Panic,
            1 => Self::Cancelled,
            it if it % 8 == 2 => Self::Error,
            _ => Self::Ok,
        }
    }

    pub(crate) fn reach(self) -> Result<u64, u64> {
        match self {
            Self::Ok | Self::Cancelled => Ok(black_box(1)),
            Self::Error => Err(black_box(2)),
            // A panic without the panic hook.
            Self::Panic => resume_unwind(Box::new(())),
        }
    }

    async fn reach_later(self) -> Result<u64, u64> {
        if self == Self::Cancelled {
            std::future::pending::<()>().await;
        }
        self.reach()
    }
}

#[derive(Debug, Clone, Copy, Label)]
enum Table {
    Patterns,
    Events,
}

#[derive(Debug, ErrorKind)]
enum Mistake {
    Known,
}

#[derive(Debug, Clone, Copy, Label)]
enum Work {
    Feature,
}

#[measured]
fn sync(end: End) -> Result<u64, u64> {
    end.reach()
}

#[measured]
fn generic<T: Into<u64>>(more: T, end: End) -> Result<u64, u64> {
    end.reach().map(|it| it + more.into())
}

struct Machine;

#[measured]
impl Machine {
    fn turn(&mut self, end: End) -> Result<&mut Self, u64> {
        end.reach().map(|_| self)
    }

    async fn wait(&mut self, end: End) -> Result<&mut Self, u64> {
        end.reach_later().await.map(|_| self)
    }
}

#[measured(time = 1 in 16)]
fn sampled(end: End) -> Result<u64, u64> {
    end.reach()
}

#[measured]
fn kinds(end: End) -> Result<u64, Mistake> {
    end.reach().map_err(|_| Mistake::Known)
}

#[timed_query("select", table = table)]
fn labelled(table: Table, end: End) -> Result<u64, u64> {
    end.reach()
}

#[timed_query("update", table = "embeddings")]
async fn later(end: End) -> Result<u64, u64> {
    end.reach_later().await
}

#[timed_query("insert", table = |it| if it.is_ok() { "some" } else { "none" })]
fn returned(end: End) -> impl Future<Output = Result<u64, u64>> {
    end.reach_later()
}

#[verified(agent_id = "tester", rollback = black_box(()))]
fn verify(end: End) -> f64 {
    if end.reach().is_ok() { 0.97 } else { 0.5 }
}

#[neural_op("learning")]
fn neural(end: End) -> Result<u64, u64> {
    end.reach()
}

#[feedback_cycle]
fn counted(end: End) -> Result<u64, u64> {
    end.reach()
}

#[cache_lookup("answers")]
fn look(end: End) -> Option<u64> {
    end.reach().ok()
}

#[task(kind)]
fn boxed(kind: Work, end: End) -> Pin<Box<dyn Future<Output = Result<u64, u64>>>> {
    Box::pin(end.reach_later())
}

/// Number of calls by shape and outcome.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally([[u64; 4]; SHAPES]);

/// Indices of the shapes in a tally.
const SYNC: usize = 0;
const GENERIC: usize = 1;
const GENERIC_AGAIN: usize = 2;
const METHOD: usize = 3;
const ASYNC_METHOD: usize = 4;
const SAMPLED: usize = 5;
const KINDS: usize = 6;
const PATTERNS: usize = 7;
const EVENTS: usize = 8;
const ASYNC: usize = 9;
const RETURNED: usize = 10;
const VERIFIED: usize = 11;
const NEURAL: usize = 12;
const COUNTED: usize = 13;
const CACHE: usize = 14;
const BOXED: usize = 15;
const RECORDED: usize = 16;
const BY_HAND: usize = 17;
const SHAPES: usize = 18;

/// The metric handles of a thread that records over the facade.
pub(crate) struct ByHand {
    calls: Counter,
    duration: Histogram,
}

impl ByHand {
    pub(crate) fn new() -> Self {
        Self {
            calls: counter!("neural_operations_total", "operation_type" => "learning"),
            duration: histogram!("neural_operation_duration_seconds", "operation_type" => "learning"),
        }
    }

    /// Records with the handle, or every 16th time with a look-up by name like most hand-written code.
    fn record(&self, step: u64) {
        if step.is_multiple_of(16) {
            counter!("neural_operations_total", "operation_type" => "learning").increment(1);
        } else {
            self.calls.increment(1);
        }
        self.duration.record(0.25);
    }
}

/// Polls a future once and drops it.
fn once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Calls one shape. Returns whether it succeeded; `None` if it was cancelled.
fn call(shape: usize, hand: &ByHand, step: u64, end: End) -> Option<bool> {
    match shape {
        SYNC => Some(sync(end).is_ok()),
        GENERIC => Some(generic(7_u8, end).is_ok()),
        GENERIC_AGAIN => Some(generic(7_u64, end).is_ok()),
        METHOD => Some(Machine.turn(end).is_ok()),
        ASYNC_METHOD => once(Machine.wait(end)).map(|it| it.is_ok()),
        SAMPLED => Some(sampled(end).is_ok()),
        KINDS => Some(kinds(end).is_ok()),
        PATTERNS => Some(labelled(Table::Patterns, end).is_ok()),
        EVENTS => Some(labelled(Table::Events, end).is_ok()),
        ASYNC => once(later(end)).map(|it| it.is_ok()),
        RETURNED => once(returned(end)).map(|it| it.is_ok()),
        VERIFIED => Some(verify(end) > 0.95),
        NEURAL => Some(neural(end).is_ok()),
        COUNTED => Some(counted(end).is_ok()),
        CACHE => Some(look(end).is_some()),
        BOXED => once(boxed(Work::Feature, end)).map(|it| it.is_ok()),
        RECORDED => {
            measurand::record_neural_operation(OperationType::Learning);
            Some(true)
        }
        _ => {
            hand.record(step);
            Some(true)
        }
    }
}

impl Tally {
    /// Number of calls per step.
    pub(crate) const CALLS: u64 = SHAPES as u64;

    /// Calls each shape once.
    pub(crate) fn step(&mut self, hand: &ByHand, step: u64, end: End) {
        for (shape, tally) in self.0.iter_mut().enumerate() {
            // Counts the actual outcome, which can differ from the requested one.
            let ended = match catch_unwind(AssertUnwindSafe(|| call(shape, hand, step, end))) {
                Ok(Some(true)) => End::Ok,
                Ok(Some(false)) => End::Error,
                Ok(None) => End::Cancelled,
                Err(_) => End::Panic,
            };
            tally[ended as usize] += 1;
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().flatten().zip(other.0.iter().flatten()) {
            *mine += theirs;
        }
    }

    pub(crate) fn calls(&self) -> u64 {
        self.0.iter().flatten().sum()
    }

    /// Number of calls with this outcome.
    pub(crate) fn ended(&self, end: End) -> u64 {
        self.0.iter().map(|it| it[end as usize]).sum()
    }

    fn of(&self, shapes: &[usize], ends: &[End]) -> u64 {
        shapes.iter().flat_map(|shape| ends.iter().map(|end| self.0[*shape][*end as usize])).sum()
    }

    /// Every series that the calls must change, with its expected growth.
    pub(crate) fn expected(&self) -> Vec<(String, u64)> {
        const ALL: [End; 4] = [End::Ok, End::Error, End::Panic, End::Cancelled];
        const FAILURES: [(End, &str); 3] =
            [(End::Error, "error"), (End::Panic, "panic"), (End::Cancelled, "cancelled")];
        let mut all = Vec::new();
        let mut is = |series: String, count: u64| all.push((series, count));
        for (function, shapes) in [
            ("sync", &[SYNC][..]),
            ("generic", &[GENERIC, GENERIC_AGAIN]),
            ("Machine::turn", &[METHOD]),
            ("Machine::wait", &[ASYNC_METHOD]),
            ("sampled", &[SAMPLED]),
            ("kinds", &[KINDS]),
        ] {
            let labels = format!(r#"function="{function}",module="soak::shapes""#);
            is(format!("function_calls_total{{{labels}}}"), self.of(shapes, &ALL));
            is(format!("function_duration_seconds_count{{{labels}}}"), self.of(shapes, &ALL));
            for (end, outcome) in FAILURES {
                let kind = if function == "kinds" && end == End::Error { r#"error_kind="known","# } else { "" };
                is(format!(r#"function_errors_total{{{kind}{labels},outcome="{outcome}"}}"#), self.of(shapes, &[end]));
            }
        }
        for (labels, shape) in [
            (r#"query_type="select",table="patterns""#, PATTERNS),
            (r#"query_type="select",table="events""#, EVENTS),
            (r#"query_type="update",table="embeddings""#, ASYNC),
        ] {
            is(format!("db_query_duration_seconds_count{{{labels}}}"), self.of(&[shape], &ALL));
            for (end, outcome) in FAILURES {
                is(format!(r#"db_query_errors_total{{outcome="{outcome}",{labels}}}"#), self.of(&[shape], &[end]));
            }
        }
        for (table, end) in
            [("some", End::Ok), ("none", End::Error), ("panic", End::Panic), ("cancelled", End::Cancelled)]
        {
            let labels = format!(r#"query_type="insert",table="{table}""#);
            is(format!("db_query_duration_seconds_count{{{labels}}}"), self.of(&[RETURNED], &[end]));
        }
        let (ok, failed) = ([End::Ok], [End::Error, End::Panic, End::Cancelled]);
        let agent = r#"{agent_id="tester"}"#;
        is(format!("verification_success_total{agent}"), self.of(&[VERIFIED], &ok));
        is(format!("verification_failures_total{agent}"), self.of(&[VERIFIED], &failed));
        is(format!("auto_rollback_total{agent}"), self.of(&[VERIFIED], &[End::Error]));
        is(format!("truth_score_count{agent}"), self.of(&[VERIFIED], &[End::Ok, End::Error]));
        is(r#"truth_score_bucket{agent_id="tester",le="0.95"}"#.to_owned(), self.of(&[VERIFIED], &[End::Error]));
        let learning = r#"operation_type="learning""#;
        is(format!("neural_operations_total{{{learning}}}"), self.of(&[NEURAL, RECORDED, BY_HAND], &ALL));
        is(format!("neural_operation_duration_seconds_count{{{learning}}}"), self.of(&[NEURAL, BY_HAND], &ALL));
        for (end, outcome) in FAILURES {
            is(
                format!(r#"neural_operation_errors_total{{{learning},outcome="{outcome}"}}"#),
                self.of(&[NEURAL], &[end]),
            );
        }
        is("feedback_loop_cycles_total".to_owned(), self.of(&[COUNTED], &ok));
        is(r#"cache_hits_total{cache="answers"}"#.to_owned(), self.of(&[CACHE], &ok));
        is(r#"cache_misses_total{cache="answers"}"#.to_owned(), self.of(&[CACHE], &[End::Error]));
        is(r#"task_completed_total{status="success",task_type="feature"}"#.to_owned(), self.of(&[BOXED], &ok));
        is(r#"task_completed_total{status="failure",task_type="feature"}"#.to_owned(), self.of(&[BOXED], &failed));
        all
    }
}
