//! Checks that the unit tests of alerts have each kind of case for each alert. The kind of a test follows from the
//! files alone: the input series, the evaluation times and the expectations.

mod file;
mod near;

use crate::support::{self, every_family, everything, folder, monitoring, system, verified};
use file::{Alert, Case, Firing, RuleFile, TestFile};
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

/// A kind of test case for an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It fires, and all its texts are checked.
    Firing,
    /// It resolves while there still is data.
    Resolved,
    /// It is silent although there is data for longer than its waiting time.
    Silent,
    /// It is pending exactly as long as its waiting time, and then fires.
    Boundary,
    /// Its series are missing: it is silent, or fires if it is an alert about missing series.
    NoData,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Firing, Self::Resolved, Self::Silent, Self::Boundary, Self::NoData];

    /// An alert without series always fires, so it is never silent.
    fn is_needed(self, alert: &Alert) -> bool {
        !alert.selectors.is_empty() || !matches!(self, Self::Resolved | Self::Silent)
    }

    fn is_in(self, case: &Case<'_>, alert: &Alert) -> bool {
        let has_data = |time: u32| alert.selectors.is_empty() || case.has_data_for(alert, time);
        let mut looks = case.looks(alert).map(|it| (it.time(), it.of(alert)));
        match self {
            Self::Firing => looks.any(|(time, firing)| firing.is_some() && has_data(time)),
            Self::Resolved => {
                let first = case.looks(alert).filter(|it| it.of(alert).is_some()).map(file::Look::time).min();
                looks.any(|(time, it)| it.is_none() && has_data(time) && first.is_some_and(|it| it < time))
            }
            Self::Silent => {
                let late = |time: u32| time >= alert.for_seconds + case.step && has_data(time);
                case.looks(alert).all(|it| it.of(alert).is_none()) && looks.any(|it| late(it.0))
            }
            Self::Boundary => holds(case, alert),
            Self::NoData => {
                let late = |time: u32| time >= alert.for_seconds + case.step;
                case.has_nothing_for(alert) && looks.any(|(time, it)| late(time) && it.is_some() == alert.of_absence)
            }
        }
    }
}

/// Whether the test checks the exact evaluations at which the alert becomes pending and fires.
fn holds(case: &Case<'_>, alert: &Alert) -> bool {
    let is_own = |labels: &[promql_parser::label::Matcher]| {
        labels
            .iter()
            .all(|it| it.name == "alertname" || alert.rule.labels.get(&it.name).is_some_and(|value| it.is_match(value)))
    };
    let own = case.states.iter().filter(|(it, _)| {
        let name = it.matchers.matchers.iter().find(|it| it.name == "alertname");
        name.is_some_and(|it| it.value == alert.name) && is_own(&it.matchers.matchers)
    });
    // The state of the alert at each time: none, pending or firing.
    let state = |it: &file::Sample| if it.value <= 1.0 { it.labels.clone() } else { String::new() };
    let states: BTreeMap<u32, Option<String>> =
        own.map(|(_, it)| (it.time(), it.exp_samples.first().map(state))).collect();
    let state = |time: u32| states.get(&time).map(Option::as_deref);
    let (pending, firing) = (r#"{alertstate="pending"}"#, r#"{alertstate="firing"}"#);
    let Some((fires, _)) = states.iter().find(|it| it.1.as_deref() == Some(firing)) else { return false };
    // It waits a whole number of evaluation intervals.
    let waited = alert.for_seconds.next_multiple_of(case.step);
    let Some(start) = fires.checked_sub(waited) else { return false };
    let nothing_before = start == 0 || state(start.saturating_sub(case.step)) == Some(None);
    let waits = alert.for_seconds == 0
        || (state(start) == Some(Some(pending)) && state(fires - case.step) == Some(Some(pending)));
    nothing_before && waits && (alert.selectors.is_empty() || case.has_data_for(alert, *fires))
}

/// Rules and their tests.
struct Suite {
    alerts: Vec<Alert>,
    files: Vec<TestFile>,
}

/// The suites of a program and of the monitoring stack: rule files, and the prefix of the test files.
const SUITES: [(&[&str], &str); 2] = [(&["recording-rules.yml", "alerts.yml"], ""), (&["stack-alerts.yml"], "stack-")];
const PACES: [&str; 3] = ["alerts.test.yml", "alerts-slow.test.yml", "alerts-slowest.test.yml"];

impl Suite {
    fn read(folder: &Path, rules: &[&str], prefix: &str) -> Self {
        let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_else(|it| panic!("{name}: {it}"));
        let rules: Vec<RuleFile> = rules.iter().map(|it| serde_saphyr::from_str(&text(it)).expect("rules")).collect();
        let tests = PACES.iter().map(|it| serde_saphyr::from_str(&text(&format!("{prefix}{it}"))).expect("tests"));
        Self { alerts: file::alerts(&rules), files: tests.collect() }
    }

    fn cases(&self) -> Vec<Case<'_>> {
        self.files.iter().flat_map(Case::all).collect()
    }

    /// Returns missing or inexact cases, by alert.
    fn findings(&self) -> Vec<String> {
        let cases = self.cases();
        let mut all = Vec::new();
        for alert in &self.alerts {
            let missing = |it: &Kind| it.is_needed(alert) && !cases.iter().any(|case| it.is_in(case, alert));
            all.extend(Kind::ALL.into_iter().filter(missing).map(|it| format!("{alert}: {it:?}")));
        }
        for case in &cases {
            for look in &case.test.alert_rule_test {
                let inexact = look.exp_alerts.iter().filter_map(|it| self.inexact(&look.alertname, it));
                all.extend(inexact.map(|it| format!("{} in `{}`: {it}", look.alertname, case.test.name)));
            }
        }
        all
    }

    /// Returns what an expected alert does not check.
    fn inexact(&self, name: &str, firing: &Firing) -> Option<String> {
        let mut own = self.alerts.iter().filter(|it| it.name == name && firing.is_of(it));
        let (Some(alert), None) = (own.next(), own.next()) else {
            return Some("it does not match exactly one alert".to_owned());
        };
        let written =
            |name: &String| firing.exp_annotations.get(name).is_some_and(|it| !it.is_empty() && !it.contains("$value"));
        let missing = alert.rule.annotations.keys().find(|it| !written(it))?;
        Some(format!("the annotation `{missing}` is not expected"))
    }
}

impl std::fmt::Display for Alert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.name)?;
        let own = self.rule.labels.iter().filter(|it| !["service", "team"].contains(&it.0.as_str()));
        own.into_iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

/// The shipped rules with their tests.
fn shipped() -> TempDir {
    folder(&crate::shipped::shipped())
}

#[track_caller]
fn check(folder: &Path) {
    for (rules, prefix) in SUITES {
        let suite = Suite::read(folder, rules, prefix);
        let mut findings = suite.findings();
        findings.extend(near::missing(&suite, folder, rules));
        assert!(!suite.alerts.is_empty() && findings.is_empty(), "no such case among the unit tests: {findings:#?}");
    }
}

#[test]
fn each_shipped_alert_has_each_kind_of_case() {
    check(shipped().path());
}

#[test]
fn each_alert_of_other_programs_has_each_kind_of_case() {
    let split = vec![verified("coder", &["severity=P0"]), verified("reviewer", &[])];
    for sites in [everything(), every_family(), system(), split] {
        check(folder(&monitoring(&sites)).path());
    }
}

/// A waiting time in `monitoring.toml` also changes the tests.
#[test]
fn alerts_that_wait_for_another_time_have_each_kind_of_case() {
    let waits = [
        ("PatternMemoryGrowth", "15m"),
        ("MonitoringStorageGrowth", "3h"),
        ("TaskFailureRate", "0s"),
        ("MemoryHigh", "4h"),
        ("FeedbackLoopStalled", "25m"),
        ("AgentUnreliable", "90m"),
    ];
    let text: String = waits.map(|(name, wait)| format!("[alerts.{name}]\nfor = \"{wait}\"\n")).concat();
    let settings = measurand_check::Settings::parse("monitoring.toml", &text).unwrap();
    let mut sites = every_family();
    let families = ["pattern_memory", "task", "feedback", "verification"];
    sites.retain(|it| families.contains(&it.family.as_str()));
    let folder = folder(&settings.monitoring(&support::catalog(&sites)).unwrap());
    check(folder.path());
    let files = SUITES.iter().flat_map(|(_, prefix)| PACES.map(|it| format!("{prefix}{it}"))).collect::<Vec<_>>();
    support::promtool_tests(folder.path(), &files.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Changes the shipped tests and checks the findings.
#[track_caller]
fn notices(change: impl Fn(&mut file::Test), expected: &[&str]) {
    let mut suite = Suite::read(shipped().path(), SUITES[0].0, SUITES[0].1);
    suite.files.iter_mut().flat_map(|it| &mut it.tests).for_each(change);
    assert_eq!(suite.findings(), expected);
}

/// Removes the expectations about one alert from one kind of test.
#[track_caller]
fn without(alert: &str, test: &str, expected: &[&str]) {
    notices(
        |it| {
            if it.name.starts_with(test) {
                it.alert_rule_test.retain(|it| it.alertname != alert);
            }
        },
        expected,
    );
}

#[test]
fn a_case_that_is_missing_is_named() {
    without(
        "MemoryHigh",
        "fires and resolves",
        &["MemoryHigh severity=P2: Firing", "MemoryHigh severity=P2: Resolved"],
    );
    without("MemoryHigh", "is silent just below", &["MemoryHigh severity=P2: Silent"]);
    without("MemoryHigh", "without data", &["MemoryHigh severity=P2: NoData"]);
    let resolved = |it: &mut file::Test| {
        let fires = |it: &file::Look| it.alertname != "MemoryHigh" || !it.exp_alerts.is_empty();
        if it.name.starts_with("fires and resolves") {
            it.alert_rule_test.retain(fires);
        }
    };
    notices(resolved, &["MemoryHigh severity=P2: Resolved"]);
    let asked = |it: &mut file::Test| it.promql_expr_test.retain(|it| !it.expr.contains("\"MemoryHigh\""));
    notices(asked, &["MemoryHigh severity=P2: Boundary"]);
}

#[test]
fn a_text_that_is_missing_and_an_early_look_are_named() {
    let silent = |it: &mut file::Test| {
        for look in it.alert_rule_test.iter_mut().filter(|it| it.alertname == "ServiceDown") {
            for firing in &mut look.exp_alerts {
                firing.exp_annotations.remove("impact");
            }
        }
    };
    let finding = |test: &str| format!("ServiceDown in `{test}`: the annotation `impact` is not expected");
    let expected = ["fires and resolves in time: ServiceDown", "without data"].map(finding);
    notices(silent, &expected.each_ref().map(String::as_str));
    // One minute later, the waiting time would be different.
    let late = |it: &mut file::Test| {
        let own = it.promql_expr_test.iter_mut().filter(|it| it.expr.contains("\"MemoryHigh\""));
        own.filter(|it| it.exp_samples.iter().any(|it| it.labels.contains("firing"))).for_each(file::Question::delay);
    };
    notices(late, &["MemoryHigh severity=P2: Boundary"]);
}

#[test]
fn a_silent_case_that_is_not_near_is_named() {
    let (rules, prefix) = SUITES[0];
    let mut suite = Suite::read(shipped().path(), rules, prefix);
    suite.files.truncate(1);
    let has_memory = |it: &file::Test| it.input_series.iter().any(|it| it.series.contains("resident_memory"));
    suite.files[0].tests.retain(|it| it.name.starts_with("is silent just below") && has_memory(it));
    let finding = "MemoryHigh severity=P2: near miss".to_owned();
    assert!(!near::missing(&suite, shipped().path(), rules).contains(&finding));
    let series = suite.files[0].tests.iter_mut().flat_map(|it| &mut it.input_series);
    series.filter(|it| it.series.contains("resident_memory")).for_each(|it| it.values = "1000x100".to_owned());
    assert!(near::missing(&suite, shipped().path(), rules).contains(&finding));
}
