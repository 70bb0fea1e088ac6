//! All ways to write arguments, and the arguments that only some attributes have.

use crate::{check_ok, record};
use measurand::{measured, neural_op, timed_query, verified};

struct Point {
    x: u32,
    y: u32,
}

#[measured]
fn tuple((a, b): (u32, u32)) -> u32 {
    a + b
}

#[measured]
fn fields(Point { x, y: other }: Point) -> u32 {
    x + other
}

#[measured]
fn reference(&(a, ref b): &(u32, String)) -> String {
    format!("{a}{b}")
}

#[measured]
fn mutable(mut count: u32, mut names: Vec<u32>) -> u32 {
    count += 1;
    names.push(count);
    names.iter().sum()
}

#[measured]
fn ignored(_: u32, _other: String) {}

#[measured]
fn array([first, .., last]: [u32; 3]) -> u32 {
    first + last
}

#[measured]
fn configured(#[cfg(any())] a: NoSuchType, #[cfg(not(any()))] b: u32) -> u32 {
    b
}

#[measured]
fn raw(r#type: u32) -> u32 {
    r#type
}

#[test]
fn patterns() {
    check_ok("tuple", || assert_eq!(tuple((1, 2)), 3));
    check_ok("fields", || assert_eq!(fields(Point { x: 1, y: 2 }), 3));
    check_ok("reference", || assert_eq!(reference(&(1, "b".to_owned())), "1b"));
    check_ok("mutable", || assert_eq!(mutable(1, vec![1]), 3));
    check_ok("ignored", || ignored(1, String::new()));
    check_ok("array", || assert_eq!(array([1, 2, 3]), 4));
    check_ok("configured", || assert_eq!(configured(1), 1));
    check_ok("raw", || assert_eq!(raw(1), 1));
}

#[timed_query("select", table = "patterns")]
fn in_order() {}

#[timed_query(table = "patterns", "insert")]
fn key_first() {}

#[timed_query("update", "pat\"terns\\")]
fn no_keys() {}

#[neural_op(operation_type = r#"learning"#)]
fn trailing_comma() {}

#[measured("other", owner = "search", severity = "P1", runbook = "https://example.com/{id}", crate = ::measurand)]
fn everything() {}

#[test]
fn values() {
    let check = |call: fn(), labels: &str| {
        assert_eq!(record(call), [format!("db_query_duration_seconds{{{labels}}} 1")]);
    };
    check(in_order, "query_type=select,table=patterns");
    check(key_first, "query_type=insert,table=patterns");
    check(no_keys, "query_type=update,table=pat\"terns\\");
    check_ok("other", everything);
    let neural = ["neural_operation_duration_seconds", "neural_operations_total"];
    assert_eq!(record(trailing_comma), neural.map(|it| format!("{it}{{operation_type=learning}} 1")));
}

#[verified("coder", threshold = 1)]
fn whole(score: f32) -> f32 {
    score
}

#[verified("coder", rollback = undone.push(score))]
fn undo(score: f64, undone: &mut Vec<f64>) -> Result<f64, ()> {
    if score < 0.0 {
        return Err(());
    }
    Ok(score)
}

#[derive(Default)]
struct Agent {
    score: f64,
    undone: u32,
}

impl Agent {
    fn undo(&mut self) {
        self.undone += 1;
    }

    async fn undo_later(&mut self) -> Result<(), ()> {
        crate::suspend().await;
        self.undo();
        Ok(())
    }

    #[verified("coder", rollback = self.undo())]
    fn verify(&mut self) -> Option<f64> {
        self.score += 0.5;
        (self.score <= 1.0).then_some(self.score)
    }

    #[verified("coder", rollback = self.undo_later().await.unwrap_or_default())]
    async fn verify_later(&mut self) -> Result<f64, ()> {
        crate::suspend().await;
        self.score += 0.5;
        Ok(self.score)
    }

    fn fail(&self) -> Result<(), ()> {
        if self.score < 1.0 { Err(()) } else { Ok(()) }
    }

    /// An error of the rollback is an error of the function.
    #[verified("coder", rollback = self.fail()?)]
    fn verify_or_fail(&self) -> Result<f64, ()> {
        Ok(self.score)
    }
}

/// The series of verifications of the agent `coder`.
fn verifications(success: u32, failures: u32, rollbacks: u32, last: &str, scores: u32) -> Vec<String> {
    let series = [
        ("agent_truth_score", if scores > 0 { last.to_owned() } else { "0".to_owned() }),
        ("auto_rollback_total", rollbacks.to_string()),
        ("truth_score", scores.to_string()),
        ("verification_failures_total", failures.to_string()),
        ("verification_success_total", success.to_string()),
    ];
    let seen = series.into_iter().filter(|(_, value)| value != "0");
    seen.map(|(name, value)| format!("{name}{{agent_id=coder}} {value}")).collect()
}

#[test]
fn scores() {
    let check = |expected: Vec<String>, call: &mut dyn FnMut()| assert_eq!(record(call), expected);
    check(verifications(1, 0, 0, "1", 1), &mut || assert!(whole(1.0) >= 1.0));
    check(verifications(0, 1, 0, "0.5", 1), &mut || assert!(whole(0.5) < 1.0));
    check(verifications(0, 1, 0, "", 0), &mut || assert!(whole(f32::NAN).is_nan()));
}

#[test]
fn rollbacks() {
    let check = |expected: Vec<String>, call: &mut dyn FnMut()| assert_eq!(record(call), expected);
    let mut undone = Vec::new();
    check(verifications(1, 0, 0, "0.95", 1), &mut || assert!(undo(0.95, &mut undone).is_ok()));
    check(verifications(0, 1, 1, "0.94", 1), &mut || assert!(undo(0.94, &mut undone).is_ok()));
    check(verifications(0, 1, 1, "", 0), &mut || assert!(undo(-1.0, &mut undone).is_err()));
    assert_eq!(undone, [0.94, -1.0]);

    let mut agent = Agent::default();
    check(verifications(0, 1, 1, "0.5", 1), &mut || assert_eq!(agent.verify(), Some(0.5)));
    check(verifications(1, 0, 0, "1", 1), &mut || assert_eq!(crate::block_on(agent.verify_later()), Ok(1.0)));
    check(verifications(0, 1, 1, "", 0), &mut || assert_eq!(agent.verify(), None));
    agent.score = 0.0;
    check(verifications(0, 1, 1, "0.5", 1), &mut || assert_eq!(crate::block_on(agent.verify_later()), Ok(0.5)));
    assert_eq!(agent.undone, 3);
    check(verifications(0, 1, 1, "0.5", 1), &mut || assert_eq!(agent.verify_or_fail(), Err(())));
}
