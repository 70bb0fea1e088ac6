//! Labels that come from the result of a call.

use crate::{block_on, record, suspend};
use measurand::{Label, QueryType, measured, neural_op, timed_query, verified};
use std::panic::{catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Waker};

#[derive(Clone, Copy, Label, Debug, PartialEq)]
enum Source {
    Cache,
    Disk,
}

#[derive(Debug)]
struct Answer {
    source: Source,
    model: String,
}

fn answer(model: &str) -> Answer {
    Answer { source: if model.len() > 4 { Source::Disk } else { Source::Cache }, model: model.to_owned() }
}

/// Checks one call of a `#[timed_query("select")]` with this label `table` from the result, and this outcome.
#[track_caller]
fn check(table: &str, outcome: Option<&str>, call: impl FnOnce()) {
    let mut expected = vec![format!("db_query_duration_seconds{{query_type=select,table={table}}} 1")];
    if let Some(outcome) = outcome {
        expected.push(format!("db_query_errors_total{{query_type=select,table={table},outcome={outcome}}} 1"));
    }
    assert_eq!(record(call), expected);
}

#[timed_query("select", table = |it| it.source)]
fn typed(model: &str) -> Answer {
    answer(model)
}

#[timed_query("select", table = |it| it.model.as_str())]
async fn later(model: String) -> Answer {
    suspend().await;
    answer(&model)
}

#[timed_query("select", table = |it: &Answer| &it.model)]
fn returned(model: &'static str) -> impl Future<Output = Answer> + Send {
    async move {
        suspend().await;
        answer(model)
    }
}

#[timed_query("select", table = |it| it.as_ref().map_or("nothing", |it| &it.model))]
fn returned_result(model: &'static str) -> impl Future<Output = Result<Answer, String>> + Send {
    async move {
        suspend().await;
        if model.is_empty() { Err("no model".to_owned()) } else { Ok(answer(model)) }
    }
}

#[timed_query("select", table = |it| &it.model)]
fn boxed<'a>(model: &'a str) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>> {
    Box::pin(async move { answer(model) })
}

#[timed_query("select", table = |it| if it.len() > 1 { "many" } else { "one" })]
fn opaque(words: &str) -> impl ExactSizeIterator<Item = &str> {
    words.split(' ').collect::<Vec<_>>().into_iter()
}

#[timed_query("select", table = |it| it.as_ref().map_or("none", |it| it.as_str()))]
fn borrowed<'a>(all: &'a mut [String], what: &str) -> Result<&'a mut String, ()> {
    all.iter_mut().find(|it| *it == what).ok_or(())
}

#[test]
fn a_synchronous_result() {
    check("cache", None, || assert_eq!(typed("tiny").source, Source::Cache));
    check("disk", None, || assert_eq!(typed("large").source, Source::Disk));
    let mut all = ["x".to_owned()];
    check("x", None, || borrowed(&mut all, "x").expect("it is there").push('y'));
    check("none", Some("error"), || assert!(borrowed(&mut all, "x").is_err()));
}

#[test]
fn the_result_of_a_future() {
    check("m", None, || assert_eq!(block_on(later("m".to_owned())).model, "m"));
    check("m", None, || assert_eq!(block_on(returned("m")).model, "m"));
    check("m", None, || assert_eq!(block_on(boxed("m")).model, "m"));
    check("m", None, || assert!(block_on(returned_result("m")).is_ok()));
    check("nothing", Some("error"), || assert!(block_on(returned_result("")).is_err()));
    assert_eq!(record(|| drop((later(String::new()), returned(""), boxed("")))), [""; 0]);
}

#[test]
fn an_opaque_result() {
    check("many", None, || assert_eq!(opaque("a b").count(), 2));
    check("one", None, || assert_eq!(opaque("a").count(), 1));
}

#[timed_query("select", table = |it: &String| it.clone())]
fn panics() -> String {
    resume_unwind(Box::new(()))
}

/// Without a result, the outcome is the value of the label.
#[test]
fn no_result() {
    check("panic", Some("panic"), || assert!(catch_unwind(panics).is_err()));
    check("cancelled", Some("cancelled"), || {
        let mut future = Box::pin(later(String::new()));
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    });
}

#[timed_query(kind, table = |it| it.source)]
fn given_and_late(kind: QueryType, model: &str) -> Answer {
    answer(model)
}

#[timed_query(|it| if it.is_ok() { "select" } else { "insert" }, table = |it| it.map_or(Source::Disk, |it| it))]
fn both_late(ok: bool) -> Result<Source, ()> {
    if ok { Ok(Source::Cache) } else { Err(()) }
}

#[test]
fn with_other_labels() {
    let lines = record(|| {
        given_and_late(QueryType::Update, "tiny");
        given_and_late(QueryType::Delete, "large");
    });
    let expected = [
        "db_query_duration_seconds{query_type=delete,table=disk} 1",
        "db_query_duration_seconds{query_type=update,table=cache} 1",
    ];
    assert_eq!(lines, expected);
    check("cache", None, || assert!(both_late(true).is_ok()));
    let lines = record(|| assert!(both_late(false).is_err()));
    let labels = "{query_type=insert,table=disk";
    let expected =
        [format!("db_query_duration_seconds{labels}}} 1"), format!("db_query_errors_total{labels},outcome=error}} 1")];
    assert_eq!(lines, expected);
}

#[measured(|it| if *it > 1 { "large" } else { "small" }, error_if = |it| *it == 3)]
fn named(value: u32) -> u32 {
    value
}

#[test]
fn with_a_predicate() {
    crate::check_ok("small", || assert_eq!(named(1), 1));
    crate::check_ok("large", || assert_eq!(named(2), 2));
    crate::check_not_ok("large", "error", || assert_eq!(named(3), 3));
}

#[neural_op(|it: &String| it.clone())]
fn fixed(kind: &str) -> String {
    kind.to_owned()
}

#[test]
fn of_a_fixed_set() {
    let lines = record(|| {
        fixed("extraction");
        fixed("guessing");
    });
    let expected = [
        "measurand_unknown_label_values_total{family=neural,label=operation_type} 1",
        "neural_operation_duration_seconds{operation_type=_other} 1",
        "neural_operation_duration_seconds{operation_type=extraction} 1",
        "neural_operations_total{operation_type=_other} 1",
        "neural_operations_total{operation_type=extraction} 1",
    ];
    assert_eq!(lines, expected);
}

struct Review {
    agent: &'static str,
    score: f64,
}

impl measurand::Score for Review {
    fn score(&self) -> Option<f64> {
        Some(self.score)
    }
}

#[verified(|it| it.agent, threshold = 0.5, rollback = undone.push(agent))]
fn review(agent: &'static str, score: f64, undone: &mut Vec<&'static str>) -> Review {
    Review { agent, score }
}

#[verified(|it| it.agent, threshold = 0.5, rollback = suspend().await)]
async fn review_later(agent: &'static str, score: f64) -> Review {
    suspend().await;
    Review { agent, score }
}

/// The rollback counts in the series of the failure.
#[test]
fn with_a_rollback() {
    let failed = [
        "agent_truth_score{agent_id=coder} 0.25",
        "auto_rollback_total{agent_id=coder} 1",
        "truth_score{agent_id=coder} 1",
        "verification_failures_total{agent_id=coder} 1",
    ];
    let mut undone = Vec::new();
    assert_eq!(record(|| assert!(review("coder", 0.25, &mut undone).score < 0.5)), failed);
    assert_eq!(undone, ["coder"]);
    assert_eq!(record(|| assert!(block_on(review_later("coder", 0.25)).score < 0.5)), failed);
    let passed = [
        "agent_truth_score{agent_id=tester} 0.75",
        "truth_score{agent_id=tester} 1",
        "verification_success_total{agent_id=tester} 1",
    ];
    assert_eq!(record(|| assert!(review("tester", 0.75, &mut undone).score > 0.5)), passed);
    assert_eq!(record(|| assert!(block_on(review_later("tester", 0.75)).score > 0.5)), passed);
}
