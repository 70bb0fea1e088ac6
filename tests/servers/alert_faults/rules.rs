//! The shipped rules with accelerated time: every window, offset, `for` and interval is divided by a factor.
//!
//! It changes the parsed expressions, so the rest of a rule stays the same.

use promql_parser::parser::{self, Expr, Offset};
use promql_parser::util::parse_duration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// A file of rules.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleFile {
    pub(crate) groups: Vec<Group>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) name: String,
    interval: String,
    pub(crate) rules: Vec<Rule>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) alert: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
    pub(crate) expr: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#for: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Rule {
    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// The acceleration of time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    /// Divisor for windows and offsets.
    pub(crate) factor: u32,
    /// Divisor for `for` durations.
    pub(crate) hold: u32,
    /// Time between two scrapes.
    pub(crate) scrape: Duration,
}

impl Clock {
    /// A window has at least five scrapes, because a rate needs two and some may be late or lost.
    fn window(self, window: Duration) -> Duration {
        (window / self.factor).max(self.scrape * 5)
    }

    fn hold(self, hold: Duration) -> Duration {
        hold / self.hold
    }
}

impl RuleFile {
    /// Reads one of the shipped files.
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// All alerts with this name.
    pub(crate) fn alerts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Rule> {
        self.rules().filter(move |it| it.alert.as_deref() == Some(name))
    }

    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.groups.iter().flat_map(|it| &it.rules)
    }

    /// The names of all alerts, each once.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.rules().filter_map(|it| it.alert.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Keeps only the alerts for which `wanted` is true, and all recording rules.
    pub(crate) fn only(mut self, wanted: impl Fn(&str) -> bool) -> Self {
        for group in &mut self.groups {
            group.rules.retain(|it| it.alert.as_deref().is_none_or(&wanted));
        }
        self
    }

    /// Assigns each alert name to one of several teams; the shipped rules have no owner.
    pub(crate) fn with_teams(mut self, teams: &[&str]) -> Self {
        let names = self.names();
        for rule in self.groups.iter_mut().flat_map(|it| &mut it.rules) {
            let place = rule.alert.as_ref().and_then(|it| names.binary_search(it).ok());
            if let (Some(place), Some(team)) = (place, rule.labels.get_mut("team")) {
                teams[place % teams.len()].clone_into(team);
            }
        }
        self
    }

    /// The rules with another job.
    pub(crate) fn about(self, job: &str, other: &str) -> Self {
        let text = serde_json::to_string(&self).unwrap().replace(job, other);
        serde_json::from_str(&text).unwrap()
    }

    /// The rules with accelerated time, as JSON, which is valid YAML.
    pub(crate) fn by(mut self, clock: Clock) -> String {
        for group in &mut self.groups {
            "1s".clone_into(&mut group.interval);
            for rule in &mut group.rules {
                let mut expression = parsed(&rule.expr);
                scale(&mut expression, clock);
                rule.expr = expression.to_string();
                // The parser does not accept 0 as a duration.
                if let Some(hold) = rule.r#for.as_mut().filter(|it| *it != "0s") {
                    *hold = format!("{}ms", clock.hold(parse_duration(hold).unwrap()).as_millis());
                }
            }
        }
        serde_json::to_string_pretty(&self).unwrap()
    }
}

/// Parses an expression and sorts the matchers of each selector by label, like the printer does.
pub(crate) fn parsed(text: &str) -> Expr {
    let mut expression = parser::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    walk(&mut expression, &mut |it| match it {
        Expr::VectorSelector(it) => it.matchers.matchers.sort_by(|one, other| one.name.cmp(&other.name)),
        Expr::MatrixSelector(it) => it.vs.matchers.matchers.sort_by(|one, other| one.name.cmp(&other.name)),
        _ => {}
    });
    expression
}

fn scale(expression: &mut Expr, clock: Clock) {
    walk(expression, &mut |it| match it {
        Expr::VectorSelector(it) => scale_offset(&mut it.offset, clock),
        Expr::MatrixSelector(it) => {
            it.range = clock.window(it.range);
            scale_offset(&mut it.vs.offset, clock);
        }
        Expr::Subquery(it) => {
            it.range = clock.window(it.range);
            it.step = it.step.map(|_| clock.scrape);
            scale_offset(&mut it.offset, clock);
        }
        Expr::Binary(it) => {
            // The number that an age is compared with is a duration too.
            if let (true, Expr::NumberLiteral(number)) = (is_age(&it.lhs), it.rhs.as_mut()) {
                number.val /= f64::from(clock.factor);
            }
        }
        _ => {}
    });
}

/// Visits an expression and everything inside.
fn walk(expression: &mut Expr, visit: &mut impl FnMut(&mut Expr)) {
    visit(expression);
    match expression {
        Expr::Binary(it) => {
            walk(&mut it.lhs, visit);
            walk(&mut it.rhs, visit);
        }
        Expr::Aggregate(it) => walk(&mut it.expr, visit),
        Expr::Unary(it) => walk(&mut it.expr, visit),
        Expr::Paren(it) => walk(&mut it.expr, visit),
        Expr::Subquery(it) => walk(&mut it.expr, visit),
        Expr::Call(it) => {
            for it in &mut it.args.args {
                walk(it, visit);
            }
        }
        Expr::VectorSelector(_)
        | Expr::MatrixSelector(_)
        | Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::Extension(_) => {}
    }
}

fn scale_offset(offset: &mut Option<Offset>, clock: Clock) {
    if let Some(Offset::Pos(it) | Offset::Neg(it)) = offset {
        *it = clock.window(*it);
    }
}

/// Whether the expression is `time() - ..`.
fn is_age(expression: &Expr) -> bool {
    matches!(expression, Expr::Binary(it) if matches!(it.lhs.as_ref(), Expr::Call(it) if it.func.name == "time"))
}
