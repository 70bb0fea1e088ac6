//! Rule files and unit test files, as far as needed to find the kind of a test case.

use promql_parser::parser::{Expr, VectorSelector, parse};
use promql_parser::util::{ExprVisitor, walk_expr};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub(super) type Labels = BTreeMap<String, String>;

#[derive(Deserialize)]
pub(super) struct RuleFile {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

/// An alerting or recording rule.
#[derive(Clone, Deserialize)]
pub(super) struct Rule {
    #[serde(default)]
    pub(super) alert: Option<String>,
    #[serde(default)]
    record: Option<String>,
    expr: String,
    #[serde(default)]
    r#for: Option<String>,
    #[serde(default)]
    pub(super) labels: Labels,
    #[serde(default)]
    pub(super) annotations: Labels,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct TestFile {
    pub(super) rule_files: Vec<String>,
    pub(super) evaluation_interval: String,
    pub(super) group_eval_order: Vec<String>,
    pub(super) tests: Vec<Test>,
}

#[derive(Clone, Deserialize, Serialize)]
#[expect(clippy::struct_field_names, reason = "promtool's names")]
pub(super) struct Test {
    pub(super) name: String,
    interval: String,
    pub(super) input_series: Vec<Series>,
    pub(super) alert_rule_test: Vec<Look>,
    #[serde(default)]
    pub(super) promql_expr_test: Vec<Question>,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Series {
    pub(super) series: String,
    pub(super) values: String,
}

/// The expectation about all alerts with one name at one time.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Look {
    eval_time: String,
    pub(super) alertname: String,
    pub(super) exp_alerts: Vec<Firing>,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Firing {
    pub(super) exp_labels: Labels,
    pub(super) exp_annotations: Labels,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Question {
    pub(super) expr: String,
    eval_time: String,
    pub(super) exp_samples: Vec<Sample>,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Sample {
    pub(super) labels: String,
    pub(super) value: f64,
}

/// An alert and the series that it reads.
pub(super) struct Alert {
    pub(super) name: String,
    pub(super) rule: Rule,
    pub(super) for_seconds: u32,
    /// The series that it reads, directly or through recording rules.
    pub(super) selectors: Vec<VectorSelector>,
    /// Whether it fires if there are no series.
    pub(super) of_absence: bool,
}

/// Returns the alerts of these files.
pub(super) fn alerts(files: &[RuleFile]) -> Vec<Alert> {
    let rules: Vec<&Rule> = files.iter().flat_map(|it| &it.groups).flat_map(|it| &it.rules).collect();
    let alert = |rule: &&Rule| {
        let found = Found::of(&rule.expr);
        let selectors = found.selectors.iter().flat_map(|it| leaves(it, &rules)).collect::<Vec<_>>();
        Some(Alert {
            name: rule.alert.clone()?,
            rule: (*rule).clone(),
            for_seconds: rule.r#for.as_deref().map_or(0, seconds),
            of_absence: found.absent || selectors.is_empty(),
            selectors,
        })
    };
    rules.iter().filter_map(alert).collect()
}

/// Returns the scraped series behind a selector: itself, or those from which its recorded series are computed.
fn leaves(selector: &VectorSelector, rules: &[&Rule]) -> Vec<VectorSelector> {
    let fits = |rule: &Rule| {
        let own = |name: &str| rule.labels.get(name);
        selector.matchers.matchers.iter().all(|it| own(&it.name).is_none_or(|value| it.is_match(value)))
    };
    let recorded = rules.iter().filter(|it| it.record.is_some() && it.record == selector.name && fits(it));
    let all: Vec<VectorSelector> =
        recorded.flat_map(|it| Found::of(&it.expr).selectors).flat_map(|it| leaves(&it, rules)).collect();
    if all.is_empty() { vec![selector.clone()] } else { all }
}

#[derive(Default)]
struct Found {
    selectors: Vec<VectorSelector>,
    absent: bool,
}

impl Found {
    fn of(expr: &str) -> Self {
        let tree = parse(expr).unwrap_or_else(|error| panic!("{error}: {expr}"));
        let mut found = Self::default();
        walk_expr(&mut found, &tree).expect("nothing in it fails");
        found
    }
}

impl ExprVisitor for Found {
    type Error = std::convert::Infallible;

    fn pre_visit(&mut self, tree: &Expr) -> Result<bool, Self::Error> {
        match tree {
            Expr::VectorSelector(it) => self.selectors.push(it.clone()),
            Expr::MatrixSelector(it) => self.selectors.push(it.vs.clone()),
            Expr::Call(it) => self.absent |= it.func.name == "absent",
            _ => {}
        }
        Ok(true)
    }
}

/// Returns the only selector of an expression.
pub(super) fn selector(term: &str) -> VectorSelector {
    let mut found = Found::of(term).selectors;
    assert_eq!(found.len(), 1, "{term}");
    found.remove(0)
}

/// Whether a selector matches a series with this name and these labels.
pub(super) fn selects(it: &VectorSelector, name: &str, labels: &Labels) -> bool {
    let value = |name: &str| labels.get(name).map(String::as_str).unwrap_or_default();
    it.name.as_deref() == Some(name) && it.matchers.matchers.iter().all(|it| it.is_match(value(&it.name)))
}

/// A test in parsed form.
pub(super) struct Case<'a> {
    pub(super) test: &'a Test,
    /// Seconds between two evaluations.
    pub(super) step: u32,
    put: Vec<Put>,
    /// Queries about the states of alerts: the selected alerts, and the query.
    pub(super) states: Vec<(VectorSelector, &'a Question)>,
}

/// An input series.
struct Put {
    name: String,
    labels: Labels,
    /// The time of its last sample in seconds.
    until: u32,
}

impl<'a> Case<'a> {
    pub(super) fn all(file: &'a TestFile) -> impl Iterator<Item = Self> {
        let step = seconds(&file.evaluation_interval);
        let put = |it: &Series, interval: &str| {
            let selector = selector(&it.series);
            let labels = selector.matchers.matchers.iter().map(|it| (it.name.clone(), it.value.clone())).collect();
            let until = (it.count() - 1) * seconds(interval);
            Put { name: selector.name.expect("a name"), labels, until }
        };
        let of_states = |it: &&Question| it.expr.starts_with("count by (alertstate) (ALERTS{");
        file.tests.iter().map(move |test| Case {
            test,
            step,
            put: test.input_series.iter().map(|it| put(it, &test.interval)).collect(),
            states: test.promql_expr_test.iter().filter(of_states).map(|it| (selector(&it.expr), it)).collect(),
        })
    }

    fn put_for(&self, alert: &Alert) -> impl Iterator<Item = &Put> {
        self.put.iter().filter(|put| alert.selectors.iter().any(|it| selects(it, &put.name, &put.labels)))
    }

    /// Whether the test has input series for the alert, and all of them have a sample at that time.
    pub(super) fn has_data_for(&self, alert: &Alert, time: u32) -> bool {
        let mut own = self.put_for(alert).peekable();
        own.peek().is_some() && own.all(|it| it.until >= time)
    }

    /// Returns names and labels of the input series for the alert.
    pub(super) fn series_for(&self, alert: &Alert) -> BTreeSet<(&str, &Labels)> {
        self.put_for(alert).map(|it| (it.name.as_str(), &it.labels)).collect()
    }

    pub(super) fn has_nothing_for(&self, alert: &Alert) -> bool {
        self.put_for(alert).next().is_none()
    }

    pub(super) fn looks(&self, alert: &Alert) -> impl Iterator<Item = &'a Look> {
        self.test.alert_rule_test.iter().filter(|it| it.alertname == alert.name)
    }
}

impl Series {
    /// Returns the number of samples in the notation `5`, `5x2` or `0+5x2`.
    fn count(&self) -> u32 {
        let repeated = |it: &str| it.split_once('x').map_or(1, |(_, more)| 1 + more.parse::<u32>().expect("a number"));
        self.values.split_whitespace().map(repeated).sum()
    }
}

impl Look {
    pub(super) fn time(&self) -> u32 {
        seconds(&self.eval_time)
    }

    pub(super) fn of<'a>(&'a self, alert: &Alert) -> Option<&'a Firing> {
        self.exp_alerts.iter().find(|it| it.is_of(alert))
    }
}

impl Firing {
    /// Whether its labels are those of the alert, which distinguishes alerts with the same name.
    pub(super) fn is_of(&self, alert: &Alert) -> bool {
        alert.rule.labels.iter().all(|(name, value)| self.exp_labels.get(name) == Some(value))
    }
}

impl Question {
    /// Moves the query by one minute.
    pub(super) fn delay(&mut self) {
        self.eval_time = format!("{}s", self.time() + 60);
    }

    pub(super) fn time(&self) -> u32 {
        seconds(&self.eval_time)
    }
}

/// Parses a duration such as `1m` or `1h30m`.
pub(super) fn seconds(text: &str) -> u32 {
    let (mut all, mut number) = (0, 0);
    for it in text.chars() {
        if let Some(digit) = it.to_digit(10) {
            number = number * 10 + digit;
            continue;
        }
        let unit = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)].into_iter().find(|unit| unit.0 == it);
        all += number * unit.unwrap_or_else(|| panic!("not a duration: {text}")).1;
        number = 0;
    }
    all
}
