//! Checks rule files: pint's checks of alerts, groups and names.

use super::{expression, operands, template};
use crate::finding::Findings;
use crate::metric_index::Known;
use crate::read::{Expression, Located, Rule, RuleGroup, RuleKind, labels_of, selections, subexpressions};
use promql_parser::parser::Expr;
use std::collections::{BTreeMap, BTreeSet};

/// Maximum interval of a group. Prometheus treats older samples as stale.
const LOOKBACK_SECONDS: f64 = 300.0;

/// Minimum `for` of an alert with `absent`. With a shorter one, a single failed scrape fires it.
const ABSENT_SECONDS: f64 = 60.0;

pub(super) fn check(groups: &[RuleGroup], known: &Known<'_>, findings: &mut Findings<'_>) {
    let recorders = recorders(groups);
    let mut group_names = BTreeSet::new();
    let mut rules = BTreeSet::new();
    for group in groups {
        if !group_names.insert(&group.name.text) {
            let message = format!("there are two groups `{}`", group.name.text);
            findings.add(group.name.line, "rule/duplicate", message, "give each group in a file its own name");
        }
        if let Some(interval) = &group.interval {
            duration(interval, "group/interval", findings);
            if seconds(&interval.text).is_some_and(|it| it > LOOKBACK_SECONDS) {
                let message =
                    format!("the group `{}` is evaluated less often than every five minutes", group.name.text);
                findings.add(
                    interval.line,
                    "group/interval",
                    message,
                    "use `5m` or less, because older samples are stale",
                );
            }
        }
        dependencies(group, &recorders, findings);
        for rule in &group.rules {
            let labels: Vec<_> = rule.labels.iter().map(|(name, it)| (name.clone(), it.text.clone())).collect();
            // An alert may have several conditions, but a recorded series must have one source.
            let expression = if rule.kind == RuleKind::Alert { rule.expression.text.clone() } else { String::new() };
            if !rules.insert((rule.name.text.clone(), labels, expression)) {
                let message = format!("`{}` is defined twice with the same labels", rule.name.text);
                findings.add(rule.name.line, "rule/duplicate", message, "remove one of them");
            }
            check_rule(rule, known, findings);
        }
    }
}

fn check_rule(rule: &Rule, known: &Known<'_>, findings: &mut Findings<'_>) {
    let is_alert = rule.kind == RuleKind::Alert;
    let context = format!("the {} `{}`", if is_alert { "alert" } else { "recording rule" }, rule.name.text);
    for text in &rule.untyped {
        let message = format!("{context} contains `{}`, which YAML reads as a number, a boolean or null", text.text);
        findings.add(text.line, "yaml/parse", message, "put it in quotes");
    }
    let Some(parsed) = expression::check(&rule.expression, &context, known, findings) else { return };
    if is_alert { alert(rule, &context, &parsed, known, findings) } else { recording(rule, findings) }
}

fn recording(rule: &Rule, findings: &mut Findings<'_>) {
    let name = &rule.name;
    let legal = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == ':';
    if name.text.is_empty() || !name.text.chars().all(legal) {
        findings.add(
            name.line,
            "rule/name",
            format!("`{}` is not a valid name of a series", name.text),
            "use letters, digits, `_` and `:`",
        );
    } else if !name.text.contains(':') {
        let message = format!("the recorded series `{}` looks like a scraped one", name.text);
        findings.add(name.line, "rule/name", message, "name it `level:metric:operations`");
    }
}

fn alert(rule: &Rule, context: &str, parsed: &Expression, known: &Known<'_>, findings: &mut Findings<'_>) {
    let name = &rule.name;
    if !name.text.starts_with(|it: char| it.is_ascii_uppercase())
        || !name.text.chars().all(|it| it.is_ascii_alphanumeric())
    {
        findings.add(name.line, "rule/name", format!("{context} is not named in CamelCase"), "write it `LikeThis`");
    }
    if !has_condition(&parsed.tree) {
        let message = format!("{context} has no comparison, so it fires whenever its expression has a result");
        findings.add(rule.expression.line, "alerts/comparison", message, "compare with a threshold");
    }
    let absent =
        subexpressions(&parsed.tree).into_iter().any(|it| matches!(it, Expr::Call(it) if it.func.name == "absent"));
    // An invalid duration is reported separately.
    let hold = rule.hold.as_ref().map_or(Some(0.0), |it| seconds(&it.text));
    if absent && hold.is_some_and(|it| it < ABSENT_SECONDS) {
        let message = format!("{context} fires as soon as a scrape fails or Prometheus starts");
        findings.add(rule.hold.as_ref().unwrap_or(name).line, "alerts/absent", message, "add `for: 1m` or more");
    }
    for time in rule.hold.iter().chain(&rule.keep) {
        duration(time, "alerts/for", findings);
        if seconds(&time.text) == Some(0.0) {
            let message = format!("{context} waits for `{}`, which is the default", time.text);
            findings.add(time.line, "alerts/for", message, "remove the line");
        }
    }
    flapping(rule, context, parsed, hold, findings);
    let has =
        |list: &[(String, Located)], key: &str| list.iter().any(|(name, it)| name == key && !it.text.trim().is_empty());
    for key in ["summary", "description"] {
        if !has(&rule.annotations, key) {
            let message = format!("{context} has no annotation `{key}`");
            findings.add(
                name.line,
                "alerts/annotation",
                message,
                "add it, and describe the problem for the person on call",
            );
        }
    }
    if !has(&rule.labels, "severity") {
        let message = format!("{context} has no label `severity`");
        findings.add(name.line, "rule/label", message, "add it, and set how urgent the alert is");
    }
    let mut labels = labels_of(&parsed.tree, &|it| known.labels(it));
    labels.names.extend(rule.labels.iter().map(|(name, _)| name.clone()));
    let shown = template::Shown { labels: &labels, is_small: is_small(&parsed.tree), known };
    for (key, text) in &rule.labels {
        template::check(key, text, true, &shown, findings);
        if key == "alertname" {
            findings.add(
                text.line,
                "labels/conflict",
                format!("{context} sets the label `alertname`"),
                "rename the alert instead",
            );
        }
    }
    for (key, text) in &rule.annotations {
        template::check(key, text, false, &shown, findings);
    }
}

/// Finds alerts that may fire and resolve although nothing changes.
fn flapping(rule: &Rule, context: &str, parsed: &Expression, hold: Option<f64>, findings: &mut Findings<'_>) {
    if let Some(name) = chosen(&parsed.tree) {
        let message = format!("{context} uses `{name}`, which may select other series, and so other alerts, each time");
        findings.add(rule.expression.line, "promql/fragile", message, "compare all series with a threshold");
    }
    let of_jobs = subexpressions(&parsed.tree).into_iter().any(|part| match part {
        Expr::Binary(operation) => {
            let (left, right) = (jobs(&operation.lhs), jobs(&operation.rhs));
            !left.is_empty() && !right.is_empty() && left != right && is_arithmetic(&operation.op.to_string())
        }
        _ => false,
    });
    if of_jobs && hold == Some(0.0) {
        let message = format!("{context} combines sums of two jobs, of which one is scraped first after a start");
        findings.add(rule.name.line, "promql/fragile", message, "add a `for` of a scrape interval or more");
    }
}

fn is_arithmetic(operation: &str) -> bool {
    ["+", "-", "*", "/", "%", "^"].contains(&operation)
}

/// The aggregation that selects the series of the result, such as `topk`, if there is one.
fn chosen(tree: &Expr) -> Option<String> {
    match tree {
        Expr::Aggregate(it) => {
            let name = it.op.to_string();
            ["topk", "bottomk", "limitk", "limit_ratio"].contains(&name.as_str()).then_some(name)
        }
        Expr::Binary(it) if ["and", "unless"].contains(&it.op.to_string().as_str()) => chosen(&it.lhs),
        Expr::Binary(it) => chosen(&it.lhs).or_else(|| chosen(&it.rhs)),
        Expr::Paren(it) => chosen(&it.expr),
        Expr::Unary(it) => chosen(&it.expr),
        _ => None,
    }
}

/// The matchers of the jobs whose series an expression aggregates.
fn jobs(tree: &Expr) -> BTreeSet<String> {
    let sums = subexpressions(tree).into_iter().filter(|it| matches!(it, Expr::Aggregate(_)));
    let selections = sums.flat_map(selections);
    let matchers = selections.flat_map(|it| &it.selector.matchers.matchers).filter(|it| it.name == "job");
    matchers.map(ToString::to_string).collect()
}

/// Whether the result is a rate, which has many digits.
fn is_small(tree: &Expr) -> bool {
    match operands::unwrapped(tree) {
        Expr::Call(it) if ["rate", "irate", "deriv"].contains(&it.func.name) => true,
        Expr::Aggregate(it) => !["count", "group"].contains(&it.op.to_string().as_str()) && is_small(&it.expr),
        Expr::Binary(it) => match it.op.to_string().as_str() {
            "and" | "unless" | "==" | "!=" | "<" | ">" | "<=" | ">=" => is_small(&it.lhs),
            "or" => is_small(&it.lhs) || is_small(&it.rhs),
            _ => false,
        },
        _ => false,
    }
}

/// Whether the expression has a condition: a comparison, or a test whether a series exists. `vector(1)` counts too,
/// since it is written for alerts that always fire.
fn has_condition(tree: &Expr) -> bool {
    match operands::unwrapped(tree) {
        Expr::Binary(it) => match it.op.to_string().as_str() {
            "==" | "!=" | "<" | ">" | "<=" | ">=" => it.modifier.as_ref().is_none_or(|it| !it.return_bool),
            "or" => has_condition(&it.lhs) && has_condition(&it.rhs),
            "unless" => true,
            _ => has_condition(&it.lhs) || has_condition(&it.rhs),
        },
        Expr::Call(it) => {
            ["absent", "absent_over_time", "vector"].contains(&it.func.name)
                || it.args.args.iter().any(|it| has_condition(it))
        }
        Expr::Aggregate(it) => has_condition(&it.expr),
        Expr::Subquery(it) => has_condition(&it.expr),
        Expr::Unary(it) => has_condition(&it.expr),
        // A selector alone has no condition.
        _ => false,
    }
}

/// The groups that record each name.
type Recorders<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

fn recorders(groups: &[RuleGroup]) -> Recorders<'_> {
    let mut all = Recorders::new();
    for group in groups {
        for rule in group.rules.iter().filter(|it| it.kind == RuleKind::Recording) {
            all.entry(&rule.name.text).or_default().insert(&group.name.text);
        }
    }
    all
}

/// Finds rules that use a series recorded later in the group, or in another group. Its samples are up to one interval
/// old, because the rules of a group are evaluated in order.
fn dependencies(group: &RuleGroup, recorders: &Recorders<'_>, findings: &mut Findings<'_>) {
    // For each name: the index of the first rule, and of the last recording rule.
    let mut places: BTreeMap<&str, (usize, Option<usize>)> = BTreeMap::new();
    for (index, rule) in group.rules.iter().enumerate() {
        let (_, last) = places.entry(&rule.name.text).or_insert((index, None));
        if rule.kind == RuleKind::Recording {
            *last = Some(index);
        }
    }
    let is_here = |name: &str| places.get(name).is_some_and(|(_, last)| last.is_some());
    let is_elsewhere = |name: &str| recorders.get(name).is_some_and(|it| it.iter().any(|it| *it != group.name.text));
    for (index, rule) in group.rules.iter().enumerate() {
        let Ok(parsed) = Expression::parse(&rule.expression.text) else { continue };
        // If several rules record one series, each with other labels, one of them before this rule is enough.
        let is_later = |name: &&str| {
            places.get(name).is_some_and(|(first, last)| *first >= index && last.is_some_and(|it| it > index))
        };
        for selection in selections(&parsed.tree) {
            if let Some(name) = selection.name().filter(is_later) {
                let message = format!("`{}` uses `{name}`, which is recorded after it", rule.name.text);
                findings.add(rule.expression.line, "rule/dependency", message, "record it before it is used");
            }
            // In a range, one missing sample does not matter.
            let name = selection.name().filter(|_| selection.range.is_none()).unwrap_or_default();
            if rule.kind == RuleKind::Recording && !is_here(name) && is_elsewhere(name) {
                let message =
                    format!("`{}` uses `{name}`, which another group records at another time", rule.name.text);
                findings.add(rule.expression.line, "rule/dependency", message, "put both into one group, in order");
            }
        }
    }
}

fn duration(text: &Located, rule: &'static str, findings: &mut Findings<'_>) {
    if seconds(&text.text).is_none() {
        let message = format!("`{}` is not a duration", text.text);
        findings.add(text.line, rule, message, "write it like `30s`, `5m`, `1h` or `1h30m`");
    }
}

/// The seconds of a duration in Prometheus' format: numbers with units.
fn seconds(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 7] =
        [("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0), ("w", 604_800.0), ("y", 31_536_000.0)];
    if text == "0" {
        return Some(0.0);
    }
    let (mut rest, mut sum) = (text, 0.0);
    while !rest.is_empty() {
        let end = rest.find(|it: char| !it.is_ascii_digit())?;
        let number: f64 = rest.get(..end)?.parse().ok()?;
        rest = rest.get(end..)?;
        let (unit, factor) =
            UNITS.into_iter().filter(|(unit, _)| rest.starts_with(unit)).max_by_key(|(unit, _)| unit.len())?;
        sum += number * factor;
        rest = rest.get(unit.len()..)?;
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    #[expect(clippy::float_cmp, reason = "whole numbers")]
    fn durations_are_those_of_prometheus() {
        assert_eq!(seconds("1h30m").unwrap(), 5400.0);
        assert_eq!(seconds("500ms").unwrap(), 0.5);
        for wrong in ["", "5", "m", "-5m", "5 m", "5x"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
