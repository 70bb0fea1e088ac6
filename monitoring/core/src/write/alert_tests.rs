//! Writes unit tests of alerts for `promtool test rules`. They check that each alert fires at the right minute,
//! resolves when the problem ends, and stays silent just below its threshold and without data. Timelines distinguish
//! its windows, thresholds and guards from any others.

mod batch;
mod notation;
mod render;
mod shared;
mod timeline;

use crate::model::monitoring::Monitoring;
use crate::model::{Alert, ExtraQuery, Group, SampleTrack, Scenario, Signal, Timeline};
use crate::query::promql::{Histograms, quoted};
use notation::Series;
use serde::Serialize;
use shared::TimelineOf;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Serialize)]
struct TestFile {
    rule_files: Vec<&'static str>,
    evaluation_interval: &'static str,
    group_eval_order: Vec<String>,
    tests: Vec<Test>,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "promtool's names")]
struct Test {
    name: String,
    interval: &'static str,
    input_series: Vec<Series>,
    alert_rule_test: Vec<Expectation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    promql_expr_test: Vec<Question>,
}

#[derive(Clone, Serialize)]
struct Expectation {
    eval_time: String,
    alertname: String,
    exp_alerts: Vec<Firing>,
}

/// A query with its expected samples, for which the value is irrelevant.
#[derive(Clone, Serialize)]
struct Question {
    expr: String,
    eval_time: String,
    exp_samples: Vec<Sample>,
}

#[derive(Clone, Serialize)]
struct Sample {
    labels: &'static str,
    value: f64,
}

#[derive(Clone, Serialize)]
struct Firing {
    exp_labels: BTreeMap<String, String>,
    exp_annotations: BTreeMap<&'static str, String>,
}

/// The contents of a file and the number of its tests.
type Counted = (String, usize);

/// The evaluation interval of a file's tests. Promtool evaluates every rule at every step, so long tests need long
/// steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Pace {
    Minutes,
    Hours,
    Days,
}

impl Pace {
    const ALL: [Self; 3] = [Self::Minutes, Self::Hours, Self::Days];

    /// Returns the pace of a timeline. It is faster for timelines that test how long the condition has to hold.
    fn of(course: &Timeline) -> Self {
        match course.minutes {
            0..=120 => Self::Minutes,
            121..=LONG_MINUTES => Self::Hours,
            _ if course.asked == ExtraQuery::Pending => Self::Hours,
            _ => Self::Days,
        }
    }

    /// Minutes between two evaluations.
    fn step(self) -> u32 {
        match self {
            Self::Minutes => 1,
            Self::Hours => 10,
            Self::Days => 30,
        }
    }

    fn interval(self) -> &'static str {
        match self {
            Self::Minutes => "1m",
            Self::Hours => "10m",
            Self::Days => "30m",
        }
    }
}

/// Most minutes of a scenario that is evaluated every minute.
const SHORT_MINUTES: u32 = 200;
/// Most minutes of a scenario that is evaluated every ten minutes.
const LONG_MINUTES: u32 = 1000;

/// The names of the files with the unit tests, by pace.
pub(crate) const FILES: [&str; 3] = ["alerts.test.yml", "alerts-slow.test.yml", "alerts-slowest.test.yml"];
pub(crate) const STACK_FILES: [&str; 3] =
    ["stack-alerts.test.yml", "stack-alerts-slow.test.yml", "stack-alerts-slowest.test.yml"];

/// Returns the test files. Tests that take hours are evaluated every 10 minutes, tests that take days every 30 minutes.
pub(crate) fn alerts(monitoring: &Monitoring) -> [Counted; 3] {
    let rules = ["recording-rules.yml", "alerts.yml"];
    let recordings = monitoring.recordings.iter().map(|it| it.name.clone());
    let order: Vec<String> = recordings.chain(monitoring.alerts.iter().map(|it| it.name.clone())).collect();
    files(FILES, &rules, &order, &monitoring.alerts, monitoring)
}

/// Returns the test files of the alerts about the monitoring stack.
pub(crate) fn stack_alerts(monitoring: &Monitoring) -> [Counted; 3] {
    let order: Vec<String> = monitoring.stack.iter().map(|it| it.name.clone()).collect();
    files(STACK_FILES, &["stack-alerts.yml"], &order, &monitoring.stack, monitoring)
}

fn files(
    names: [&str; 3],
    rules: &[&'static str],
    order: &[String],
    groups: &[Group<Alert>],
    monitoring: &Monitoring,
) -> [Counted; 3] {
    let pairs = [(names[0], Pace::ALL[0]), (names[1], Pace::ALL[1]), (names[2], Pace::ALL[2])];
    pairs.map(|(name, pace)| file(name, rules, order, groups, pace, monitoring))
}

fn file(
    name: &str,
    rule_files: &[&'static str],
    order: &[String],
    groups: &[Group<Alert>],
    pace: Pace,
    monitoring: &Monitoring,
) -> Counted {
    let alerts: Vec<&Alert> = groups.iter().flat_map(|it| &it.rules).collect();
    let chosen: Vec<&Alert> = alerts.iter().filter(|it| pace_of(&it.scenario) == pace).copied().collect();
    let native = monitoring.histograms == Histograms::Native;
    let mut tests: Vec<Test> = batch::of(&chosen).iter().flat_map(|it| tests(it, monitoring)).collect();
    tests.extend(courses(&alerts, pace, native).iter().map(|it| {
        let cases = it.iter().map(|(alert, course)| timeline::case(alert, course, pace.step(), monitoring));
        test(kinds(it), cases.collect())
    }));
    if pace == Pace::Minutes {
        tests.push(without_data(&alerts, monitoring));
    }
    let needs = if native { "# The notation of native histograms needs the promtool of Prometheus 3.\n" } else { "" };
    let header = format!(
        "# Unit tests of the alerts, generated by `cargo measurand generate`: `promtool test rules {name}` runs them.\n\
         {needs}# Do not edit: the next generation overwrites it. Write your own tests in another file.\n"
    );
    let file = TestFile {
        rule_files: rule_files.to_vec(),
        evaluation_interval: pace.interval(),
        group_eval_order: order.to_vec(),
        tests,
    };
    (crate::write::yaml::write(&header, &file), file.tests.len())
}

fn pace_of(scenario: &Scenario) -> Pace {
    match scenario.before + scenario.lead + scenario.recovery {
        minutes if minutes > LONG_MINUTES => Pace::Days,
        minutes if scenario.slow || minutes > SHORT_MINUTES => Pace::Hours,
        _ => Pace::Minutes,
    }
}

/// Returns a test in which all of these alerts fire, and tests in which some or all of them must not.
fn tests(alerts: &[&Alert], monitoring: &Monitoring) -> Vec<Test> {
    let all = |what: &str, alerts: &[&Alert], case: fn(&Alert, &Monitoring) -> Case| {
        test(named_test(what, alerts), alerts.iter().map(|it| case(it, monitoring)).collect())
    };
    let judged: Vec<&Alert> = alerts.iter().filter(|it| it.scenario.quiet.is_some()).copied().collect();
    let mut tests = vec![
        all("fires and resolves in time", alerts, fires),
        all("is silent just below its threshold", alerts, near_miss),
    ];
    if !judged.is_empty() {
        tests.push(all("is silent with little traffic", &judged, little_traffic));
    }
    let judged: Vec<&Alert> = alerts.iter().filter(|it| it.scenario.enough.is_some()).copied().collect();
    if !judged.is_empty() {
        tests.push(all("fires with just enough traffic", &judged, enough_traffic));
    }
    tests
}

/// Returns the name of a test: `resolves: One, Other`.
fn named_test(what: &str, alerts: &[&Alert]) -> String {
    let mut names: Vec<&str> = alerts.iter().map(|it| it.name.as_str()).collect();
    names.dedup();
    format!("{what}: {}", names.join(", "))
}

/// Returns the name of a test with several kinds of timelines: `resolves: One, Other; fires: Third`.
fn kinds(all: &[TimelineOf<'_>]) -> String {
    let mut kinds: Vec<(&str, Vec<&Alert>)> = Vec::new();
    for (alert, course) in all {
        match kinds.iter_mut().find(|it| it.0 == course.what) {
            Some((_, alerts)) => alerts.push(alert),
            None => kinds.push((course.what, vec![alert])),
        }
    }
    let all: Vec<String> = kinds.iter().map(|(what, alerts)| named_test(what, alerts)).collect();
    all.join("; ")
}

/// Merges cases with separate series into one test.
fn test(name: String, cases: Vec<Case>) -> Test {
    let mut input_series: Vec<Series> = cases.iter().flat_map(|it| it.series.clone()).collect();
    // If several cases share a series, such as a job that is up, the longest one is used.
    input_series.sort_by(|a, b| (&a.series, b.count).cmp(&(&b.series, a.count)));
    input_series.dedup_by(|a, b| a.series == b.series);
    let mut alert_rule_test = together(cases.iter().flat_map(|it| it.expectations.clone()));
    let mut asked = BTreeSet::new();
    let mut questions: Vec<Question> = cases.into_iter().flat_map(|it| it.questions).collect();
    // In its first minutes a native histogram has other rates than counters, so the values in the texts differ.
    if input_series.iter().any(|it| it.values.starts_with("{{")) {
        questions.extend(std::mem::take(&mut alert_rule_test).iter().map(Expectation::count));
    }
    let promql_expr_test =
        questions.into_iter().filter(|it| asked.insert((it.expr.clone(), it.eval_time.clone()))).collect();
    Test { name, interval: "1m", input_series, alert_rule_test, promql_expr_test }
}

impl Expectation {
    /// Returns the check that as many alerts fire, with any texts.
    fn count(&self) -> Question {
        let firing = self.exp_alerts.iter().map(|_| 1.0).sum();
        Question {
            expr: format!("count(ALERTS{{alertname={},alertstate=\"firing\"}})", quoted(&self.alertname)),
            eval_time: self.eval_time.clone(),
            exp_samples: if self.exp_alerts.is_empty() {
                Vec::new()
            } else {
                vec![Sample { labels: "{}", value: firing }]
            },
        }
    }
}

/// Merges the expectations about alerts with the same name at the same time, as promtool requires.
fn together(all: impl Iterator<Item = Expectation>) -> Vec<Expectation> {
    let mut merged: Vec<Expectation> = Vec::new();
    for it in all {
        let known =
            merged.iter_mut().find(|other| (&other.eval_time, &other.alertname) == (&it.eval_time, &it.alertname));
        match known {
            Some(known) => known.exp_alerts.extend(it.exp_alerts),
            None => merged.push(it),
        }
    }
    merged
}

/// Returns the timelines of these alerts at one pace, in as few tests as possible unless each is alone.
fn courses<'a>(alerts: &[&'a Alert], pace: Pace, alone: bool) -> Vec<Vec<TimelineOf<'a>>> {
    let of_alert = |alert: &&'a Alert| {
        let alert = *alert;
        alert.scenario.courses.iter().map(move |it| (alert, it))
    };
    let mut all: Vec<TimelineOf<'_>> = alerts.iter().flat_map(of_alert).filter(|it| Pace::of(it.1) == pace).collect();
    // The longest first, so that timelines of the same length share a test.
    all.sort_by_key(|it| std::cmp::Reverse(it.1.minutes));
    // A native histogram is one series, so two timelines of its buckets cannot share a test.
    if alone { all.into_iter().map(|it| vec![it]).collect() } else { shared::of(&all) }
}

struct Case {
    series: Vec<Series>,
    expectations: Vec<Expectation>,
    questions: Vec<Question>,
}

impl Case {
    fn new(series: Vec<Series>, expectations: Vec<Expectation>) -> Self {
        Self { series, expectations, questions: Vec::new() }
    }
}

fn fires(alert: &Alert, monitoring: &Monitoring) -> Case {
    let it = &alert.scenario;
    let firing = firing(alert);
    if it.signals.is_empty() {
        let minutes = [0, 9].map(|minute| expect(alert, minute, true, monitoring));
        return Case::new(series(it, &[(Phase::Bad, 10)], monitoring), minutes.to_vec());
    }
    let bad = firing - it.before + 4;
    let over = it.before + bad + it.recovery - 1;
    let before = firing.checked_sub(2).map(|minute| expect(alert, minute, false, monitoring));
    let mut expectations: Vec<Expectation> = before.into_iter().collect();
    expectations
        .extend([(firing, true), (over, false)].map(|(minute, fires)| expect(alert, minute, fires, monitoring)));
    let phases = [(Phase::Before, it.before), (Phase::Bad, bad), (Phase::Good, it.recovery)];
    Case::new(series(it, &phases, monitoring), expectations)
}

fn near_miss(alert: &Alert, monitoring: &Monitoring) -> Case {
    let it = &alert.scenario;
    let (firing, always) = (firing(alert), it.signals.is_empty());
    let minutes = [firing, firing + 9].map(|minute| expect(alert, minute, always, monitoring));
    let phases = [(Phase::Before, it.before), (Phase::Near, firing + 10 - it.before)];
    Case::new(series(it, &phases, monitoring), minutes.to_vec())
}

fn little_traffic(alert: &Alert, monitoring: &Monitoring) -> Case {
    with_traffic(alert, alert.scenario.quiet, false, monitoring)
}

fn enough_traffic(alert: &Alert, monitoring: &Monitoring) -> Case {
    with_traffic(alert, alert.scenario.enough, true, monitoring)
}

/// Returns a case in which counters grow by only a part of the bad traffic.
fn with_traffic(alert: &Alert, part: Option<f64>, fires: bool, monitoring: &Monitoring) -> Case {
    let mut scenario = alert.scenario.clone();
    for signal in scenario.signals.iter_mut().filter(|it| it.counter) {
        signal.bad *= part.unwrap_or(1.0);
    }
    let firing = firing(alert);
    // Just enough traffic is enough only once the window is full.
    let minutes = if fires { vec![firing + 9] } else { vec![firing, firing + 9] };
    let minutes = minutes.into_iter().map(|minute| expect(alert, minute, fires, monitoring)).collect();
    let phases = [(Phase::Before, scenario.before), (Phase::Bad, firing + 10 - scenario.before)];
    Case::new(series(&scenario, &phases, monitoring), minutes)
}

/// Returns the last minute in which it has to start firing.
fn firing(alert: &Alert) -> u32 {
    let it = &alert.scenario;
    // With a longer evaluation interval, the alert fires at the next evaluation.
    let step = if it.slow { pace_of(it).step() } else { 1 };
    it.before + it.lead + alert.for_seconds.div_ceil(60).next_multiple_of(step) + 1
}

fn expect(alert: &Alert, minute: u32, fires: bool, monitoring: &Monitoring) -> Expectation {
    Expectation {
        eval_time: format!("{minute}m"),
        alertname: alert.name.clone(),
        exp_alerts: if fires { vec![expected(alert, &alert.scenario.labels, monitoring)] } else { Vec::new() },
    }
}

/// Returns a test of each alert without any series, for longer than the longest waiting time.
fn without_data(alerts: &[&Alert], monitoring: &Monitoring) -> Test {
    let minutes = alerts.iter().map(|it| it.for_seconds.div_ceil(60)).max().unwrap_or_default() + 10;
    let mut names: BTreeMap<&str, Vec<Firing>> = BTreeMap::new();
    for alert in alerts {
        let firing = names.entry(&alert.name).or_default();
        if alert.scenario.fires_without_data {
            firing.push(expected(alert, &[], monitoring));
        }
    }
    let expectations = names.into_iter().map(|(name, exp_alerts)| Expectation {
        eval_time: format!("{minutes}m"),
        alertname: name.to_owned(),
        exp_alerts,
    });
    Test {
        name: "without data".to_owned(),
        interval: "1m",
        input_series: vec![Series {
            series: r#"unrelated{job="unrelated"}"#.to_owned(),
            values: format!("1x{minutes}"),
            count: minutes + 1,
        }],
        alert_rule_test: expectations.collect(),
        promql_expr_test: Vec::new(),
    }
}

/// Returns the alert as Alertmanager receives it.
fn expected(alert: &Alert, labels: &[(String, String)], monitoring: &Monitoring) -> Firing {
    let mut of_query: BTreeMap<String, String> = labels.iter().cloned().collect();
    // Only a query without series has no job.
    if alert.query.labels().is_none_or(|it| it.contains("job")) {
        of_query.insert("job".to_owned(), job(&alert.scenario, monitoring).to_owned());
    }
    let annotations = BTreeMap::from([
        ("summary", alert.summary.as_str().to_owned()),
        ("description", render::text(&alert.description, &of_query, alert.scenario.value)),
        ("impact", alert.impact.as_str().to_owned()),
        ("runbook_url", alert.runbook_url.clone()),
        ("dashboard_url", alert.dashboard_url.clone()),
    ]);
    let mut labels = of_query;
    labels.extend(alert.labels.iter().cloned());
    labels.insert("severity".to_owned(), alert.severity.map_or("none", |it| it.as_str()).to_owned());
    labels.insert("service".to_owned(), alert.service(&monitoring.job).to_owned());
    labels.insert("team".to_owned(), alert.team.clone());
    labels.retain(|_, it| !it.is_empty());
    Firing { exp_labels: labels, exp_annotations: annotations }
}

fn job<'a>(scenario: &Scenario, monitoring: &'a Monitoring) -> &'a str {
    scenario.job.unwrap_or(&monitoring.job)
}

#[derive(Clone, Copy)]
enum Phase {
    Before,
    Bad,
    Near,
    Good,
}

fn series(scenario: &Scenario, phases: &[(Phase, u32)], monitoring: &Monitoring) -> Vec<Series> {
    let minutes = phases.iter().map(|(_, minutes)| minutes).sum();
    let up = SampleTrack { metric: "up".to_owned(), labels: Vec::new(), counter: false, pieces: vec![(minutes, 1.0)] };
    let signals = scenario.signals.iter().map(|it| track(it, phases));
    let tracks: Vec<SampleTrack> = scenario.up.then_some(up).into_iter().chain(signals).collect();
    notation::all(&tracks, job(scenario, monitoring), monitoring.histograms)
}

/// Returns the samples of a signal in all phases.
fn track(signal: &Signal, phases: &[(Phase, u32)]) -> SampleTrack {
    let value = |phase: &Phase| match phase {
        Phase::Before => signal.before,
        Phase::Bad => signal.bad,
        Phase::Near => signal.near,
        Phase::Good => signal.good,
    };
    SampleTrack {
        metric: signal.metric.clone(),
        labels: signal.labels.clone(),
        counter: signal.counter,
        pieces: phases.iter().map(|(phase, minutes)| (*minutes, value(phase))).collect(),
    }
}
