//! `LogQL`: whether a query of Loki can be one, and over which ranges it goes.
//!
//! Not a parser of the whole language: brackets, quotes, selectors, stages and functions are looked at, and what stands
//! inside of filters and templates is not. The parsers on the registry are under the AGPL (logql-parser) or have not been
//! kept since 2022 (logql).

use crate::read::BYTES_MAX;

/// A piece of a query, and where quotes and variables stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    /// Brackets and operators.
    Sign(&'static str),
}

/// The longer first.
const SIGNS: &[&str] = &[
    "|=", "|~", "|>", "!=", "!~", "!>", "=~", "==", ">=", "<=", "{", "}", "(", ")", "[", "]", "|", "=", ">", "<", ",",
    "+", "-", "*", "/", "%", "^", "@", ":",
];
const MATCHES: &[&str] = &["=", "!=", "=~", "!~"];

/// Functions over the lines in a range.
const RANGES: &[&str] = &[
    "rate",
    "rate_counter",
    "bytes_rate",
    "bytes_over_time",
    "count_over_time",
    "absent_over_time",
    "sum_over_time",
    "avg_over_time",
    "max_over_time",
    "min_over_time",
    "first_over_time",
    "last_over_time",
    "stdvar_over_time",
    "stddev_over_time",
    "quantile_over_time",
];
/// All other names that can stand before a parenthesis.
const FUNCTIONS: &[&str] = &[
    "sum",
    "avg",
    "min",
    "max",
    "count",
    "stddev",
    "stdvar",
    "topk",
    "bottomk",
    "approx_topk",
    "sort",
    "sort_desc",
    "vector",
    "label_replace",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "ip",
    "duration",
    "duration_seconds",
    "bytes",
    "and",
    "or",
    "unless",
    "bool",
    "offset",
];
/// The words that a stage of a pipeline begins with, if it is no filter of a label.
const STAGES: &[&str] = &[
    "json",
    "logfmt",
    "pattern",
    "regexp",
    "unpack",
    "decolorize",
    "line_format",
    "label_format",
    "drop",
    "keep",
    "unwrap",
];

/// The ranges in a query, as they are written.
///
/// # Errors
/// When the query is no `LogQL`, with the reason.
pub(super) fn ranges(text: &str) -> Result<Vec<String>, String> {
    if text.len() > BYTES_MAX {
        return Err(format!("the query has {} bytes, and {BYTES_MAX} are read", text.len()));
    }
    let tokens = tokens(text)?;
    let mut open: Vec<&str> = Vec::new();
    let (mut ranges, mut selectors) = (Vec::new(), 0_usize);
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|it| tokens.get(it));
        let after = tokens.get(index + 1);
        match token {
            Token::Sign(sign @ ("{" | "(" | "[")) => {
                if *sign == "{" {
                    selectors += 1;
                    selector(tokens.get(index + 1..).unwrap_or_default())?;
                } else if *sign == "[" {
                    ranges.push(range(tokens.get(index + 1..).unwrap_or_default())?);
                }
                open.push(sign);
            }
            Token::Sign(sign @ ("}" | ")" | "]")) => {
                let pair = match *sign {
                    "}" => "{",
                    ")" => "(",
                    _ => "[",
                };
                if open.pop() != Some(pair) {
                    return Err(format!("`{sign}` closes what is not open"));
                }
            }
            Token::Word(word) if after == Some(&Token::Sign("(")) && !open.contains(&"{") => {
                let is_known = RANGES.contains(&word.as_str()) || FUNCTIONS.contains(&word.as_str());
                if !is_known && !word.contains('$') {
                    return Err(format!("there is no function `{word}`"));
                }
            }
            Token::Sign("|") if !open.contains(&"{") => stage(after, tokens.get(index + 2))?,
            Token::Sign("|=" | "|~" | "|>" | "!>") if before.is_some() => match after {
                Some(Token::Text(_)) => {}
                Some(Token::Word(it)) if it == "ip" || it.contains('$') => {}
                _ => return Err("a filter of lines lacks its text in quotes".to_owned()),
            },
            _ => {}
        }
    }
    if let Some(sign) = open.last() {
        return Err(format!("`{sign}` is not closed"));
    }
    let calls = tokens.iter().filter(|it| matches!(it, Token::Word(word) if RANGES.contains(&word.as_str()))).count();
    if selectors == 0 && !matches!(tokens.first(), Some(Token::Word(it)) if it == "vector" || it.contains('$')) {
        return Err("there is no selector of streams, as in `{job=\"app\"}`".to_owned());
    }
    if calls > ranges.len() {
        return Err("a function over a range lacks the range, as in `[$__auto]`".to_owned());
    }
    Ok(ranges)
}

/// What stands between braces: matchers, one of which leaves out something.
fn selector(rest: &[Token]) -> Result<(), String> {
    let inside: Vec<&Token> = rest.iter().take_while(|it| **it != Token::Sign("}")).collect();
    let mut narrows = false;
    for matcher in inside.split(|it| **it == Token::Sign(",")) {
        match matcher {
            [Token::Word(_), Token::Sign(sign), Token::Text(value)] if MATCHES.contains(sign) => {
                let is_open = value.is_empty() || *sign == "=~" && (value == ".*" || value.contains("|)"));
                narrows |= !sign.starts_with('!') && !is_open;
            }
            [Token::Word(it)] if it.contains('$') => narrows = true,
            // A comma may stand behind the last.
            [] => {}
            _ => return Err("a matcher is not like `job=\"app\"`".to_owned()),
        }
    }
    if narrows { Ok(()) } else { Err("a selector has no matcher that narrows it down".to_owned()) }
}

fn range(rest: &[Token]) -> Result<String, String> {
    let inside: String = rest
        .iter()
        .take_while(|it| **it != Token::Sign("]"))
        .map(|it| match it {
            Token::Word(it) | Token::Text(it) => it.as_str(),
            Token::Sign(it) => it,
        })
        .collect();
    let is_duration =
        inside.starts_with(|it: char| it.is_ascii_digit()) && inside.ends_with(|it: char| it.is_ascii_alphabetic());
    if is_duration || inside.contains('$') { Ok(inside) } else { Err(format!("`[{inside}]` is no range")) }
}

fn stage(first: Option<&Token>, second: Option<&Token>) -> Result<(), String> {
    match (first, second) {
        (Some(Token::Word(word)), _) if STAGES.contains(&word.as_str()) || word.contains('$') => Ok(()),
        // A filter of a label, or of several.
        (Some(Token::Word(_)), Some(Token::Sign("=" | "!=" | "=~" | "!~" | ">" | "<" | ">=" | "<=" | "==")))
        | (Some(Token::Sign("(")), _) => Ok(()),
        (Some(Token::Word(word)), _) => Err(format!("there is no stage `{word}`")),
        _ => Err("`|` is followed by no stage".to_owned()),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut all = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let taken = if first == '"' || first == '`' {
            let (value, length) = quoted(rest, first).ok_or_else(|| format!("{first} is not closed"))?;
            all.push(Token::Text(value));
            length
        } else if first == '#' {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(length) = word(rest) {
            all.push(Token::Word(rest.get(..length).unwrap_or_default().to_owned()));
            length
        } else if let Some(sign) = SIGNS.iter().find(|it| rest.starts_with(**it)) {
            all.push(Token::Sign(sign));
            sign.len()
        } else {
            return Err(format!("`{first}` stands where nothing like it can"));
        };
        rest = rest.get(taken..).unwrap_or_default().trim_start();
    }
    Ok(all)
}

fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut is_escaped = false;
    for (index, it) in text.char_indices().skip(1) {
        if is_escaped {
            is_escaped = false;
            value.push(it);
        } else if it == '\\' && quote == '"' {
            is_escaped = true;
        } else if it == quote {
            return Some((value, index + it.len_utf8()));
        } else {
            value.push(it);
        }
    }
    None
}

/// How long the name, the number, the duration or the variable is that the text begins with.
fn word(text: &str) -> Option<usize> {
    if let Some(inner) = text.strip_prefix("${") {
        return inner.find('}').map(|it| it + "${}".len());
    }
    let belongs = |it: char| it.is_alphanumeric() || ['_', '.', '$'].contains(&it);
    let length = text.find(|it| !belongs(it)).unwrap_or(text.len());
    (length > 0).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[track_caller]
    fn check(text: &str, expected: Result<&[&str], &str>) {
        let expected = expected.map(|it| it.iter().map(|it| (*it).to_owned()).collect()).map_err(str::to_owned);
        assert_eq!(ranges(text), expected, "{text}");
    }

    #[test]
    fn queries_of_loki() {
        check(r#"{job="app"}"#, Ok(&[]));
        check(
            r#"{job=~"$job", level!="debug"} |= "error" != `x` | json | status >= 500 | line_format "{{.msg}}""#,
            Ok(&[]),
        );
        check(r#"sum by (level) (count_over_time({job="app"} |~ "(?i)err" [$__auto]))"#, Ok(&["$__auto"]));
        check(r#"quantile_over_time(0.9, {job="app"} | logfmt | unwrap duration(took) [5m]) by (host)"#, Ok(&["5m"]));
        check(r#"topk(5, sum(rate({job="app"}[1h30m])) by (host)) / ${n} # why"#, Ok(&["1h30m"]));
        check(r#"{job="app"} | (a = "x" or b = "y")"#, Ok(&[]));
        check("vector(0)", Ok(&[]));
    }

    #[test]
    fn what_is_none() {
        check("sum(up)", Err("there is no selector of streams, as in `{job=\"app\"}`"));
        check(r#"{job="app""#, Err("`{` is not closed"));
        check(r#"{job="app"})"#, Err("`)` closes what is not open"));
        check(r#"{job="app} |= "x""#, Err("\" is not closed"));
        check("{job=app}", Err("a matcher is not like `job=\"app\"`"));
        check(r#"{job=~".*"}"#, Err("a selector has no matcher that narrows it down"));
        check("{}", Err("a selector has no matcher that narrows it down"));
        check(r#"{job="app"} | jsn"#, Err("there is no stage `jsn`"));
        check(r#"{job="app"} |= error"#, Err("a filter of lines lacks its text in quotes"));
        check(r#"count_over_tim({job="app"}[5m])"#, Err("there is no function `count_over_tim`"));
        check(r#"rate({job="app"})"#, Err("a function over a range lacks the range, as in `[$__auto]`"));
        check(r#"rate({job="app"}[x])"#, Err("`[x]` is no range"));
        check(r#"{job="app"} |= "x"#, Err("\" is not closed"));
        check("{job;}", Err("`;` stands where nothing like it can"));
    }
}
