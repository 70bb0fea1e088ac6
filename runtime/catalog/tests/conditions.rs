//! Conditions of every signal: which families and thresholds they accept, and how they are written.
#![cfg(feature = "read")]
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use measurand_catalog::{
    Alert, Catalog, Condition, Family, FamilyRecord, Kind, Metric, MetricRecord, Role, SIGNALS, Severity, Signal,
    parse, record,
};
use std::panic::catch_unwind;

const BOUNDS: &[f64] = &[0.25, 0.5, 1.0, 60.0];

/// A metric for each role but this one.
fn metrics(but: Option<Role>) -> &'static [Metric] {
    let metric = |role: Role| {
        let suffix = match (role.kind(), role) {
            (Kind::Counter, _) => "_total",
            (_, Role::Duration) => "_seconds",
            _ => "",
        };
        let buckets = if role.kind() == Kind::Histogram { BOUNDS } else { &[] };
        Metric { name: format!("a_{}{suffix}", role.as_str()).leak(), role, help: "Help.", buckets }
    };
    Vec::leak(Role::ALL.into_iter().filter(|it| Some(*it) != but).map(metric).collect())
}

fn family(metrics: &'static [Metric], condition: Condition) -> Family {
    let alert = Alert { name: "A", severity: Severity::P1, condition, for_seconds: 1, summary: "S", impact: "I" };
    Family { name: "a", title: "A", help: "Help.", labels: &[], metrics, alerts: Vec::leak(vec![alert]) }
}

fn recorded(metrics: &[Metric]) -> FamilyRecord {
    let metric = |it: &Metric| MetricRecord {
        name: it.name.to_owned(),
        role: it.role,
        kind: it.role.kind(),
        unit: it.unit(),
        help: it.help.to_owned(),
        labels: Vec::new(),
        buckets: it.buckets.to_vec(),
    };
    let (metrics, text) = (metrics.iter().map(metric).collect(), str::to_owned);
    FamilyRecord { name: text("a"), title: text("A"), help: text("Help."), labels: vec![], metrics, alerts: vec![] }
}

fn valid(signal: Signal) -> Condition {
    let is_quantile = signal.spec().threshold.histogram.is_some();
    let threshold = if signal == Signal::Stalled { 60.0 } else { 0.5 };
    Condition { signal, quantile: is_quantile.then_some(0.9), threshold }
}

/// The error that stops the compiler.
fn compiled(family: Family) -> Result<(), String> {
    catch_unwind(|| family.check()).map_err(|it| it.downcast_ref::<String>().unwrap().clone())
}

/// Does not print the panics of this work.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = work();
    std::panic::set_hook(hook);
    result
}

#[test]
fn the_compiler_and_a_reader_accept_the_same_conditions() {
    let thresholds = [-1.0, 0.0, 0.25, 0.5, 0.75, 1.0, 2.0, 59.9, 60.0, 86_400.0, 86_401.0, f64::INFINITY, f64::NAN];
    let quantiles = [None, Some(0.0), Some(0.5), Some(1.0), Some(f64::NAN)];
    for signal in SIGNALS.iter().map(|it| it.signal) {
        for metrics in Role::ALL.map(Some).into_iter().chain([None]).map(metrics) {
            let record = recorded(metrics);
            let numbers = thresholds.iter().flat_map(|it| quantiles.map(|quantile| (quantile, *it)));
            let conditions = numbers.map(|(quantile, threshold)| Condition { signal, quantile, threshold });
            let verdicts = conditions.map(|it| {
                let read = record.check_condition(&it).map_err(str::to_owned);
                (it, compiled(family(metrics, it)), read)
            });
            for (condition, compiled, read) in quietly(|| verdicts.collect::<Vec<_>>()) {
                assert_eq!(compiled, read, "{condition:?} with {metrics:?}");
                assert!(condition.threshold.is_finite() || read.is_err(), "{condition:?}");
            }
        }
        let accepts = |but| recorded(metrics(but)).check_condition(&valid(signal)).is_ok();
        assert!(accepts(None), "{signal:?}");
        // Calls are counted by either of two metrics.
        let needs_one = !matches!(signal, Signal::CallRate | Signal::Stalled);
        assert_eq!(Role::ALL.into_iter().any(|it| !accepts(Some(it))), needs_one, "{signal:?}");
    }
}

#[test]
fn each_condition_is_written_as_ever() {
    let expected = [
        ("error_ratio > ..", r#"{"error_ratio_above":0.5}"#),
        ("failure_ratio > ..", r#"{"failure_ratio_above":0.5}"#),
        ("duration quantile .. > ..", r#"{"duration_above":{"quantile":0.9,"seconds":0.5}}"#),
        ("score quantile .. < ..", r#"{"score_below":{"quantile":0.9,"score":0.5}}"#),
        ("last_score < ..", r#"{"last_score_below":0.5}"#),
        ("rollbacks > ..", r#"{"rollbacks_above":0.5}"#),
        ("failures > ..", r#"{"failures_above":0.5}"#),
        ("completion_failures > ..", r#"{"completion_failures_above":0.5}"#),
        ("hit_ratio < ..", r#"{"hit_ratio_below":0.5}"#),
        ("level > ..", r#"{"level_above":0.5}"#),
        ("level < ..", r#"{"level_below":0.5}"#),
        ("level growth > ..", r#"{"level_growth_above":0.5}"#),
        ("calls < ..", r#"{"calls_below":0.5}"#),
        ("stalled .. s", r#"{"stalled":60.0}"#),
    ];
    assert_eq!(SIGNALS.len(), expected.len());
    for (spec, (form, json)) in SIGNALS.iter().zip(expected) {
        let condition = valid(spec.signal);
        assert_eq!((spec.form().as_str(), serde_json::to_string(&condition).unwrap().as_str()), (form, json));
        assert_eq!(serde_json::from_str::<Condition>(json).unwrap(), condition);
        let (above, below) = (form.contains('>'), form.contains('<'));
        let number = if above || below { condition.quantile } else { Some(condition.threshold) };
        let [above, below] = [above, below].map(|it| it.then_some(condition.threshold));
        assert_eq!(Condition::declared(spec.words, number, above, below), Some(condition));
    }
}

#[test]
fn each_condition_comes_back_from_a_record() {
    for condition in SIGNALS.iter().map(|it| valid(it.signal)) {
        let family = family(metrics(None), condition);
        family.check();
        let site = "site|crate|a|version|1|module|a|function|f|file|f.rs|line|1|attribute|a|family|a";
        let site = format!("{}{}{}", record::BEGIN, site.replace('|', "\u{1f}"), record::END);
        let catalog = parse(&[record::family_to_vec(&family), site.into_bytes()].concat()).unwrap();
        assert_eq!(catalog.family("a").unwrap().alerts[0].condition, condition);
        assert_eq!(Catalog::from_json(catalog.to_json().as_bytes()).unwrap(), catalog);
    }
}

#[test]
fn json_that_is_no_condition_is_refused() {
    let refused = |json: &str| assert!(serde_json::from_str::<Condition>(json).is_err(), "{json}");
    refused("{}");
    refused("0.5");
    refused(r#"{"guess":0.5}"#);
    refused(r#"{"error_ratio_above":null}"#);
    refused(r#"{"error_ratio_above":{"quantile":0.5,"seconds":0.5}}"#);
    refused(r#"{"duration_above":0.5}"#);
    refused(r#"{"duration_above":{"quantile":0.5,"score":0.5}}"#);
    refused(r#"{"duration_above":{"seconds":0.5}}"#);
}
