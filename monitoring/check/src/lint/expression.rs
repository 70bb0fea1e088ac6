//! Checks an expression in a rule, a panel or a variable: pint's checks of PromQL that need no server.

use super::operands::Add;
use super::{joins, numbers, versions};
use crate::finding::Findings;
use crate::metric_index::{Known, SeriesKind, is_variable};
use crate::read::{Expression, Located, RATE_INTERVAL, Selection, Unparsed, selections, subexpressions};
use promql_parser::label::MatchOp;
use promql_parser::parser::Expr;
use std::time::Duration;

/// Minimum range of a rate: two scrapes at the usual interval of fifteen seconds. A rate needs two samples.
const RANGE_MIN: Duration = Duration::from_secs(30);

/// Functions that accept a raw counter, because they ask whether it exists or how it changes. Functions for gauges are
/// listed too, because `promql/rate` reports them.
const OF_COUNTERS: &[&str] = &[
    "rate",
    "irate",
    "increase",
    "absent",
    "absent_over_time",
    "present_over_time",
    "changes",
    "resets",
    "timestamp",
    "count",
    "group",
    "count_over_time",
    "count_values",
    "delta",
    "idelta",
    "deriv",
    "predict_linear",
    "double_exponential_smoothing",
];

/// Checks an expression, and returns it if it can be parsed. The messages start with `context`, which contains it.
pub(super) fn check(
    text: &Located,
    context: &str,
    known: &Known<'_>,
    findings: &mut Findings<'_>,
) -> Option<Expression> {
    let expression = match Expression::parse(&text.text) {
        Ok(it) => it,
        Err(Unparsed::Syntax(reason)) if versions::is_renamed(&reason) => {
            let message =
                format!("{context} uses `holt_winters`, which Prometheus 3 renamed and enables only by a flag");
            let help = "use `deriv` or `avg_over_time`, which both versions have";
            findings.add(text.line, "prometheus-3/function", message, help);
            return None;
        }
        Err(error) => {
            findings.add(text.line, "promql/syntax", format!("{context} {error}"), error.help());
            return None;
        }
    };
    let mut add =
        |rule, message: String, help: &str| findings.add(text.line, rule, format!("{context} {message}"), help);
    for selection in selections(&expression.tree) {
        counter(&selection, known, &mut add);
        rate(&selection, known, &mut add);
        matchers(&selection, &mut add);
        versions::selection(&selection, &mut add);
    }
    for part in subexpressions(&expression.tree) {
        versions::part(part, &mut add);
        match part {
            Expr::Binary(it) => {
                joins::operation(it, known, &mut add);
                numbers::comparison(it, &mut add);
            }
            Expr::Aggregate(it) => {
                joins::aggregation(it, known, &mut add);
                numbers::contaminated(it, &mut add);
            }
            Expr::Call(it) if ["rate", "irate", "increase"].contains(&it.func.name) => {
                let inner = it.args.args.first().map(|it| &**it);
                if matches!(inner, Some(Expr::Subquery(_))) {
                    let message =
                        format!("takes the `{}` of a sum, in which a restart of one instance is a jump", it.func.name);
                    add("promql/rate", message, "write `sum(rate(…))` instead of `rate(sum(…))`");
                }
            }
            _ => {}
        }
    }
    Some(expression)
}

fn counter(selection: &Selection<'_>, known: &Known<'_>, add: Add<'_>) {
    let Some(name) = selection.name() else { return };
    if is_bare_counter(selection, known) {
        let message = format!("uses the raw counter `{name}`, which only grows and restarts at 0");
        add("promql/counter", message, "use its `rate` or `increase`");
    }
}

/// Whether a counter is used without a function such as `rate`.
pub(super) fn is_bare_counter(selection: &Selection<'_>, known: &Known<'_>) -> bool {
    let is_counter = selection.name().is_some_and(|it| known.kind(it) == Some(SeriesKind::Counter));
    is_counter && !selection.around.iter().any(|it| OF_COUNTERS.contains(&it.as_str()))
}

fn rate(selection: &Selection<'_>, known: &Known<'_>, add: Add<'_>) {
    let (Some(name), Some(function)) = (selection.name(), selection.function()) else { return };
    let kind = known.kind(name);
    let of_counters = ["rate", "irate", "increase"].contains(&function);
    let of_gauges = ["delta", "idelta", "deriv", "predict_linear", "double_exponential_smoothing"].contains(&function);
    if of_counters && kind == Some(SeriesKind::Gauge) {
        add("promql/rate", format!("takes the `{function}` of the gauge `{name}`"), "use `delta` or `deriv`");
    }
    if of_gauges && kind == Some(SeriesKind::Counter) {
        add("promql/rate", format!("takes the `{function}` of the counter `{name}`"), "use `increase` or `rate`");
    }
    if let Some(range) = selection.range.filter(|it| of_counters && *it < RANGE_MIN) {
        let message = format!("takes the `{function}` over {}s, which may contain one sample", range.as_secs_f64());
        add("promql/rate", message, "use a range of four scrape intervals, or at least two");
    }
}

fn matchers(selection: &Selection<'_>, add: Add<'_>) {
    for matcher in &selection.selector.matchers.matchers {
        let (MatchOp::Re(_) | MatchOp::NotRe(_)) = matcher.op else { continue };
        if is_variable(matcher) {
            continue;
        }
        let equal = if matches!(matcher.op, MatchOp::Re(_)) { "=" } else { "!=" };
        let (name, value) = (&matcher.name, &matcher.value);
        if value.starts_with('^') || value.ends_with('$') && !value.ends_with("\\$") {
            let message =
                format!("anchors the pattern `{name}{}\"{value}\"`, but patterns are always anchored", matcher.op);
            add("promql/regexp", message, "remove `^` and `$`");
        } else if !value.is_empty() && !value.contains(['.', '*', '+', '?', '|', '(', '[', '{', '\\']) {
            let message =
                format!("uses the pattern `{name}{}\"{value}\"`, which has no special characters", matcher.op);
            add("promql/regexp", message, &format!("write `{name}{equal}\"{value}\"`"));
        } else if is_smelly(value) {
            let message = format!("matches parts of a label by `{name}{}\"{value}\"`", matcher.op);
            add("promql/regexp", message, "split the label into several labels when the target is scraped");
        }
    }
}

/// Whether a pattern has several literal parts with anything between them.
fn is_smelly(pattern: &str) -> bool {
    let mut pieces = pattern.split(".*").flat_map(|it| it.split(".+")).filter(|it| !it.is_empty());
    let is_text = |it: &str| it.chars().any(char::is_alphanumeric) && !it.contains(['(', ')', '|', '[', ']']);
    pieces.clone().count() > 1 && pieces.all(is_text)
}

/// Whether a `rate` or `irate` has another range than `$__rate_interval`.
pub(super) fn wrong_rate_interval(expression: &Expression) -> bool {
    selections(&expression.tree).iter().any(|selection| {
        selection.function().is_some_and(|it| it == "rate" || it == "irate")
            && selection.range.is_some_and(|it| it != RATE_INTERVAL)
    })
}
