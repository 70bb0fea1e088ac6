//! Compares our evaluator with a real Prometheus: the queries of every generated panel, recording rule and alert, on
//! the same samples at many instants, with a tolerance of a billionth.
//!
//! The samples have resets, gaps, and series that start late or end early. The evaluator follows Prometheus 3. Against an
//! older Prometheus the test compares the evaluation as in 2.42, so both generations need the same results.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod expand;
mod prometheus;
mod samples;
#[path = "../../../monitoring/core/tests/all/support.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod support;

use expand::expanded;
use measurand_catalog::Catalog;
use measurand_monitoring::query::evaluate::{AnswerRow, Labels, Memory, Scope, Series, evaluate, in_parts, is_present};
use measurand_monitoring::query::promql::{Place, print};
use measurand_monitoring::query::{Aggregation, Combination, Comparison, Query, Selector, Window};
use measurand_monitoring::{Monitoring, Options, User};
use measurand_tests::program;
use prometheus::Prometheus;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The largest relative difference between two results.
const TOLERANCE: f64 = 1e-9;

/// A query, the name of its panel or rule, and its PromQL.
struct Question {
    name: String,
    query: Query,
    window: Option<u32>,
    promql: String,
}

#[test]
fn prometheus_returns_the_same_results() {
    let own = program("your-own-domain", "your-own-domain", "dev");
    let catalogs = [support::catalog(&support::shipped_sites()), measurand_catalog::read_file(&own).unwrap()];
    let all: Vec<Monitoring> = catalogs.iter().map(monitoring).collect();
    assert_ne!(all[0].job, all[1].job);

    let mut memory = Memory::default();
    for (catalog, monitoring) in catalogs.iter().zip(&all) {
        samples::of_catalog(&mut memory, catalog, monitoring);
    }
    samples::of_others(&mut memory, &all[0]);
    let directory = tempfile::tempdir().unwrap();
    let prometheus = Prometheus::with(directory.path(), &memory);
    eprintln!("Prometheus {}", prometheus.version);

    let times = instants();
    let (mut asked, mut numbers, mut terms) = (0, 0, BTreeSet::new());
    let mut empty = Vec::new();
    for monitoring in &all {
        for it in questions(monitoring).into_iter().chain(rest(&monitoring.job)) {
            kinds(&it.query, &mut terms);
            let compared = compare(&prometheus, &memory, monitoring, &it, &times);
            if compared == 0 {
                empty.push(it.promql);
            }
            asked += 1;
            numbers += compared;
        }
    }
    eprintln!("{asked} queries, {numbers} numbers, {} queries without result", empty.len());
    assert!(asked > 500 && numbers > 50_000, "{asked} queries, {numbers} numbers");
    assert!(empty.len() < asked / 8, "too many queries without result: {empty:#?}");
    assert_eq!(terms.len(), 26, "a kind of query is not tested: {terms:?}");
}

/// Prometheus 3 and 2.42 differ for samples on the edge of a window, and for a counter that starts in the window at
/// about one step above zero. `docs/concepts/exactness.md` has the same numbers.
#[test]
fn prometheus_2_and_3_differ_as_documented() {
    let start = samples::START;
    let series = |name: &str, samples: Vec<(i64, f64)>| {
        let labels = Arc::new(Labels::new([("job", "shop"), ("name", name)].into_iter()));
        Series { labels, samples: samples.into_iter().map(|(second, it)| (start + second * 1000, it)).collect() }
    };
    let mut memory = Memory::default();
    memory.push("orders_total", series("a", vec![(180, 10.0), (195, 20.0), (210, 30.0), (225, 40.0)]));
    memory.push("depth", series("b", vec![(105, 9.0), (120, 1.0), (135, 1.0)]));
    let directory = tempfile::tempdir().unwrap();
    let prometheus = Prometheus::with(directory.path(), &memory);
    let two = Window::Seconds(120);
    for (query, second, in_3, in_2) in [
        // The counter starts 75 s after the start of the window. The samples are 15 s apart, so Prometheus 3 adds 7.5 s,
        // and 2.42 adds the 15 s to the point where the counter would have been zero.
        (Query::Increase(Selector::new("orders_total"), two), 225, Some(35.0), Some(40.0)),
        // The sample of second 105 is exactly two minutes old.
        (Query::MaximumOverTime(Selector::new("depth"), two), 225, Some(1.0), Some(9.0)),
        // The newest sample is exactly five minutes old.
        (Query::Instant(Selector::new("depth")), 435, None, Some(1.0)),
    ] {
        let time = [start + second * 1000];
        let value = |scope: Scope<'_>| {
            evaluate(&query, &scope, &memory, &time).first().map(|it| it.values[0]).filter(|it| is_present(*it))
        };
        let scope = Scope::rules("shop");
        let promql = print(&query, Place::Rules { job: "shop" });
        assert_eq!((value(scope), value(scope.prometheus_2())), (in_3, in_2), "{promql}");
        let theirs = prometheus.ask(&promql, &time)[0].values().next().copied();
        assert_eq!(theirs, if prometheus.is_2() { in_2 } else { in_3 }, "{promql}, Prometheus {}", prometheus.version);
    }
}

fn monitoring(catalog: &Catalog) -> Monitoring {
    let options = Options { under_load: true, ..Options::default() };
    Monitoring::new(catalog, &options)
}

/// All generated queries; those of panels with a short and a long window.
fn questions(monitoring: &Monitoring) -> Vec<Question> {
    let job = &monitoring.job;
    let mut all = Vec::new();
    for it in monitoring.queries().chain(monitoring.stack_queries()) {
        let query = expanded(it.query, job);
        let windows = if it.user == User::Panel { &[Some(60), Some(900)][..] } else { &[None] };
        for window in windows.iter().copied() {
            all.push(Question {
                name: it.name.to_owned(),
                window,
                promql: printed(&query, job, window),
                query: it.query.clone(),
            });
        }
    }
    all
}

/// Queries that no generated file has, or only with few series.
fn rest(job: &str) -> Vec<Question> {
    let calls = || Selector::new("neural_operations_total");
    let gauge = || Selector::new("process_open_fds");
    let by = |it: &str| vec![it.to_owned()];
    let five = Window::Seconds(300);
    let rate = || Query::Rate(calls(), five);
    let aggregate = |kind| Query::Instant(gauge()).aggregate(kind, &[]);
    let queries = [
        rate(),
        Query::Increase(calls(), Window::Seconds(90)),
        Query::AverageOverTime(gauge(), five),
        Query::MaximumOverTime(gauge(), Window::Seconds(3600)),
        Query::Changes(gauge(), five),
        Query::Offset(gauge(), 600),
        Query::Instant(gauge()).minus(Query::Offset(gauge(), 120)),
        aggregate(Aggregation::Sum),
        aggregate(Aggregation::Average),
        aggregate(Aggregation::Minimum),
        aggregate(Aggregation::Maximum),
        aggregate(Aggregation::Count),
        Query::Compare(Box::new(Query::Changes(gauge(), five)), Comparison::Equal, 0.0),
        Query::Instant(gauge()).combine(Combination::Or, Query::Offset(gauge(), 900)),
        Query::Instant(gauge()).combine(Combination::Unless, Query::Offset(gauge(), 900)),
        Query::Instant(gauge()).combine(Combination::And, Query::Offset(gauge(), 900)),
        Query::Instant(Selector::new("process_start_time_seconds")).age(),
        rate().averaged(1800),
        rate().sum(&by("operation_type")).averaged(600),
        Query::Absent(calls().with("operation_type", "unknown")),
        Query::Absent(calls().without("operation_type", "unknown")),
        Query::Constant(1.5).above(1.0),
    ];
    let question = |query: Query| {
        let promql = printed(&expanded(&query, job), job, None);
        Question { name: "by hand".to_owned(), query, window: None, promql }
    };
    queries.into_iter().map(question).collect()
}

fn printed(query: &Query, job: &str, window: Option<u32>) -> String {
    let short = window.map(|it| format!("{it}s"));
    let place = short.as_ref().map_or(Place::Rules { job }, |window| Place::Instant { window });
    let mut text = print(query, place);
    let mut unions = Vec::new();
    collect_unions(query, &mut unions);
    for it in unions {
        text = text.replace(&print(it, place), &format!("({})", union(it, job, place)));
    }
    text
}

fn collect_unions<'a>(query: &'a Query, all: &mut Vec<&'a Query>) {
    match query {
        Query::AllRecorded(_) => all.push(query),
        _ => query.children().into_iter().for_each(|it| collect_unions(it, all)),
    }
}

/// Returns PromQL with the labels that recording rules would add.
fn union(query: &Query, job: &str, place: Place<'_>) -> String {
    let labelled = |it: &Query| {
        let Query::Recorded { record, labels, .. } = it else { panic!("not recorded: {it:?}") };
        let labels = labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let labels = labels.chain([("job", job), ("__name__", record)]);
        labels.fold(print(&expanded(it, job), place), |of, (name, value)| {
            format!(r#"label_replace({of}, "{name}", "{value}", "", "")"#)
        })
    };
    query.children().into_iter().map(labelled).collect::<Vec<_>>().join(" or ")
}

/// Instants every 131 seconds within the samples and some after their end.
fn instants() -> Vec<i64> {
    let (start, end) = (samples::START + 37_000, samples::END + 420_000);
    (start..end).step_by(131_000).collect()
}

/// The results at one instant, by labels.
type Answers = BTreeMap<Vec<(String, String)>, f64>;

/// Panics if the two results differ; returns the number of compared values.
fn compare(prometheus: &Prometheus, memory: &Memory, monitoring: &Monitoring, it: &Question, times: &[i64]) -> usize {
    let scope = prometheus.scope(match it.window {
        None => Scope::rules(&monitoring.job),
        Some(window) => Scope::dashboard(&monitoring.job, window, window),
    });
    let theirs = prometheus.ask(&it.promql, times);
    let expanded = evaluate(&expanded(&it.query, &monitoring.job), &scope, memory, times);
    let recorded = evaluate(&it.query, &scope, memory, times);
    // The evaluation in parts has the same result.
    let mut parts = Vec::new();
    in_parts(&it.query, &scope, memory, times, 1, |rows| parts.extend(rows));
    let all = |rows: &[AnswerRow]| (0..times.len()).map(|it| bits(answers(rows, it))).collect::<Vec<_>>();
    assert_eq!(all(&parts), all(&recorded), "{}: {}", it.name, it.promql);
    let mut count = 0;
    for (place, (time, theirs)) in times.iter().zip(&theirs).enumerate() {
        let at = format!("{} at {time}: {}", it.name, it.promql);
        let ours = answers(&expanded, place);
        assert_eq!(theirs.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>(), "{at}");
        for (labels, their) in theirs {
            let our = ours[labels];
            // Covers infinities and NaN.
            let same = their.total_cmp(&our).is_eq() || their.is_nan() && our.is_nan();
            let near = (their - our).abs() <= TOLERANCE * their.abs().max(our.abs()).max(1e-3);
            assert!(same || near, "{at}: {labels:?} is {their} in Prometheus, {our} here");
        }
        // A recorded series has the same values with another name and more labels.
        let mut with_names: Vec<u64> = answers(&recorded, place).into_values().map(f64::to_bits).collect();
        let mut without: Vec<u64> = ours.into_values().map(f64::to_bits).collect();
        with_names.sort_unstable();
        without.sort_unstable();
        assert_eq!(with_names, without, "{at}");
        count += without.len();
    }
    count
}

fn bits(answers: Answers) -> Vec<(Vec<(String, String)>, u64)> {
    answers.into_iter().map(|(labels, value)| (labels, value.to_bits())).collect()
}

fn answers(rows: &[AnswerRow], place: usize) -> Answers {
    let present = rows.iter().filter(|it| is_present(it.values[place]));
    let labels = |it: &AnswerRow| {
        let name = it.name.iter().map(|name| ("__name__".to_owned(), name.to_string()));
        name.chain(it.labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
    };
    present.map(|it| (labels(it), it.values[place])).collect()
}

/// Collects the kinds of a query and all its operands.
fn kinds(query: &Query, all: &mut BTreeSet<String>) {
    let text = format!("{query:?}");
    all.extend(text.split(['(', ' ']).next().map(str::to_owned));
    query.children().into_iter().for_each(|it| kinds(it, all));
}
