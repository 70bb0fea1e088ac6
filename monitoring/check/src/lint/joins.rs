//! Checks whether the operands of an operation can match, and whether an aggregation's labels exist.

use super::operands::{Add, is_filter, unwrapped};
use crate::metric_index::Known;
use crate::read::{Labels, VARIABLE, labels_of};
use promql_parser::label::MatchOp;
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{AggregateExpr, BinaryExpr, Expr, LabelModifier, VectorMatchCardinality, VectorSelector};
use std::collections::BTreeSet;

/// Finds an aggregation by a label that the inner expression does not have.
pub(super) fn aggregation(it: &AggregateExpr, known: &Known<'_>, add: Add<'_>) {
    let Some(LabelModifier::Include(by)) = &it.modifier else { return };
    let inside = labels(&it.expr, known);
    for name in missing(&by.labels, &inside) {
        let message = format!("aggregates by the label `{name}`, which the inner expression does not have");
        add("promql/impossible", message, "keep the label in the inner aggregation, or remove it");
    }
}

pub(super) fn operation(it: &BinaryExpr, known: &Known<'_>, add: Add<'_>) {
    if it.lhs.value_type() != ValueType::Vector || it.rhs.value_type() != ValueType::Vector {
        return;
    }
    fragile(it, add);
    on(it, known, add);
    matching(it, known, add);
    filtered_away(it, add);
}

/// Finds operations between aggregations `without` labels. If one side gains a label, the sides no longer match.
fn fragile(it: &BinaryExpr, add: Add<'_>) {
    let without = |it: &Expr| matches!(unwrapped(it), Expr::Aggregate(it) if matches!(it.modifier, Some(LabelModifier::Exclude(_))));
    if is_plain(it) && (without(&it.lhs) || without(&it.rhs)) {
        let message =
            "combines aggregations `without` labels, which stop matching if one side gains a label".to_owned();
        add("promql/fragile", message, "aggregate `by` labels, or match `on` labels");
    }
}

/// Finds joins `on` a label that one side does not have.
fn on(it: &BinaryExpr, known: &Known<'_>, add: Add<'_>) {
    let Some(LabelModifier::Include(on)) = it.modifier.as_ref().and_then(|it| it.matching.as_ref()) else { return };
    for (side, word) in [(&it.lhs, "left"), (&it.rhs, "right")] {
        for name in missing(&on.labels, &labels(side, known)) {
            let message = format!("joins `on` the label `{name}`, which the {word} side does not have");
            add("promql/impossible", message, "join on labels that both sides keep");
        }
    }
}

/// Finds sides with different labels, which never match.
fn matching(it: &BinaryExpr, known: &Known<'_>, add: Add<'_>) {
    let operation = it.op.to_string();
    if !is_plain(it) || operation == "or" {
        return;
    }
    let (left, right) = (labels(&it.lhs, known), labels(&it.rhs, known));
    if !left.open && !right.open && left.names != right.names {
        let (left, right) = (listed(&left.names), listed(&right.names));
        let message = format!("applies `{operation}` to sides with different labels: ({left}) and ({right})");
        add("promql/vector_matching", message, "aggregate both by the same labels, or add `on (…)`");
        return;
    }
    // The other labels of a selector may be unknown, but it has the labels that it selects by.
    let sides = [(certain(&it.lhs), &right), (certain(&it.rhs), &left)];
    let alone = sides.iter().find_map(|(certain, other)| certain.iter().find(|it| !other.can_have(it)));
    if let Some(name) = alone {
        let message = format!("applies `{operation}` to two sides of which only one has the label `{name}`");
        add("promql/impossible", message, "aggregate both by the same labels, or add `on (…)`");
    }
}

/// Finds labels that are joined on the right side of `and` or `unless`, which never appear in the result.
fn filtered_away(it: &BinaryExpr, add: Add<'_>) {
    let operation = it.op.to_string();
    if operation != "and" && operation != "unless" {
        return;
    }
    let mut right = unwrapped(&it.rhs);
    while let Expr::Binary(filter) = right
        && is_filter(filter)
        && filter.rhs.value_type() == ValueType::Scalar
    {
        right = unwrapped(&filter.lhs);
    }
    let Expr::Binary(right) = right else { return };
    let Some(VectorMatchCardinality::ManyToOne(more)) = right.modifier.as_ref().map(|it| &it.card) else { return };
    if !more.labels.is_empty() {
        let message = format!(
            "joins the labels ({}) on the right side of `{operation}`, which only filters, so the result lacks them",
            more.labels.join(", ")
        );
        add("promql/impossible", message, "put the filter into parentheses, and join the labels to its result");
    }
}

fn labels(tree: &Expr, known: &Known<'_>) -> Labels {
    labels_of(tree, &|it| known.labels(it))
}

fn missing<'a>(wanted: &'a [String], there: &Labels) -> Vec<&'a String> {
    wanted.iter().filter(|it| !there.can_have(it) && !it.contains(VARIABLE)).collect()
}

/// Whether series are matched by all of their labels.
fn is_plain(it: &BinaryExpr) -> bool {
    it.modifier.as_ref().is_none_or(|it| it.matching.is_none())
}

fn listed(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// The labels that every series of the result has, because a selector requires one value of them.
fn certain(tree: &Expr) -> BTreeSet<&str> {
    match tree {
        Expr::VectorSelector(it) => required(it),
        Expr::MatrixSelector(it) => required(&it.vs),
        Expr::Paren(it) => certain(&it.expr),
        Expr::Unary(it) => certain(&it.expr),
        Expr::Subquery(it) => certain(&it.expr),
        Expr::Call(it)
            if it.func.name.ends_with("_over_time") || ["rate", "irate", "increase"].contains(&it.func.name) =>
        {
            it.args.args.last().map(|it| certain(it)).unwrap_or_default()
        }
        Expr::Aggregate(it) => match &it.modifier {
            Some(LabelModifier::Include(by)) => {
                let inside = certain(&it.expr);
                inside.into_iter().filter(|it| by.labels.iter().any(|label| label == it)).collect()
            }
            _ => BTreeSet::new(),
        },
        Expr::Binary(it) if is_filter(it) && it.rhs.value_type() == ValueType::Scalar => certain(&it.lhs),
        _ => BTreeSet::new(),
    }
}

fn required(it: &VectorSelector) -> BTreeSet<&str> {
    let fixed = it.matchers.matchers.iter().filter(|it| it.op == MatchOp::Equal && !it.value.is_empty());
    fixed.map(|it| it.name.as_str()).filter(|it| *it != "__name__").collect()
}
