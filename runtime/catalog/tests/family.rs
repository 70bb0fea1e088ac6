//! The rules of families: a row that breaks one does not compile.

use measurand_catalog::{Alert, Condition, Family, Label, Metric, Role, Severity, Signal, families};

const METRIC: Metric = Metric { name: "work_seconds", role: Role::Duration, help: "Time.", buckets: &[0.5, 1.0] };

const FAMILY: Family =
    Family { name: "work", title: "Work", help: "Work.", labels: &[], metrics: &[METRIC], alerts: &[] };

fn check(family: Family, expected: &str) {
    let result = std::panic::catch_unwind(|| family.check());
    match result {
        Ok(()) => assert_eq!(expected, "", "{family:?} is accepted"),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().copied();
            let text = text.or(panic.downcast_ref::<String>().map(String::as_str)).unwrap_or_default();
            assert!(!expected.is_empty() && text.contains(expected), "{text}\nlacks: {expected}");
        }
    }
}

fn check_label(name: &'static str, expected: &str) {
    check(Family { labels: Vec::leak(vec![Label::open(name)]), ..FAMILY }, expected);
}

fn check_metric(metric: Metric, expected: &str) {
    check(Family { metrics: Vec::leak(vec![metric]), ..FAMILY }, expected);
}

fn check_alert(words: &str, number: Option<f64>, above: Option<f64>, below: Option<f64>, expected: &str) {
    let condition = Condition::declared(words, number, above, below).expect("a condition");
    let alert = Alert { name: "A", severity: Severity::P1, condition, for_seconds: 1, summary: "S", impact: "I" };
    check(Family { alerts: Vec::leak(vec![alert]), ..FAMILY }, expected);
}

#[test]
fn rules_of_a_family() {
    for row in families::ALL {
        check(**row, "");
    }
    check(FAMILY, "");
    check(Family { name: "", ..FAMILY }, "a family's name");
    check(Family { name: "9lives", ..FAMILY }, "a family's name");
    check_label("table", "");
    check_label("Table", "a label's name");
    check_label("le", "this label is reserved");
    check_label("quantile", "this label is reserved");
    check_label("outcome", "");
    let twice = Vec::leak(vec![Label::open("table"), Label::open("table")]);
    check(Family { labels: twice, ..FAMILY }, "a label appears twice");
    let errors = Metric { name: "work_errors_total", role: Role::Errors, help: "Errors.", buckets: &[] };
    let outcome = Vec::leak(vec![Label::open("outcome")]);
    check(Family { labels: outcome, metrics: Vec::leak(vec![errors]), ..FAMILY }, "adds this label itself");
    check_metric(Metric { name: "work-seconds", ..METRIC }, "a metric's name");
    check_metric(Metric { name: "work_time", ..METRIC }, "must end in `_seconds`");
    check_metric(Metric { name: "work_seconds_total", ..METRIC }, "must end in `_total`");
    check_metric(Metric { role: Role::Calls, ..METRIC }, "must end in `_total`");
    check_metric(Metric { help: "", ..METRIC }, "needs a help text");
    check_metric(Metric { buckets: &[], ..METRIC }, "have buckets");
    check_metric(Metric { role: Role::InFlight, ..METRIC }, "have buckets");
    check_metric(Metric { buckets: &[1.0, 1.0], ..METRIC }, "in increasing order");
    check_metric(Metric { buckets: &[1.0, f64::INFINITY], ..METRIC }, "a finite number");
    check(Family { metrics: &[METRIC, METRIC], ..FAMILY }, "a role appears twice");
    check_alert("duration quantile", Some(0.9), Some(1.0), None, "");
    check_alert("duration quantile", Some(0.9), Some(2.0), None, "not a bucket of the duration");
    check_alert("duration quantile", Some(1.0), Some(1.0), None, "a quantile is a number between 0 and 1");
    check_alert("score quantile", Some(0.1), None, Some(0.5), "not a bucket of the score");
    check_alert("error_ratio", None, Some(0.1), None, "counts no errors");
    check_alert("failure_ratio", None, Some(0.1), None, "no failures");
    check_alert("rollbacks", None, Some(1.0), None, "counts no rollbacks");
    check_alert("failures", None, Some(1.0), None, "counts no failures");
    check_alert("completion_failures", None, Some(0.1), None, "counts no completions");
    check_alert("hit_ratio", None, None, Some(0.8), "no look-ups");
    check_alert("last_score", None, None, Some(0.8), "has no latest score");
    check_alert("level", None, Some(1.0), None, "has no level");
    check_alert("level", None, None, Some(1.0), "has no level");
    check_alert("level growth", None, Some(1.0), None, "has no level");
    check_alert("calls", None, None, Some(1.0), "counts no calls");
    check_alert("stalled", Some(300.0), None, None, "counts no calls");
    let calls = Metric { name: "work_total", role: Role::Calls, help: "Work.", buckets: &[] };
    let stalled = |seconds| {
        let condition = Condition { signal: Signal::Stalled, quantile: None, threshold: seconds };
        let alert = Alert { name: "A", severity: Severity::P1, condition, for_seconds: 1, summary: "S", impact: "I" };
        Family { metrics: Vec::leak(vec![calls]), alerts: Vec::leak(vec![alert]), ..FAMILY }
    };
    check(stalled(300.0), "");
    check(stalled(10.0), "60 to 86400 seconds");
}
