//! Families that users declare, with metrics of every role.

use crate::{block_on, record, suspend};
use measurand::{ErrorKind, GaugeValue, Label, Score, family, measured};
use std::panic::{catch_unwind, resume_unwind};

family! {
    /// All metrics that depend on the outcome of a call.
    pub(crate) Work = "work", "Work" {
        labels {
            part;
            size: "small", "large";
        }
        metrics {
            calls "work_total": "Work that ended.";
            errors "work_errors_total": "Work that did not end well.";
            duration "work_duration_seconds": "Time that work took.", [0.1, 1.0];
            in_flight "work_in_flight": "Work that has begun.";
            successes "work_done_total": "Work that succeeded.";
            failures "work_failed_total": "Work that did not.";
            completions "work_completed_total": "Work by how it ended.";
            rollbacks "work_undone_total": "Work that was undone.";
        }
    }
}

#[derive(Clone, Copy, Label)]
enum Size {
    Small,
    Large,
}

#[derive(Debug, Clone, Copy, PartialEq, ErrorKind)]
enum WorkError {
    Late,
}

#[measured(family = Work, part = "door", size = "small")]
fn literal(ok: bool) -> Result<(), String> {
    if ok { Ok(()) } else { Err("no".to_owned()) }
}

#[measured(family = Work, size = size, part = part, rollback = undone.push(part.len()))]
fn dynamic(part: &str, size: Size, ok: bool, undone: &mut Vec<usize>) -> Result<(), WorkError> {
    if ok { Ok(()) } else { Err(WorkError::Late) }
}

#[measured(family = Work, part = "roof", size = "large")]
async fn later(ready: bool) -> u32 {
    if !ready {
        suspend().await;
    }
    1
}

#[measured(family = Work, part = "wall", size = "large")]
fn panics() -> ! {
    resume_unwind(Box::new(()))
}

#[measured(family = Work, part = "wall", size = "small", error_if = |it| *it == 0)]
fn predicate(value: u32) -> u32 {
    value
}

/// All series of one call with the family [`Work`].
fn work(labels: &str, failure: Option<&str>, undone: u32) -> Vec<String> {
    let failed = u32::from(failure.is_some());
    let status = if failure.is_some() { "failure" } else { "success" };
    let mut lines = vec![
        format!("work_completed_total{{{labels},status={status}}} 1"),
        format!("work_duration_seconds{{{labels}}} 1"),
        format!("work_total{{{labels}}} 1"),
    ];
    lines.push(format!("work_{}_total{{{labels}}} 1", if failed > 0 { "failed" } else { "done" }));
    lines.extend(failure.map(|it| format!("work_errors_total{{{labels},outcome={it}}} 1")));
    lines.extend((undone > 0).then(|| format!("work_undone_total{{{labels}}} {undone}")));
    lines.sort();
    lines
}

#[test]
fn roles_by_outcome() {
    assert_eq!(record(|| assert!(literal(true).is_ok())), work("part=door,size=small", None, 0));
    assert_eq!(record(|| assert!(literal(false).is_err())), work("part=door,size=small", Some("error"), 0));
    assert_eq!(record(|| assert!(catch_unwind(|| panics()).is_err())), work("part=wall,size=large", Some("panic"), 0));
    assert_eq!(record(|| assert_eq!(predicate(1), 1)), work("part=wall,size=small", None, 0));
    assert_eq!(record(|| assert_eq!(predicate(0), 0)), work("part=wall,size=small", Some("error"), 0));
}

#[test]
fn labels_from_arguments_in_any_order() {
    let mut undone = Vec::new();
    let lines = record(|| assert!(dynamic("roof", Size::Large, true, &mut undone).is_ok()));
    assert_eq!(lines, work("part=roof,size=large", None, 0));
    let lines = record(|| assert!(dynamic("door", Size::Small, false, &mut undone).is_err()));
    assert_eq!(lines, work("part=door,size=small", Some("error,error_kind=late"), 1));
    assert_eq!(undone, [4]);
}

#[test]
fn calls_in_flight() {
    let mut future = Box::pin(later(false));
    let mut seen = Vec::new();
    let lines = record(|| {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(future.as_mut().poll(&mut context).is_pending());
        seen = record(|| assert_eq!(block_on(later(true)), 1));
    });
    assert_eq!(lines, ["work_in_flight{part=roof,size=large} 1"]);
    assert_eq!(seen, work("part=roof,size=large", None, 0));
    // The gauge goes down on the recorder where it went up. The rest of the call ends without a recorder and is not
    // counted.
    drop(future);
}

family! {
    /// The metrics of a score.
    Quality = "quality", "Quality" {
        labels {
            part;
        }
        metrics {
            score "quality_score": "How good it is.", [0.5, 0.9];
            last_score "quality_last": "How good the newest is.";
            successes "quality_good_total": "Good enough.";
            failures "quality_bad_total": "Not good enough.";
            rollbacks "quality_undone_total": "Undone since it was not.";
        }
    }
}

struct Inspection(f64);

impl Score for Inspection {
    fn score(&self) -> Option<f64> {
        Some(self.0)
    }
}

#[measured(family = Quality, part = "door", threshold = 0.9, rollback = suspend().await)]
async fn inspect(score: f64) -> Result<Inspection, ()> {
    suspend().await;
    if score < 0.0 { Err(()) } else { Ok(Inspection(score)) }
}

#[test]
fn roles_of_a_score() {
    let lines = |last: &str, good: bool| {
        let verdict = if good { "good" } else { "bad" };
        let mut lines = vec![format!("quality_{verdict}_total{{part=door}} 1")];
        if !last.is_empty() {
            lines.extend([format!("quality_last{{part=door}} {last}"), "quality_score{part=door} 1".to_owned()]);
        }
        if !good {
            lines.push("quality_undone_total{part=door} 1".to_owned());
        }
        lines
    };
    assert_eq!(record(|| assert!(block_on(inspect(0.9)).is_ok())), lines("0.9", true));
    assert_eq!(record(|| assert!(block_on(inspect(0.8)).is_ok())), lines("0.8", false));
    assert_eq!(record(|| assert!(block_on(inspect(-1.0)).is_err())), lines("", false));
}

family! {
    /// The metrics of a number.
    Stock = "stock", "Stock" {
        labels {
            part;
        }
        metrics {
            level "stock_items": "Items that are there.";
            errors "stock_errors_total": "Counts that failed.";
        }
    }
}

struct Boxes(u8);

impl GaugeValue for Boxes {
    fn level(&self) -> Option<f64> {
        Some(f64::from(self.0) * 12.0)
    }
}

#[measured(family = Stock, part = part)]
fn count(part: &str, boxes: Result<u8, WorkError>) -> Result<Boxes, WorkError> {
    boxes.map(Boxes)
}

#[test]
fn roles_of_a_level() {
    assert_eq!(record(|| assert!(count("door", Ok(2)).is_ok())), ["stock_items{part=door} 24"]);
    let lines = record(|| {
        assert!(count("door", Ok(2)).is_ok());
        assert!(count("door", Err(WorkError::Late)).is_err());
    });
    let error = "stock_errors_total{part=door,outcome=error,error_kind=late} 1";
    assert_eq!(lines, [error, "stock_items{part=door} 24"]);
}

family! {
    /// The metrics of a look-up.
    Shelf = "shelf", "Shelf" {
        labels {
            from_result part;
        }
        metrics {
            hits "shelf_hits_total": "Parts that were there.";
            misses "shelf_misses_total": "Parts that were not.";
            hit_rate "shelf_hit_rate": "Share of parts that were there.";
            in_flight "shelf_lookups_in_flight": "Look-ups that have begun.";
        }
    }
}

#[measured(family = Shelf, part = |it| it.unwrap_or("none"))]
fn look_up(part: Option<&str>) -> Option<&str> {
    part
}

#[measured(family = Shelf, part = "shelf")]
fn look_up_often(part: Result<Option<u32>, ()>) -> Result<Option<u32>, ()> {
    part
}

#[test]
fn roles_of_a_lookup() {
    let lines = record(|| assert_eq!(look_up(Some("door")), Some("door")));
    assert_eq!(lines, ["shelf_hit_rate{part=door} 1", "shelf_hits_total{part=door} 1"]);
    assert_eq!(record(|| assert_eq!(look_up(None), None)), ["shelf_misses_total{part=none} 1"]);
    let lines = record(|| {
        for part in [Ok(Some(1)), Ok(None), Ok(Some(2)), Ok(Some(3)), Err(())] {
            assert_eq!(look_up_often(part), part);
        }
    });
    let expected =
        ["shelf_hit_rate{part=shelf} 0.75", "shelf_hits_total{part=shelf} 3", "shelf_misses_total{part=shelf} 1"];
    assert_eq!(lines, expected);
}

family! {
    /// A family that only counts, without labels.
    Tick = "tick", "Ticks" {
        metrics {
            calls "ticks_total": "Ticks.";
        }
    }
}

#[measured(family = Tick)]
impl Size {
    fn tick(self) -> Self {
        self
    }

    async fn tick_later(self) -> Self {
        suspend().await;
        self
    }
}

/// A path leads to the family in another module.
mod elsewhere {
    #[measurand::measured(family = super::Tick, slo(success = 99.0))]
    #[cfg(any())]
    fn an_objective_needs_errors() {}

    #[measurand::measured(family = super::Tick, caller)]
    pub(super) fn tick() {}
}

#[test]
fn a_family_without_labels() {
    let lines = record(|| {
        let _size = Size::Small.tick();
        let _size = block_on(Size::Large.tick_later());
    });
    assert_eq!(lines, ["ticks_total{} 2"]);
    let line = line!() + 1;
    assert_eq!(record(|| elsewhere::tick()), [format!("ticks_total{{caller={}:{line}}} 1", file!())]);
}
