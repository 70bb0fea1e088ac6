//! Computes the labels of an expression's result.

use promql_parser::label::MatchOp;
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{BinaryExpr, Expr, LabelModifier, VectorMatchCardinality, VectorSelector};
use std::collections::BTreeSet;

/// The labels that a result can have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Labels {
    pub(crate) names: BTreeSet<String>,
    /// Whether there may be other, unknown labels.
    pub(crate) open: bool,
}

impl Labels {
    pub(crate) const UNKNOWN: Labels = Labels { names: BTreeSet::new(), open: true };

    pub(crate) fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self { names: names.into_iter().map(str::to_owned).collect(), open: false }
    }

    pub(crate) fn can_have(&self, name: &str) -> bool {
        self.open || self.names.contains(name)
    }

    fn without(mut self, names: &[String]) -> Self {
        // An open set stays open, so it may still report a removed label as possible; that is rare.
        self.names.retain(|it| !names.contains(it));
        self
    }

    fn only(&self, names: &[String]) -> Self {
        let kept = names.iter().filter(|it| self.can_have(it) || it.contains(super::VARIABLE));
        Self { open: names.iter().any(|it| it.contains(super::VARIABLE)), names: kept.cloned().collect() }
    }

    fn and(mut self, other: Self) -> Self {
        self.names.extend(other.names);
        self.open |= other.open;
        self
    }
}

/// The labels of an expression's result. `of_series` returns the labels of a selector's series.
pub(crate) fn labels_of(tree: &Expr, of_series: &dyn Fn(&VectorSelector) -> Labels) -> Labels {
    let of = |it: &Expr| labels_of(it, of_series);
    match tree {
        Expr::VectorSelector(it) => of_series(it),
        Expr::MatrixSelector(it) => of_series(&it.vs),
        Expr::Paren(it) => of(&it.expr),
        Expr::Unary(it) => of(&it.expr),
        Expr::Subquery(it) => of(&it.expr),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) => Labels::default(),
        Expr::Extension(_) => Labels::UNKNOWN,
        Expr::Aggregate(it) => {
            let inner = of(&it.expr);
            let operation = it.op.to_string();
            if ["topk", "bottomk", "limitk", "limit_ratio"].contains(&operation.as_str()) {
                return inner;
            }
            let mut labels = match &it.modifier {
                None => Labels::default(),
                Some(LabelModifier::Include(by)) => inner.only(&by.labels),
                Some(LabelModifier::Exclude(without)) => inner.without(&without.labels),
            };
            if operation == "count_values" {
                labels.names.extend(it.param.as_deref().and_then(string).map(str::to_owned));
            }
            labels
        }
        Expr::Call(it) => call(it.func.name, &it.args.args, &of),
        Expr::Binary(it) => binary(it, &of),
    }
}

fn call(name: &str, arguments: &[Box<Expr>], of: &dyn Fn(&Expr) -> Labels) -> Labels {
    // Each argument is computed only once; otherwise nested calls would take exponential time.
    let first = || arguments.first().map(|it| of(it)).unwrap_or_default();
    match name {
        "absent" | "absent_over_time" => absent(arguments.first().map(|it| &**it)),
        "vector" | "scalar" | "time" | "pi" => Labels::default(),
        "histogram_quantile" | "histogram_fraction" => {
            let of_buckets = arguments.last().map(|it| of(it)).unwrap_or_default();
            of_buckets.without(&["le".to_owned()])
        }
        "quantile_over_time" | "predict_linear" | "double_exponential_smoothing" => {
            arguments.iter().map(|it| of(it)).fold(Labels::default(), Labels::and)
        }
        "label_replace" | "label_join" => {
            let added = arguments.get(1).and_then(|it| string(it)).map(str::to_owned);
            let mut labels = first();
            labels.names.extend(added);
            labels
        }
        "info" => Labels::UNKNOWN,
        _ => first(),
    }
}

/// The labels of `absent`: those to which its selector gives one value.
fn absent(argument: Option<&Expr>) -> Labels {
    let selector = match argument {
        Some(Expr::VectorSelector(it)) => it,
        Some(Expr::MatrixSelector(it)) => &it.vs,
        _ => return Labels::default(),
    };
    let fixed = selector.matchers.matchers.iter().filter(|it| it.op == MatchOp::Equal && it.name != "__name__");
    Labels::of(fixed.map(|it| it.name.as_str()))
}

fn binary(it: &BinaryExpr, of: &dyn Fn(&Expr) -> Labels) -> Labels {
    let (left, right) = (of(&it.lhs), of(&it.rhs));
    match it.op.to_string().as_str() {
        "or" => return left.and(right),
        "and" | "unless" => return left,
        _ => {}
    }
    let is_number = |it: &Expr| it.value_type() == ValueType::Scalar;
    if is_number(&it.rhs) {
        return left;
    }
    if is_number(&it.lhs) {
        return right;
    }
    let Some(modifier) = &it.modifier else { return left };
    match &modifier.card {
        VectorMatchCardinality::ManyToOne(more) => left.and(Labels::of(more.labels.iter().map(String::as_str))),
        VectorMatchCardinality::OneToMany(more) => right.and(Labels::of(more.labels.iter().map(String::as_str))),
        _ => match &modifier.matching {
            Some(LabelModifier::Include(on)) => left.only(&on.labels),
            Some(LabelModifier::Exclude(ignoring)) => left.without(&ignoring.labels),
            None => left,
        },
    }
}

fn string(tree: &Expr) -> Option<&str> {
    if let Expr::StringLiteral(it) = tree { Some(&it.val) } else { None }
}

#[cfg(test)]
mod tests {
    use super::{Labels, labels_of};

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let expression = crate::read::Expression::parse(text).unwrap();
        let found = labels_of(&expression.tree, &|_| Labels::of(["job", "instance", "le"]));
        assert_eq!(found, Labels::of(expected.iter().copied()), "{text}");
    }

    #[test]
    fn results_have_these_labels() {
        check("x", &["instance", "job", "le"]);
        check("sum(x)", &[]);
        check("sum by (job, gone) (x)", &["job"]);
        check("sum without (le) (rate(x[5m])) > 1", &["instance", "job"]);
        check("histogram_quantile(0.9, sum by (job, le) (rate(x[5m])))", &["job"]);
        check("topk(3, x)", &["instance", "job", "le"]);
        check("sum by (job) (x) / on (job) group_left (version) y", &["job", "version"]);
        check("x / on (job) y", &["job"]);
        check("1 - sum by (job) (x)", &["job"]);
        check("absent(up{job=\"a\", x=~\"b\"})", &["job"]);
        check(r#"label_replace(sum(x), "a", "b", "c", "d")"#, &["a"]);
        check(r#"count_values("v", x)"#, &["v"]);
        check("sum by (job) (x) or vector(0)", &["job"]);
        check("sum by (le) (x) and sum by (job) (x)", &["le"]);
    }
}
