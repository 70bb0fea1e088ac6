//! Checks numbers in expressions: comparisons that are never true, and divisions by zero.

use super::operands::{Add, is_filter, unwrapped};
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{AggregateExpr, BinaryExpr, Expr};

/// Finds comparisons that are never true.
pub(super) fn comparison(it: &BinaryExpr, add: Add<'_>) {
    let Some(value) = number(&it.rhs) else { return };
    let (name, low, high) = match unwrapped(&it.lhs) {
        Expr::Call(it) if it.func.name == "absent" || it.func.name == "absent_over_time" => (it.func.name, 1.0, 1.0),
        Expr::Aggregate(it) if it.op.to_string() == "count" => ("count", 1.0, f64::INFINITY),
        Expr::Aggregate(it) if it.op.to_string() == "group" => ("group", 1.0, 1.0),
        _ => return,
    };
    let never = match it.op.to_string().as_str() {
        "==" => value < low || value > high,
        "<" => value <= low,
        "<=" => value < low,
        ">" => value >= high,
        ">=" => value > high,
        _ => false,
    };
    if never {
        let message = format!(
            "compares `{name}(…) {} {value}`, which is never true: the value is at least {low}, or missing",
            it.op
        );
        add("promql/impossible", message, "use `absent` to find missing series");
    }
}

/// Finds aggregations that may be `NaN`: one series with the value `NaN` makes the whole sum `NaN`.
pub(super) fn contaminated(it: &AggregateExpr, add: Add<'_>) {
    let operation = it.op.to_string();
    if !["sum", "avg", "stddev", "stdvar"].contains(&operation.as_str()) {
        return;
    }
    if let Some(division) = division_by_zero(&it.expr) {
        let message = format!(
            "takes the `{operation}` of `… {} …`, whose divisor may be 0: one such series makes the result NaN",
            division.op
        );
        add("promql/nan", message, "divide by `(… > 0)`, or divide sums: `sum(…) / sum(…)`");
    }
}

/// A division whose divisor may be zero and whose result is not filtered.
fn division_by_zero(tree: &Expr) -> Option<&BinaryExpr> {
    match tree {
        Expr::Paren(it) => division_by_zero(&it.expr),
        Expr::Unary(it) => division_by_zero(&it.expr),
        Expr::Subquery(it) => division_by_zero(&it.expr),
        Expr::Call(it) => it.args.args.iter().find_map(|it| division_by_zero(it)),
        // Comparisons with `NaN` are false, so a filter removes it.
        Expr::Binary(it) if is_filter(it) => None,
        Expr::Binary(it) => {
            let divides = matches!(it.op.to_string().as_str(), "/" | "%");
            if divides && it.lhs.value_type() == ValueType::Vector && !is_never_zero(&it.rhs) {
                return Some(it);
            }
            division_by_zero(&it.lhs).or_else(|| division_by_zero(&it.rhs))
        }
        // Inner aggregations are checked separately.
        _ => None,
    }
}

fn is_never_zero(tree: &Expr) -> bool {
    match unwrapped(tree) {
        Expr::NumberLiteral(it) => it.val != 0.0,
        Expr::Unary(it) => is_never_zero(&it.expr),
        Expr::Binary(it) if is_filter(it) => {
            let Some(limit) = number(&it.rhs) else { return false };
            match it.op.to_string().as_str() {
                ">" => limit >= 0.0,
                ">=" => limit > 0.0,
                "<" => limit <= 0.0,
                "<=" => limit < 0.0,
                "!=" => limit == 0.0,
                "==" => limit != 0.0,
                _ => false,
            }
        }
        Expr::Binary(it) => match it.op.to_string().as_str() {
            "*" | "or" => is_never_zero(&it.lhs) && is_never_zero(&it.rhs),
            "and" | "unless" => is_never_zero(&it.lhs),
            _ => false,
        },
        Expr::Call(it) => {
            let argument = |index: usize| it.args.args.get(index).and_then(|it| number(it));
            match it.func.name {
                "clamp_min" => argument(1).is_some_and(|it| it > 0.0),
                "clamp_max" => argument(1).is_some_and(|it| it < 0.0),
                "clamp" => argument(1).is_some_and(|it| it > 0.0) || argument(2).is_some_and(|it| it < 0.0),
                "time" | "pi" | "exp" => true,
                "vector" | "scalar" | "abs" => it.args.args.first().is_some_and(|it| is_never_zero(it)),
                _ => false,
            }
        }
        Expr::Aggregate(it) => match it.op.to_string().as_str() {
            "count" | "group" => true,
            // The sum of positive numbers is positive.
            "sum" | "min" | "max" | "avg" | "topk" | "bottomk" => is_never_zero(&it.expr) && is_of_one_sign(&it.expr),
            _ => false,
        },
        _ => false,
    }
}

/// Whether all values that pass a filter have the same sign.
fn is_of_one_sign(tree: &Expr) -> bool {
    !matches!(unwrapped(tree), Expr::Binary(it) if it.op.to_string() == "!=")
}

/// The value of an expression that is a number.
pub(super) fn number(tree: &Expr) -> Option<f64> {
    match unwrapped(tree) {
        Expr::NumberLiteral(it) => Some(it.val),
        Expr::Unary(it) => number(&it.expr).map(|it| -it),
        _ => None,
    }
}
