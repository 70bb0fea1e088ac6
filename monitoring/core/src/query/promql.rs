//! Prints queries as PromQL that Prometheus 2.42 and 3 read in the same way.
//!
//! Only this module depends on PromQL: the precedence of its operators, its quoting, and the rule that every selector
//! names the job, and in a dashboard the instance.

mod native;

use crate::query::{Aggregation, Combination, Comparison, Match, Matcher, Origin, Query, Selector, Window};
use std::fmt::Write;

/// The destination of a printed query, which determines its selectors and the lengths of its windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// A rule file, for one job.
    Rules {
        /// The value of the label `job`.
        job: &'a str,
    },
    /// A dashboard with the variables `$job` and `$instance`.
    Dashboard,
    /// A query sent by hand: what a dashboard sends with all jobs and instances selected.
    Instant {
        /// The value of `$__rate_interval` and `$__range`, for example `1m`.
        window: &'a str,
    },
}

/// Operator precedence, the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Compare,
    Add,
    Multiply,
    Atom,
}

/// The storage format of histograms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Histograms {
    /// One series per bucket, with the label `le`. Every Prometheus supports it.
    #[default]
    Classic,
    /// One series with the metric's own name, whose samples are histograms. Needs Prometheus 2.40 that scrapes
    /// native histograms.
    Native,
}

impl Histograms {
    /// All formats.
    pub const ALL: [Self; 2] = [Self::Classic, Self::Native];

    /// Returns the name of the format.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Native => "native",
        }
    }
}

/// The destination and the histogram format of a printed query.
#[derive(Debug, Clone, Copy)]
struct At<'a> {
    place: Place<'a>,
    histograms: Histograms,
}

/// Returns the query as PromQL on one line, for classic histograms.
#[must_use]
pub fn print(query: &Query, place: Place<'_>) -> String {
    print_as(query, place, Histograms::Classic)
}

/// Returns the query as PromQL on one line.
#[must_use]
pub fn print_as(query: &Query, place: Place<'_>, histograms: Histograms) -> String {
    term(query, At { place, histograms })
}

fn term(query: &Query, at: At<'_>) -> String {
    if let Some(text) = native::term(query, at) {
        return text;
    }
    match query {
        Query::Instant(it) => selector(it, "", at),
        Query::Rate(it, range) => over("rate", it, *range, at),
        Query::Increase(it, range) => over("increase", it, *range, at),
        Query::AverageOverTime(it, range) => over("avg_over_time", it, *range, at),
        Query::MaximumOverTime(it, range) => over("max_over_time", it, *range, at),
        Query::Changes(it, range) => over("changes", it, *range, at),
        Query::Offset(it, seconds) => format!("{} offset {}", selector(it, "", at), duration(*seconds)),
        Query::Aggregate(kind, by, of) => format!("{} by ({}) ({})", name(*kind), labels(by, &[]), term(of, at)),
        Query::Buckets(by, it, range) => {
            format!("sum by ({}) ({})", labels(by, &["le"]), bucket_rate(it, *range, at))
        }
        Query::Heatmap(it, range) => format!("sum by (le) ({})", bucket_rate(it, *range, at)),
        Query::Quantile(quantile, of) => format!("histogram_quantile({}, {})", number(*quantile), term(of, at)),
        Query::Ratio { part, whole } => {
            let whole = print_in(whole, Binding::Add, at);
            format!("{} / ({whole} > 0)", print_in(part, Binding::Multiply, at))
        }
        Query::OrZero(of, like) => {
            format!("{} or 0 * {}", print_in(of, Binding::Or, at), print_in(like, Binding::Atom, at))
        }
        Query::Plus(terms) => {
            let terms: Vec<String> = terms.iter().map(|it| print_in(it, Binding::Multiply, at)).collect();
            terms.join(" + ")
        }
        Query::Minus(one, other) => {
            format!("{} - {}", print_in(one, Binding::Add, at), print_in(other, Binding::Multiply, at))
        }
        Query::DivideBy(of, value) => format!("{} / {}", print_in(of, Binding::Multiply, at), number(*value)),
        Query::Complement(of) => format!("1 - {}", print_in(of, Binding::Multiply, at)),
        Query::AvgOverTimeOf(of, range) => match of.as_ref() {
            // A recorded query is one series, which the window can read directly.
            Query::Recorded { .. } if native::term(of, at).is_none() => {
                format!("avg_over_time({}[{}])", term(of, at), window(*range, at))
            }
            _ => format!("avg_over_time(({})[{}:1m])", term(of, at), window(*range, at)),
        },
        Query::Age(of) => format!("time() - {}", print_in(of, Binding::Multiply, at)),
        Query::Compare(of, comparison, threshold) => {
            let sign = match comparison {
                Comparison::Above => ">",
                Comparison::Below => "<",
                Comparison::Equal => "==",
            };
            format!("{} {sign} {}", print_in(of, Binding::Add, at), number(*threshold))
        }
        Query::Exceeds(one, other) => {
            format!("{} > {}", print_in(one, Binding::Add, at), print_in(other, Binding::Add, at))
        }
        Query::Combine(one, combination, other) => {
            let word = match combination {
                Combination::And => "and",
                Combination::Or => "or",
                Combination::Unless => "unless",
            };
            let own = binding(query);
            // Operators of the same precedence are left-associative, so only the right side needs parentheses.
            let tighter = if own == Binding::Or { Binding::And } else { Binding::Compare };
            format!("{} {word} {}", print_in(one, own, at), print_in(other, tighter, at))
        }
        Query::Absent(it) => format!("absent({})", selector(it, "", at)),
        Query::Constant(value) => format!("vector({})", number(*value)),
        Query::Recorded { record, labels, matchers, .. } => {
            let of_rule = Selector::of_rules(record);
            let it = labels.iter().fold(of_rule, |it, (label, value)| it.with(label, value));
            let it = Selector { matchers: it.matchers.into_iter().chain(matchers.iter().cloned()).collect(), ..it };
            selector(&it, "", at)
        }
        Query::AllRecorded(all) => all_recorded(all, at),
    }
}

/// Selects a recorded series by its name and the matchers that all queries share.
fn all_recorded(all: &[Query], at: At<'_>) -> String {
    let Some(Query::Recorded { record, matchers, .. }) = all.first() else { return "absent(vector(0))".to_owned() };
    let it = Selector::of_rules(record);
    selector(&Selector { matchers: matchers.clone(), ..it }, "", at)
}

fn binding(query: &Query) -> Binding {
    match query {
        Query::OrZero(..) | Query::Combine(_, Combination::Or, _) => Binding::Or,
        Query::Combine(..) => Binding::And,
        Query::Compare(..) | Query::Exceeds(..) => Binding::Compare,
        Query::Plus(terms) if terms.len() == 1 => terms.first().map_or(Binding::Atom, binding),
        Query::Plus(_) | Query::Age(_) | Query::Minus(..) | Query::Complement(_) => Binding::Add,
        Query::Ratio { .. } | Query::DivideBy(..) => Binding::Multiply,
        _ => Binding::Atom,
    }
}

/// Returns the query, in parentheses if its precedence is lower than `least`.
fn print_in(query: &Query, least: Binding, at: At<'_>) -> String {
    let text = term(query, at);
    if binding(query) < least { format!("({text})") } else { text }
}

fn over(function: &str, it: &Selector, range: Window, at: At<'_>) -> String {
    format!("{function}({}[{}])", selector(it, "", at), window(range, at))
}

fn bucket_rate(it: &Selector, range: Window, at: At<'_>) -> String {
    format!("rate({}[{}])", selector(it, "_bucket", at), window(range, at))
}

fn selector(it: &Selector, suffix: &str, at: At<'_>) -> String {
    let mut matchers = match at.place {
        _ if let Origin::Jobs([job]) = it.origin => vec![format!("job={}", quoted(job))],
        _ if let Origin::Jobs(jobs) = it.origin => vec![format!("job=~{}", quoted(&jobs.join("|")))],
        Place::Rules { job } => vec![format!("job={}", quoted(job))],
        Place::Dashboard if it.origin == Origin::Target => {
            vec![r#"job=~"$job""#.to_owned(), r#"instance=~"$instance""#.to_owned()]
        }
        Place::Dashboard => vec![r#"job=~"$job""#.to_owned()],
        Place::Instant { .. } if it.origin == Origin::Target => {
            vec![r#"job=~".+""#.to_owned(), r#"instance=~".+""#.to_owned()]
        }
        Place::Instant { .. } => vec![r#"job=~".+""#.to_owned()],
    };
    matchers.extend(it.matchers.iter().filter_map(|it| matcher(it, at.place)));
    format!("{}{suffix}{{{}}}", it.metric, matchers.join(","))
}

fn matcher(it: &Matcher, place: Place<'_>) -> Option<String> {
    let (sign, value) = match &it.is {
        Match::Chosen if place == Place::Dashboard => ("=~", format!("\"${}\"", it.label)),
        Match::Chosen => return None,
        Match::Equal(value) => ("=", quoted(value)),
        Match::Different(value) => ("!=", quoted(value)),
        Match::OneOf(values) => ("=~", quoted(&alternatives(values))),
        Match::NoneOf(values) => ("!~", quoted(&alternatives(values))),
        Match::StartsWith(value) => ("=~", quoted(&format!("{}.*", literal(value)))),
    };
    Some(format!("{}{sign}{value}", it.label))
}

/// Returns a regular expression for exactly these texts. Prometheus anchors it at both ends.
fn alternatives(values: &[String]) -> String {
    values.iter().map(|it| literal(it)).collect::<Vec<_>>().join("|")
}

/// Returns a regular expression for this text.
fn literal(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if character.is_ascii_punctuation() && character != '_' && character != '-' {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

fn window(range: Window, at: At<'_>) -> String {
    match (range, at.place) {
        (Window::Seconds(seconds), _) => duration(seconds),
        (Window::Recent | Window::Shown, Place::Rules { .. }) => duration(RULE_WINDOW_SECONDS),
        (Window::Recent, Place::Dashboard) => "$__rate_interval".to_owned(),
        (Window::Shown, Place::Dashboard) => "$__range".to_owned(),
        (Window::Recent | Window::Shown, Place::Instant { window }) => window.to_owned(),
    }
}

/// Default window of rules, which is also part of the names of recorded series.
pub(crate) const RULE_WINDOW_SECONDS: u32 = 300;

/// Returns seconds in the largest unit that divides them: `5m`, `90s`, `1h`.
#[must_use]
pub fn duration(seconds: u32) -> String {
    match seconds {
        0 => "0s".to_owned(),
        it if it % 86_400 == 0 => format!("{}d", it / 86_400),
        it if it % 3600 == 0 => format!("{}h", it / 3600),
        it if it % 60 == 0 => format!("{}m", it / 60),
        it => format!("{it}s"),
    }
}

fn labels(by: &[String], more: &[&str]) -> String {
    let mut all = vec!["job"];
    all.extend(by.iter().map(String::as_str).filter(|it| *it != "job"));
    all.extend(more);
    all.join(", ")
}

fn name(aggregation: Aggregation) -> &'static str {
    match aggregation {
        Aggregation::Sum => "sum",
        Aggregation::Average => "avg",
        Aggregation::Minimum => "min",
        Aggregation::Maximum => "max",
        Aggregation::Count => "count",
    }
}

fn number(value: f64) -> String {
    if value.is_infinite() { if value > 0.0 { "Inf" } else { "-Inf" }.to_owned() } else { value.to_string() }
}

/// Returns a text as a PromQL string. Control characters are escaped, since a line feed would end the string. U+FFFD is
/// escaped, too, because the lexer of Prometheus takes it for an invalid UTF-8 byte.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            // Writing into a string cannot fail.
            character if character.is_control() || character == char::REPLACEMENT_CHARACTER => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            character => out.push(character),
        }
    }
    out.push('"');
    out
}
