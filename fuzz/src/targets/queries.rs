//! Arbitrary queries of our query language with arbitrary texts. A third-party parser reads the printed PromQL and
//! finds all texts unchanged.

use super::bytes::Bytes;
use measurand_monitoring::query::promql::{Histograms, Place, print_as};
use measurand_monitoring::query::{Aggregation, Combination, Comparison, Match, Origin, Query, Selector, Window};
use promql_parser::label::MatchOp;
use promql_parser::parser::{Expr, VectorSelector, parse};
use std::collections::BTreeSet;

/// Maximum nesting of a query; more than in any panel.
const DEPTH: usize = 12;
const METRICS: [&str; 4] = ["x", "requests_total", "a:b", "latency_seconds"];
const LABELS: [&str; 4] = ["a", "table", "job", "outcome"];

/// Builds a query from bytes, prints it in all forms and parses the results.
pub fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let job = bytes.text(16);
    let query = term(&mut bytes, DEPTH);
    for histograms in Histograms::ALL {
        for place in [Place::Rules { job: &job }, Place::Instant { window: "5m" }, Place::Dashboard] {
            let text = print_as(&query, place, histograms);
            assert!(!text.contains('\n'), "more than one line: {text:?}");
            let text = text.replace("$__rate_interval", "1m").replace("$__range", "1h");
            let tree = match parse(&text) {
                Ok(tree) => tree,
                Err(error) => panic!("{error}: {text}"),
            };
            let mut found = BTreeSet::new();
            selectors(&tree, &mut |selector| {
                let equal =
                    selector.matchers.matchers.iter().filter(|it| it.op == MatchOp::Equal && it.name != "__name__");
                found.extend(equal.map(|it| (it.name.clone(), it.value.clone())));
            });
            let mut wanted = BTreeSet::new();
            texts(&query, &mut wanted);
            let missing: Vec<_> = found.difference(&wanted).filter(|it| it.0 != "job" && it.0 != "le").collect();
            assert!(missing.is_empty(), "unexpected texts {missing:?} in {text}");
            if let Place::Rules { job } = place {
                assert!(found.iter().all(|it| it.0 != "job" || it.1 == job || it.1 == "own" || wanted.contains(it)));
            }
        }
    }
}

/// Collects the labels of a query with the texts that they are compared with.
fn texts(query: &Query, all: &mut BTreeSet<(String, String)>) {
    query.children().into_iter().for_each(|it| texts(it, all));
    if let Query::Recorded { labels, .. } = query {
        all.extend(labels.iter().cloned());
    }
    let matchers = match query {
        Query::Recorded { matchers, .. } => matchers.as_slice(),
        _ => query.selector().map_or(&[][..], |it| it.matchers.as_slice()),
    };
    for matcher in matchers {
        if let Match::Equal(value) = &matcher.is {
            all.insert((matcher.label.clone(), value.clone()));
        }
    }
}

fn selectors(tree: &Expr, each: &mut impl FnMut(&VectorSelector)) {
    match tree {
        Expr::VectorSelector(it) => each(it),
        Expr::MatrixSelector(it) => each(&it.vs),
        Expr::Aggregate(it) => selectors(&it.expr, each),
        Expr::Unary(it) => selectors(&it.expr, each),
        Expr::Paren(it) => selectors(&it.expr, each),
        Expr::Subquery(it) => selectors(&it.expr, each),
        Expr::Call(it) => it.args.args.iter().for_each(|it| selectors(it, each)),
        Expr::Binary(it) => {
            selectors(&it.lhs, each);
            selectors(&it.rhs, each);
        }
        _ => {}
    }
}

fn term(bytes: &mut Bytes<'_>, depth: usize) -> Query {
    let kind = bytes.below(if depth == 0 { 11 } else { 26 });
    let boxed = |bytes: &mut Bytes<'_>| Box::new(term(bytes, depth - 1));
    match kind {
        0 => Query::Instant(selector(bytes)),
        1 => Query::Rate(selector(bytes), window(bytes)),
        2 => Query::Increase(selector(bytes), window(bytes)),
        3 => Query::AverageOverTime(selector(bytes), window(bytes)),
        4 => Query::MaximumOverTime(selector(bytes), window(bytes)),
        5 => Query::Changes(selector(bytes), window(bytes)),
        6 => Query::Offset(selector(bytes), seconds(bytes)),
        7 => Query::Buckets(labels(bytes), selector(bytes), window(bytes)),
        8 => Query::Heatmap(selector(bytes), window(bytes)),
        9 => Query::Absent(selector(bytes)),
        10 => Query::Constant(bytes.float()),
        11 => Query::Aggregate(
            bytes.one_of(&[
                Aggregation::Sum,
                Aggregation::Average,
                Aggregation::Minimum,
                Aggregation::Maximum,
                Aggregation::Count,
            ]),
            labels(bytes),
            boxed(bytes),
        ),
        12 => Query::Quantile(bytes.float(), boxed(bytes)),
        13 => Query::Ratio { part: boxed(bytes), whole: boxed(bytes) },
        14 => Query::OrZero(boxed(bytes), boxed(bytes)),
        15 => Query::Plus((0..=bytes.below(3)).map(|_| term(bytes, depth - 1)).collect()),
        16 => Query::Minus(boxed(bytes), boxed(bytes)),
        17 => Query::DivideBy(boxed(bytes), bytes.float()),
        18 => Query::Complement(boxed(bytes)),
        19 => Query::AvgOverTimeOf(boxed(bytes), window(bytes)),
        20 => Query::Age(boxed(bytes)),
        21 => {
            let comparison = bytes.one_of(&[Comparison::Above, Comparison::Below, Comparison::Equal]);
            Query::Compare(boxed(bytes), comparison, bytes.float())
        }
        22 => {
            let combination = bytes.one_of(&[Combination::And, Combination::Or, Combination::Unless]);
            Query::Combine(boxed(bytes), combination, boxed(bytes))
        }
        23 => Query::Exceeds(boxed(bytes), boxed(bytes)),
        24 => recorded(bytes, depth),
        _ => Query::AllRecorded((0..=bytes.below(2)).map(|_| recorded(bytes, depth)).collect()),
    }
}

fn recorded(bytes: &mut Bytes<'_>, depth: usize) -> Query {
    Query::Recorded {
        record: bytes.one_of(&METRICS).to_owned(),
        labels: (0..bytes.below(3)).map(|_| (bytes.one_of(&LABELS).to_owned(), bytes.text(32))).collect(),
        matchers: selector(bytes).matchers,
        of: Box::new(term(bytes, depth - 1)),
    }
}

fn selector(bytes: &mut Bytes<'_>) -> Selector {
    let metric = bytes.one_of(&METRICS);
    let origin = bytes.one_of(&[Origin::Target, Origin::Rule, Origin::Jobs(&["own"])]);
    let mut selector = Selector { origin, ..Selector::new(metric) };
    for _ in 0..bytes.below(4) {
        let label = bytes.one_of(&LABELS);
        let is = match bytes.below(6) {
            0 => Match::Equal(bytes.text(32)),
            1 => Match::Different(bytes.text(32)),
            2 => Match::OneOf((0..bytes.below(4)).map(|_| bytes.text(32)).collect()),
            3 => Match::NoneOf((0..bytes.below(4)).map(|_| bytes.text(32)).collect()),
            4 => Match::StartsWith(bytes.text(32)),
            _ => Match::Chosen,
        };
        selector = selector.matching(label, is);
    }
    selector
}

fn labels(bytes: &mut Bytes<'_>) -> Vec<String> {
    (0..bytes.below(4)).map(|_| bytes.one_of(&LABELS).to_owned()).collect()
}

fn window(bytes: &mut Bytes<'_>) -> Window {
    match bytes.below(3) {
        0 => Window::Recent,
        1 => Window::Shown,
        _ => Window::Seconds(seconds(bytes)),
    }
}

/// Seconds of a window: at least 1, because Prometheus rejects an empty window, and at most a year.
fn seconds(bytes: &mut Bytes<'_>) -> u32 {
    1 + bytes.number() % 31_536_000
}
