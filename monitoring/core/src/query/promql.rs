//! Prints terms of the query language as PromQL that Prometheus 2.42 and 3 read alike.
//!
//! This is the only place that knows PromQL: the order of its operators, its quoting, and the rule that every selector
//! names the job (and, in a dashboard, the instance).

mod native;

use crate::query::{Aggregation, Combination, Comparison, Match, Matcher, Origin, Query, Selector, Window};
use std::fmt::Write;

/// Where a term is printed for: what it selects by and how long its windows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// A rule file, for one job.
    Rules {
        /// The value of the label `job`.
        job: &'a str,
    },
    /// A dashboard with the variables `$job` and `$instance`.
    Dashboard,
    /// A query sent by hand: what a dashboard would send with all jobs and instances chosen.
    Instant {
        /// What `$__rate_interval` and `$__range` stand for, for example `1m`.
        window: &'a str,
    },
}

/// How tightly an operator binds, the loosest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Compare,
    Add,
    Multiply,
    Atom,
}

/// How histograms are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Histograms {
    /// As a series for each bucket, with the label `le`, which every Prometheus knows.
    #[default]
    Classic,
    /// As one series of the metric's own name, whose samples are histograms: Prometheus 2.40 and later with the feature
    /// `native-histograms`, or 3 with classic ones converted.
    Native,
}

impl Histograms {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Classic, Self::Native];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Native => "native",
        }
    }
}

/// Where and for what histograms a term is printed.
#[derive(Debug, Clone, Copy)]
struct At<'a> {
    place: Place<'a>,
    histograms: Histograms,
}

/// The term as PromQL, on one line, for classic histograms.
#[must_use]
pub fn print(query: &Query, place: Place<'_>) -> String {
    print_as(query, place, Histograms::Classic)
}

/// The term as PromQL, on one line.
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
            // What is recorded is one series, where it is asked for and not what it was recorded from.
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
        Query::Combine(one, combination, other) => {
            let word = match combination {
                Combination::And => "and",
                Combination::Or => "or",
                Combination::Unless => "unless",
            };
            let own = binding(query);
            // The operators of one level are read from the left, so only the right side needs to bind more tightly.
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
    }
}

fn binding(query: &Query) -> Binding {
    match query {
        Query::OrZero(..) | Query::Combine(_, Combination::Or, _) => Binding::Or,
        Query::Combine(..) => Binding::And,
        Query::Compare(..) => Binding::Compare,
        Query::Plus(terms) if terms.len() == 1 => terms.first().map_or(Binding::Atom, binding),
        Query::Plus(_) | Query::Age(_) | Query::Minus(..) | Query::Complement(_) => Binding::Add,
        Query::Ratio { .. } | Query::DivideBy(..) => Binding::Multiply,
        _ => Binding::Atom,
    }
}

/// The term, in parentheses if it binds less tightly than its surroundings ask for.
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
        _ if let Origin::Job(job) = it.origin => vec![format!("job={}", quoted(job))],
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
    matchers.extend(it.matchers.iter().map(matcher));
    format!("{}{suffix}{{{}}}", it.metric, matchers.join(","))
}

fn matcher(it: &Matcher) -> String {
    let (sign, value) = match &it.is {
        Match::Equal(value) => ("=", quoted(value)),
        Match::Different(value) => ("!=", quoted(value)),
        Match::OneOf(values) => ("=~", quoted(&alternatives(values))),
        Match::NoneOf(values) => ("!~", quoted(&alternatives(values))),
        Match::StartsWith(value) => ("=~", quoted(&format!("{}.*", literal(value)))),
    };
    format!("{}{sign}{value}", it.label)
}

/// A regular expression for these texts and no others; Prometheus anchors it at both ends.
fn alternatives(values: &[String]) -> String {
    values.iter().map(|it| literal(it)).collect::<Vec<_>>().join("|")
}

/// A regular expression for this text.
fn literal(text: &str) -> String {
    let mut out = String::new();
    for it in text.chars() {
        if it.is_ascii_punctuation() && it != '_' && it != '-' {
            out.push('\\');
        }
        out.push(it);
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

/// The window of every rule, unless it names its own; also part of the names of recorded series.
pub(crate) const RULE_WINDOW_SECONDS: u32 = 300;

/// Seconds in the largest unit that divides them: `5m`, `90s`, `1h`.
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

/// Text as a PromQL string. Control characters are written as escapes: a line feed would end the string. So is U+FFFD,
/// which the lexer of Prometheus takes for a byte that is not UTF-8.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for it in text.chars() {
        match it {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            // Writing into a string cannot fail.
            it if it.is_control() || it == char::REPLACEMENT_CHARACTER => {
                let _ = write!(out, "\\u{:04x}", u32::from(it));
            }
            it => out.push(it),
        }
    }
    out.push('"');
    out
}
