//! PromQL as it stands in a file: Grafana's variables are replaced, then it is parsed.

use lrpar::{Lexeme as _, Lexer as _, NonStreamingLexer as _};
use promql_parser::parser::token::{T_ADD, T_COLON, T_LEFT_BRACKET, T_NUMBER, T_OFFSET, T_SUB};
use promql_parser::parser::{Expr, VectorSelector, lexer, parse};
use promql_parser::util::parse_str_radix;
use std::collections::BTreeSet;
use std::time::Duration;

/// What a variable of a dashboard becomes where a label, a value or a name belongs; whoever sees it knows nothing more.
pub(crate) const VARIABLE: &str = "measurand_variable";

/// What `$__rate_interval` becomes; nobody writes this by hand.
pub(crate) const RATE_INTERVAL: Duration = Duration::from_millis(297_123);

/// An expression that was parsed.
#[derive(Debug)]
pub(crate) struct Expression {
    pub(crate) tree: Expr,
    /// The variables that it names, without `$`.
    pub(crate) variables: BTreeSet<String>,
}

impl Expression {
    /// Parses an expression of a rule, or of a panel with its variables.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut variables = BTreeSet::new();
        let plain = replaced(text, &mut variables);
        let one_line = |it: String| it.lines().next().unwrap_or_default().trim().to_owned();
        let tree = check_durations(&plain).and_then(|()| parse(&plain)).map_err(one_line)?;
        Ok(Self { tree, variables })
    }
}

/// Where a duration belongs, a number means seconds. The parser panics at one that is too large or no number, and
/// Prometheus has nanoseconds in 64 bits.
fn check_durations(text: &str) -> Result<(), String> {
    let lexer = lexer(text)?;
    let mut before = (T_ADD, T_ADD);
    for word in lexer.iter().flatten() {
        let belongs = matches!(before, (_, T_LEFT_BRACKET | T_COLON | T_OFFSET) | (T_OFFSET, T_ADD | T_SUB));
        if belongs && word.tok_id() == T_NUMBER {
            let number = lexer.span_str(word.span());
            let seconds = Duration::try_from_secs_f64(parse_str_radix(number)?).ok();
            if seconds.is_none_or(|it| i64::try_from(it.as_nanos()).is_err()) {
                return Err(format!("the duration `{number}` is out of range; write 9.2e9 seconds or less"));
            }
        }
        before = (before.1, word.tok_id());
    }
    Ok(())
}

/// A selector and what stands around it.
#[derive(Debug)]
pub(crate) struct Selection<'a> {
    pub(crate) selector: &'a VectorSelector,
    /// The range in brackets, if there is one.
    pub(crate) range: Option<Duration>,
    /// The functions and aggregations around it, the innermost last.
    pub(crate) around: Vec<String>,
}

impl Selection<'_> {
    /// The name of the series, if it is one name.
    pub(crate) fn name(&self) -> Option<&str> {
        use promql_parser::label::MatchOp;
        let by_label = self.selector.matchers.matchers.iter().find(|it| it.name == "__name__");
        let equal = by_label.filter(|it| it.op == MatchOp::Equal).map(|it| it.value.as_str());
        self.selector.name.as_deref().or(equal).filter(|it| !it.contains(VARIABLE))
    }

    /// The function directly around it.
    pub(crate) fn function(&self) -> Option<&str> {
        self.around.last().map(String::as_str)
    }
}

/// Every selector of an expression.
pub(crate) fn selections(tree: &Expr) -> Vec<Selection<'_>> {
    let mut all = Vec::new();
    collect(tree, &mut Vec::new(), &mut all);
    all
}

fn collect<'a>(tree: &'a Expr, around: &mut Vec<String>, all: &mut Vec<Selection<'a>>) {
    match tree {
        Expr::VectorSelector(it) => all.push(Selection { selector: it, range: None, around: around.clone() }),
        Expr::MatrixSelector(it) => {
            all.push(Selection { selector: &it.vs, range: Some(it.range), around: around.clone() });
        }
        _ => {
            let name = match tree {
                Expr::Call(it) => Some(it.func.name.to_owned()),
                Expr::Aggregate(it) => Some(it.op.to_string()),
                _ => None,
            };
            let is_some = name.is_some();
            around.extend(name);
            for child in children(tree) {
                collect(child, around, all);
            }
            if is_some {
                around.pop();
            }
        }
    }
}

/// The expression and all expressions inside it.
pub(crate) fn subexpressions(tree: &Expr) -> Vec<&Expr> {
    let mut all = vec![tree];
    all.extend(children(tree).into_iter().flat_map(subexpressions));
    all
}

fn children(tree: &Expr) -> Vec<&Expr> {
    match tree {
        Expr::Aggregate(it) => it.param.iter().map(|it| &**it).chain([&*it.expr]).collect(),
        Expr::Unary(it) => vec![&it.expr],
        Expr::Binary(it) => vec![&it.lhs, &it.rhs],
        Expr::Paren(it) => vec![&it.expr],
        Expr::Subquery(it) => vec![&it.expr],
        Expr::Call(it) => it.args.args.iter().map(|it| &**it).collect(),
        Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::VectorSelector(_)
        | Expr::MatrixSelector(_)
        | Expr::Extension(_) => Vec::new(),
    }
}

/// The text without variables of Grafana: `$x`, `${x}`, `${x:regex}` and `[[x]]`.
fn replaced(text: &str, variables: &mut BTreeSet<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut quote = None;
    while let Some(first) = rest.chars().next() {
        if let Some((name, length)) = variable(rest) {
            out.push_str(&value(name, quote.is_some(), &out, rest.get(length..).unwrap_or_default()));
            variables.insert(name.to_owned());
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        let escaped = first == '\\' && quote.is_some_and(|it| it != '`');
        match quote {
            Some(it) if it == first => quote = None,
            None if ['"', '\'', '`'].contains(&first) => quote = Some(first),
            _ => {}
        }
        let length = first.len_utf8() + if escaped { rest.chars().nth(1).map_or(0, char::len_utf8) } else { 0 };
        out.push_str(rest.get(..length).unwrap_or_default());
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

/// The variable that the text begins with: its name, and how long it is with all that marks it.
fn variable(text: &str) -> Option<(&str, usize)> {
    let enclosed = |open: &str, close: &str| {
        let inner = text.strip_prefix(open)?;
        let end = inner.find(close)?;
        let name = inner.get(..end)?.split([':', '.']).next()?;
        is_name(name).then_some((name, open.len() + end + close.len()))
    };
    let bare = || {
        let inner = text.strip_prefix('$')?;
        let end = inner.find(|it: char| !it.is_ascii_alphanumeric() && it != '_').unwrap_or(inner.len());
        let name = inner.get(..end)?;
        is_name(name).then_some((name, 1 + end))
    };
    enclosed("${", "}").or_else(|| enclosed("[[", "]]")).or_else(bare)
}

/// A group of a regular expression is called `$1`; no variable is.
fn is_name(name: &str) -> bool {
    name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_')
        && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
}

fn value(name: &str, quoted: bool, before: &str, after: &str) -> String {
    if name == "__rate_interval" {
        return format!("{}ms", RATE_INTERVAL.as_millis());
    }
    if quoted {
        return VARIABLE.to_owned();
    }
    let before = before.trim_end();
    let number = before.ends_with(['>', '<', '=', '*', '/', '+', '-', '%', '^'])
        || before.ends_with('(') && after.trim_start().starts_with(',');
    if before.ends_with(['[', ':']) || name == "__interval" || name == "__range" {
        "5m".to_owned()
    } else if number || name.ends_with("_s") || name.ends_with("_ms") {
        "1".to_owned()
    } else {
        VARIABLE.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{Expression, RATE_INTERVAL, replaced, selections};
    use std::collections::BTreeSet;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(replaced(text, &mut BTreeSet::new()), expected);
        Expression::parse(text).unwrap();
    }

    #[test]
    fn variables_become_what_belongs_there() {
        check(r#"x{job=~"$job"}"#, r#"x{job=~"measurand_variable"}"#);
        check(r#"x{job=~"${job:regex}|[[other]]"}"#, r#"x{job=~"measurand_variable|measurand_variable"}"#);
        check("rate(x[$__rate_interval])", "rate(x[297123ms])");
        check("increase(x[$__range])", "increase(x[5m])");
        check("rate(x[$own:$own])", "rate(x[5m:5m])");
        check("x > $limit", "x > 1");
        check("topk($n, x)", "topk(1, x)");
        check("sum by ($by) (x)", "sum by (measurand_variable) (x)");
        check(r#"label_replace(x, "a", "$1", "b", "(.*)")"#, r#"label_replace(x, "a", "$1", "b", "(.*)")"#);
        check(r#"x{a="\"$"}"#, r#"x{a="\"$"}"#);
    }

    #[test]
    fn durations_that_nobody_can_wait_for_are_errors() {
        let long = "3".repeat(50);
        for (text, number) in [
            (format!("x[{long}]"), &*long),
            ("x[5m:1e300]".to_owned(), "1e300"),
            ("x offset 1e10".to_owned(), "1e10"),
            ("x offset - 0x7fffffffffffffff".to_owned(), "0x7fffffffffffffff"),
            ("x offset +inf".to_owned(), "inf"),
            ("x offset nan".to_owned(), "nan"),
        ] {
            let error = Expression::parse(&text).unwrap_err();
            assert!(error.contains(&format!("`{number}` is out of range")), "{text}: {error}");
        }
        for text in ["x[300]", "x[5m:0x20]", "x offset -60", "x > 1e300", "x > -inf", "{a=\"[1e300]\"} # [1e300]"] {
            Expression::parse(text).unwrap();
        }
    }

    #[test]
    fn selections_know_what_is_around_them() {
        let expression = Expression::parse("sum(rate(a_total[$__rate_interval])) / count(b)").unwrap();
        let all = selections(&expression.tree);
        assert_eq!(all[0].name(), Some("a_total"));
        assert_eq!((all[0].function(), all[0].range), (Some("rate"), Some(RATE_INTERVAL)));
        assert_eq!((all[1].name(), all[1].function()), (Some("b"), Some("count")));
        assert!(expression.variables.contains("__rate_interval"));
    }
}
