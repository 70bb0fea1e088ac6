//! Parses PromQL from files. Grafana's variables are replaced first.

use lrpar::{Lexeme as _, Lexer as _, NonStreamingLexer as _};
use promql_parser::parser::token::{
    T_ADD, T_ATAN2, T_COLON, T_COMMA, T_DIV, T_EQL_REGEX, T_EQLC, T_GTE, T_GTR, T_LAND, T_LEFT_BRACE, T_LEFT_BRACKET,
    T_LEFT_PAREN, T_LOR, T_LSS, T_LTE, T_LUNLESS, T_MOD, T_MUL, T_NEQ, T_NEQ_REGEX, T_NUMBER, T_OFFSET, T_POW,
    T_RIGHT_BRACE, T_RIGHT_BRACKET, T_RIGHT_PAREN, T_STRING, T_SUB, TokenId,
};
use promql_parser::parser::{Expr, VectorSelector, lexer, parse};
use promql_parser::util::{parse_str_radix, unquote_string};
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

/// Maximum size of an expression. The longest generated ones have a tenth of it.
pub(crate) const BYTES_MAX: usize = 64 << 10;

/// Maximum nesting of parentheses, operations and ranges. The parser and the checks use stack for each level.
const DEPTH_MAX: usize = 200;

/// Maximum number of repetitions (`a{1000}`) in all patterns of an expression. The parser compiles each pattern and
/// expands its repetitions. Prometheus allows this many in one pattern.
const REPETITIONS_MAX: usize = 1000;

/// The replacement of a dashboard's variable in the place of a label, a value or a name. Its real value is unknown.
pub(crate) const VARIABLE: &str = "measurand_variable";

/// The replacement of `$__rate_interval`: a duration that is unlikely in a real query.
pub(crate) const RATE_INTERVAL: Duration = Duration::from_millis(297_123);

/// A parsed expression.
#[derive(Debug)]
pub(crate) struct Expression {
    pub(crate) tree: Expr,
    /// The names of its variables, without `$`.
    pub(crate) variables: BTreeSet<String>,
}

/// The reason why an expression could not be parsed. As text it continues a sentence that starts with its context.
#[derive(Debug)]
pub(crate) enum Unparsed {
    /// It is invalid PromQL.
    Syntax(String),
    /// It exceeds a limit, and was not parsed.
    Limit(String),
}

impl Unparsed {
    /// The way to fix it.
    pub(crate) fn help(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "fix the expression",
            Self::Limit(_) => "move parts of it to recording rules, and use the recorded series",
        }
    }
}

impl fmt::Display for Unparsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(reason) => write!(f, "has invalid PromQL: {reason}"),
            Self::Limit(reason) => write!(f, "exceeds a limit: {reason}"),
        }
    }
}

impl Expression {
    /// Parses an expression of a rule, or of a panel with its variables.
    pub(crate) fn parse(text: &str) -> Result<Self, Unparsed> {
        check_length(text)?;
        let mut variables = BTreeSet::new();
        let plain = replaced(text, &mut variables);
        check_length(&plain)?;
        check_words(&plain)?;
        let one_line = |it: String| Unparsed::Syntax(it.lines().next().unwrap_or_default().trim().to_owned());
        let tree = parse(&plain).map_err(one_line)?;
        Ok(Self { tree, variables })
    }
}

fn check_length(text: &str) -> Result<(), Unparsed> {
    let bytes = text.len();
    if bytes > BYTES_MAX {
        return Err(Unparsed::Limit(format!("the expression has {bytes} bytes, the maximum is {BYTES_MAX}")));
    }
    Ok(())
}

/// Checks the tokens of an expression before it is parsed, because some expressions make the parser overflow its stack,
/// run for a long time or panic.
fn check_words(text: &str) -> Result<(), Unparsed> {
    let lexer = lexer(text).map_err(Unparsed::Syntax)?;
    let (mut depth, mut repetitions) = (Depth::default(), 0_usize);
    let mut before = (T_ADD, T_ADD);
    for word in lexer.iter().flatten() {
        let (id, text) = (word.tok_id(), lexer.span_str(word.span()));
        depth.take(id);
        if depth.deepest > DEPTH_MAX {
            return Err(Unparsed::Limit(format!("the expression is nested more than {DEPTH_MAX} deep")));
        }
        if id == T_STRING && [T_EQL_REGEX, T_NEQ_REGEX].contains(&before.1) {
            let pattern = unquote_string(text).unwrap_or_default();
            repetitions = repetitions.saturating_add(repeated(&pattern));
            if repetitions > REPETITIONS_MAX {
                let reason = format!("its patterns repeat parts more than {REPETITIONS_MAX} times");
                return Err(Unparsed::Limit(reason));
            }
        }
        let is_duration = matches!(before, (_, T_LEFT_BRACKET | T_COLON | T_OFFSET) | (T_OFFSET, T_ADD | T_SUB));
        if is_duration && id == T_NUMBER {
            check_duration(text).map_err(Unparsed::Syntax)?;
        }
        before = (before.1, id);
    }
    Ok(())
}

/// Checks a number in the place of a duration, where it means seconds. The parser panics if it is too large or `NaN`,
/// and Prometheus stores nanoseconds in 64 bits.
fn check_duration(number: &str) -> Result<(), String> {
    let seconds = Duration::try_from_secs_f64(parse_str_radix(number)?).ok();
    if seconds.is_none_or(|it| i64::try_from(it.as_nanos()).is_err()) {
        return Err(format!("the duration `{number}` is out of range, the maximum is 9.2e9 seconds"));
    }
    Ok(())
}

/// An upper bound for the depth of an expression's tree, computed from its tokens. Between two parentheses each
/// operation may contain the one before it, as in `a + b + c`, and all of them may contain an inner pair of
/// parentheses.
#[derive(Default)]
struct Depth {
    /// The outer levels.
    open: Vec<Nesting>,
    here: Nesting,
    /// Whether the token is between braces, where operators compare labels and do not nest.
    is_selector: bool,
    deepest: usize,
}

/// The nesting between two parentheses.
#[derive(Default)]
struct Nesting {
    /// Number of operations since the last comma.
    operations: usize,
    /// Maximum depth of inner parentheses since the last comma.
    inside: usize,
    /// Maximum depth before the last comma.
    before: usize,
}

impl Nesting {
    fn depth(&self) -> usize {
        self.before.max(self.operations + self.inside)
    }
}

impl Depth {
    fn take(&mut self, word: TokenId) {
        match word {
            T_RIGHT_BRACE => self.is_selector = false,
            _ if self.is_selector => {}
            T_LEFT_BRACE => self.is_selector = true,
            T_LEFT_PAREN | T_LEFT_BRACKET => self.open.push(std::mem::take(&mut self.here)),
            T_RIGHT_PAREN | T_RIGHT_BRACKET => {
                let inside = 1 + self.here.depth();
                self.here = self.open.pop().unwrap_or_default();
                self.here.inside = self.here.inside.max(inside);
                // A subquery contains the expression before its bracket.
                self.here.operations += usize::from(word == T_RIGHT_BRACKET);
            }
            T_COMMA => self.here = Nesting { before: self.here.depth(), ..Nesting::default() },
            T_ADD | T_SUB | T_MUL | T_DIV | T_MOD | T_POW | T_ATAN2 | T_EQLC | T_NEQ | T_LSS | T_LTE | T_GTR
            | T_GTE | T_LAND | T_LOR | T_LUNLESS => self.here.operations += 1,
            _ => {}
        }
        self.deepest = self.deepest.max(self.here.depth());
    }
}

/// Number of repetitions in a pattern, multiplied if nested: 6 for `(a{3}b){2}`.
fn repeated(pattern: &str) -> usize {
    // The number of repetitions in each open group.
    let mut groups = vec![0_usize];
    // The number of repetitions in the part before this character, which a count would multiply.
    let mut last = 0_usize;
    let mut rest = pattern;
    // With the flag `x`, blanks and comments are allowed between a part and its count.
    let (mut is_class, mut is_verbose) = (false, false);
    while let Some(it) = rest.chars().next() {
        rest = rest.get(it.len_utf8()..).unwrap_or_default();
        match it {
            '\\' => {
                rest = rest.get(rest.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default();
                last = 0;
            }
            ']' => (is_class, last) = (false, 0),
            _ if is_class => {}
            '[' => is_class = true,
            '(' => {
                let flags = rest.strip_prefix('?').unwrap_or_default();
                is_verbose |= flags.chars().take_while(char::is_ascii_alphabetic).any(|it| it == 'x');
                groups.push(0);
                last = 0;
            }
            ')' => {
                last = if groups.len() > 1 { groups.pop().unwrap_or_default() } else { 0 };
                add(&mut groups, last);
            }
            '{' => match count(rest) {
                Some((count, length)) => {
                    let more = count.saturating_mul(last.max(1)).saturating_sub(last);
                    add(&mut groups, more);
                    last = last.saturating_add(more);
                    rest = rest.get(length..).unwrap_or_default();
                }
                None => last = 0,
            },
            '*' | '+' | '?' => {}
            _ if is_verbose => {}
            _ => last = 0,
        }
    }
    groups.into_iter().fold(0, usize::saturating_add)
}

/// Adds repetitions to the innermost group.
fn add(groups: &mut [usize], repetitions: usize) {
    if let Some(group) = groups.last_mut() {
        *group = group.saturating_add(repetitions);
    }
}

/// The larger number of a count (`3}`, `2,3}`, `3,}`) after its opening brace, and the count's length.
fn count(text: &str) -> Option<(usize, usize)> {
    let length = text.find(|it: char| !it.is_ascii_digit() && it != ',' && !it.is_whitespace())?;
    let inside = text.get(..length).filter(|_| text[length..].starts_with('}'))?;
    let number = |text: &str| {
        let digits = text.trim();
        // A number that overflows is too large in any case.
        let is_number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
        is_number.then(|| digits.parse::<usize>().unwrap_or(usize::MAX))
    };
    let (low, high) = inside.split_once(',').unwrap_or((inside, inside));
    Some((number(high).or_else(|| number(low))?, length + 1))
}

/// A selector and the functions around it.
#[derive(Debug)]
pub(crate) struct Selection<'a> {
    pub(crate) selector: &'a VectorSelector,
    /// The range in brackets.
    pub(crate) range: Option<Duration>,
    /// The functions and aggregations around it, the innermost one last.
    pub(crate) around: Vec<String>,
}

impl Selection<'_> {
    /// The name of the series. Returns `None` if it is a pattern or a variable.
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

/// All selectors of an expression.
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

/// The expression and all its subexpressions, outer ones first.
pub(crate) fn subexpressions(tree: &Expr) -> Vec<&Expr> {
    let (mut all, mut waiting) = (Vec::new(), vec![tree]);
    while let Some(it) = waiting.pop() {
        all.push(it);
        waiting.extend(children(it).into_iter().rev());
    }
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

/// Maximum length of a variable with its format. It bounds the search for the closing brace.
const VARIABLE_CHARACTERS_MAX: usize = 256;

/// Replaces Grafana's variables: `$x`, `${x}`, `${x:regex}` and `[[x]]`.
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

/// The variable at the start of the text: its name, and its length including `$` and braces.
fn variable(text: &str) -> Option<(&str, usize)> {
    let enclosed = |open: &str, close: &str| {
        let inner = text.strip_prefix(open)?;
        let length = inner.char_indices().nth(VARIABLE_CHARACTERS_MAX).map_or(inner.len(), |(it, _)| it);
        let end = inner.get(..length)?.find(close)?;
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

/// Whether this is a variable's name. Names such as `$1` are groups of regular expressions.
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
    use super::{BYTES_MAX, DEPTH_MAX, Expression, RATE_INTERVAL, Unparsed, children, repeated, replaced, selections};
    use crate::read::{Labels, labels_of};
    use promql_parser::parser::Expr;
    use std::collections::BTreeSet;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(replaced(text, &mut BTreeSet::new()), expected);
        Expression::parse(text).unwrap();
    }

    #[test]
    fn variables_are_replaced_by_context() {
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
    fn durations_out_of_range_are_errors() {
        let long = "3".repeat(50);
        for (text, number) in [
            (format!("x[{long}]"), &*long),
            ("x[5m:1e300]".to_owned(), "1e300"),
            ("x offset 1e10".to_owned(), "1e10"),
            ("x offset - 0x7fffffffffffffff".to_owned(), "0x7fffffffffffffff"),
            ("x offset +inf".to_owned(), "inf"),
            ("x offset nan".to_owned(), "nan"),
        ] {
            let error = Expression::parse(&text).unwrap_err().to_string();
            assert!(error.contains(&format!("`{number}` is out of range")), "{text}: {error}");
        }
        for text in ["x[300]", "x[5m:0x20]", "x offset -60", "x > 1e300", "x > -inf", "{a=\"[1e300]\"} # [1e300]"] {
            Expression::parse(text).unwrap();
        }
    }

    /// Checks whether an expression exceeds a limit. The small stack of a test thread would overflow without the
    /// limits.
    #[track_caller]
    fn check_limit(text: &str, expected: Option<&str>) {
        match (Expression::parse(text), expected) {
            (Err(Unparsed::Limit(reason)), Some(expected)) => assert!(reason.contains(expected), "{reason}"),
            (Ok(it), None) => assert!(depth(&it.tree) <= DEPTH_MAX, "{}", depth(&it.tree)),
            (found, _) => panic!("{:.80}: {:.200}", text, format!("{found:?}")),
        }
    }

    fn depth(tree: &Expr) -> usize {
        children(tree).into_iter().map(|it| 1 + depth(it)).max().unwrap_or_default()
    }

    #[test]
    fn what_is_nested_too_deep_is_not_parsed() {
        for (open, close) in
            [("(", ")"), ("-", ""), ("sum(", ")"), ("up + ", ""), ("2 ^ ", ""), ("avg_over_time(", "[5m:1m])")]
        {
            let nested = |times: usize| format!("{}up{}", open.repeat(times), close.repeat(times));
            check_limit(
                &nested(10_000),
                Some(if nested(10_000).len() > BYTES_MAX { "bytes" } else { "nested more than 200" }),
            );
            check_limit(&nested(1_000), Some("nested more than 200 deep"));
            check_limit(&nested(50), None);
        }
        check_limit(&format!("({}up) {}", "-up + ".repeat(99), "+ up".repeat(99)), Some("nested"));
        check_limit(&format!("label_join(up, {} \"b\")", "\"a\", ".repeat(5_000)), None);
        check_limit(&format!("up{{{}}}", "a!=\"b\",".repeat(5_000)), None);
        check_limit(&"(up + up) * ".repeat(10_000), Some("bytes"));
        Expression::parse(&"[[".repeat(30_000)).unwrap_err();
    }

    #[test]
    fn what_patterns_repeat_is_counted() {
        for (pattern, expected) in [
            ("(a{3}b){2}", 6),
            ("[0-9]{2,4}x{3,}", 7),
            ("((a{9}){9}){9}", 729),
            ("(a{9})?{9}", 81),
            ("a{9}{9}", 81),
            ("(?x) (a{9}) {9}", 81),
            ("[{9}]a{b}{,}\\{9}", 0),
            ("a{000000000000000000000000000000009}", 9),
            ("é{2}\\é{2}", 4),
            (")a{2}", 2),
        ] {
            assert_eq!(repeated(pattern), expected, "{pattern}");
        }
        check_limit(r#"up{a=~"(a{1000}){1000}"}"#, Some("repeat parts more than 1000 times"));
        check_limit(r#"up{a=~"(a\x7b1000}){1000}"}"#, Some("repeat parts more than 1000 times"));
        check_limit(&format!("up{{{}}}", "a!~'b{500}',".repeat(3)), Some("repeat parts more than 1000 times"));
        check_limit(r#"up{a=~"[0-9a-f]{64}|[^/]{1,63}"}"#, None);
    }

    /// Each argument is computed once; twice at each of these levels would take years.
    #[test]
    fn labels_of_what_is_nested_are_found_at_once() {
        let text = format!("{}up{}", "predict_linear(".repeat(60), "[5m:1m], 1)".repeat(60));
        let tree = Expression::parse(&text).unwrap().tree;
        assert_eq!(labels_of(&tree, &|_| Labels::of(["job"])), Labels::of(["job"]));
    }

    #[test]
    fn selections_contain_the_functions_around_them() {
        let expression = Expression::parse("sum(rate(a_total[$__rate_interval])) / count(b)").unwrap();
        let all = selections(&expression.tree);
        assert_eq!(all[0].name(), Some("a_total"));
        assert_eq!((all[0].function(), all[0].range), (Some("rate"), Some(RATE_INTERVAL)));
        assert_eq!((all[1].name(), all[1].function()), (Some("b"), Some("count")));
        assert!(expression.variables.contains("__rate_interval"));
    }
}
