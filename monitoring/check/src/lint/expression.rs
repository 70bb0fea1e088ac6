//! What is wrong with an expression wherever it stands: pint's checks of PromQL that need no server.

use super::operands::Add;
use super::{joins, numbers, versions};
use crate::finding::Findings;
use crate::metric_index::{Known, SeriesKind, is_variable};
use crate::read::{Expression, Located, RATE_INTERVAL, Selection, Unparsed, selections, subexpressions};
use promql_parser::label::MatchOp;
use promql_parser::parser::Expr;
use std::time::Duration;

/// Two scrapes at the usual interval of fifteen seconds: a rate over less has nothing to compare.
const RANGE_MIN: Duration = Duration::from_secs(30);

/// Around these a counter may stand as it is: they ask whether it is there, or how it changes; what is only for gauges is
/// found as such.
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

/// Looks at an expression that stands in something called `context`; returns it if it can be parsed.
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
                format!("{context} uses `holt_winters`, which Prometheus 3 has by another name, behind a flag");
            findings.add(
                text.line,
                "prometheus-3/function",
                message,
                "use `deriv` or `avg_over_time`, which both have",
            );
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
                        format!("takes the `{}` of a sum: a restart of one instance looks like a jump", it.func.name);
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
        let message = format!("uses the counter `{name}` as it is: it only grows, and begins anew with each restart");
        add("promql/counter", message, "ask for its `rate` or `increase`");
    }
}

/// Whether a counter is shown or compared as it is.
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
        let message = format!("takes the `{function}` over {}s, in which there may be one sample", range.as_secs_f64());
        add("promql/rate", message, "take it over four scrape intervals, at least over two");
    }
}

fn matchers(selection: &Selection<'_>, add: Add<'_>) {
    for it in &selection.selector.matchers.matchers {
        let (MatchOp::Re(_) | MatchOp::NotRe(_)) = it.op else { continue };
        if is_variable(it) {
            continue;
        }
        let equal = if matches!(it.op, MatchOp::Re(_)) { "=" } else { "!=" };
        let (name, value) = (&it.name, &it.value);
        if value.starts_with('^') || value.ends_with('$') && !value.ends_with("\\$") {
            let message = format!("anchors `{name}{}\"{value}\"`, which is always anchored", it.op);
            add("promql/regexp", message, "leave out `^` and `$`");
        } else if !value.is_empty() && !value.contains(['.', '*', '+', '?', '|', '(', '[', '{', '\\']) {
            let message = format!("matches `{name}{}\"{value}\"` as a pattern, which it is not", it.op);
            add("promql/regexp", message, &format!("write `{name}{equal}\"{value}\"`"));
        } else if is_smelly(value) {
            let message = format!("takes `{name}{}\"{value}\"` apart: one label holds several things", it.op);
            add("promql/regexp", message, "give each a label of its own where the target is scraped");
        }
    }
}

/// Whether a pattern looks for pieces with anything between them.
fn is_smelly(pattern: &str) -> bool {
    let mut pieces = pattern.split(".*").flat_map(|it| it.split(".+")).filter(|it| !it.is_empty());
    let is_text = |it: &str| it.chars().any(char::is_alphanumeric) && !it.contains(['(', ')', '|', '[', ']']);
    pieces.clone().count() > 1 && pieces.all(is_text)
}

/// Whether all ranges inside `rate` and `irate` are `$__rate_interval`.
pub(super) fn wrong_rate_interval(expression: &Expression) -> bool {
    selections(&expression.tree).iter().any(|it| {
        it.function().is_some_and(|it| it == "rate" || it == "irate") && it.range.is_some_and(|it| it != RATE_INTERVAL)
    })
}
