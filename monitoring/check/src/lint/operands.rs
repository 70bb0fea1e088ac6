//! Helpers for the checks of expressions: properties of operands, and the type of the reporting function.

use promql_parser::parser::{BinaryExpr, Expr};

/// Reports a finding: its rule, its message and its help.
pub(super) type Add<'a> = &'a mut dyn FnMut(&'static str, String, &str);

/// Whether an operation is a comparison that filters series and keeps their values.
pub(super) fn is_filter(it: &BinaryExpr) -> bool {
    let compares = matches!(it.op.to_string().as_str(), "==" | "!=" | "<" | ">" | "<=" | ">=");
    compares && it.modifier.as_ref().is_none_or(|it| !it.return_bool)
}

/// The expression without parentheses around it.
pub(super) fn unwrapped(it: &Expr) -> &Expr {
    if let Expr::Paren(inner) = it { unwrapped(&inner.expr) } else { it }
}
