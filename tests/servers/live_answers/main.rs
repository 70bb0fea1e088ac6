//! The two back ends of the query language agree: every generated panel, recording and alert, evaluated in the process and
//! by a real Prometheus on the same samples, at many instants, to a billionth.
//!
//! The samples have resets, gaps, series that begin late and series that end. No instant is on the edge of a window, where
//! Prometheus 2 and 3 differ: samples never come at whole seconds, and instants at whole minutes are left out.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod expand;
mod prometheus;
mod samples;
#[path = "../../../monitoring/core/tests/all/support.rs"]
#[allow(dead_code, reason = "most of it is for other tests")]
mod support;

use expand::expanded;
use measurand_catalog::Catalog;
use measurand_monitoring::query::evaluate::{AnswerRow, Memory, Scope, evaluate, in_parts, is_present};
use measurand_monitoring::query::promql::{Place, print};
use measurand_monitoring::query::{Aggregation, Combination, Comparison, Query, Selector, Window};
use measurand_monitoring::{Monitoring, Options, User};
use measurand_tests::program;
use prometheus::Prometheus;
use std::collections::{BTreeMap, BTreeSet};

/// The largest difference between two numbers, as a share of the larger.
const TOLERANCE: f64 = 1e-9;

/// A term, where it stands, and the PromQL that asks the same.
struct Question {
    name: String,
    query: Query,
    window: Option<u32>,
    promql: String,
}

#[test]
fn a_real_prometheus_answers_the_same() {
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

    let times = instants();
    let (mut asked, mut numbers, mut terms) = (0, 0, BTreeSet::new());
    let mut silent = Vec::new();
    for monitoring in &all {
        for it in questions(monitoring).into_iter().chain(rest(&monitoring.job)) {
            words(&it.query, &mut terms);
            let compared = compare(&prometheus, &memory, monitoring, &it, &times);
            if compared == 0 {
                silent.push(it.promql);
            }
            asked += 1;
            numbers += compared;
        }
    }
    eprintln!("{asked} questions, {numbers} numbers, {} questions without any", silent.len());
    assert!(asked > 500 && numbers > 50_000, "{asked} questions, {numbers} numbers");
    assert!(silent.len() < asked / 8, "too many questions are about nothing: {silent:#?}");
    assert_eq!(terms.len(), 24, "some kind of term is never asked: {terms:?}");
}

fn monitoring(catalog: &Catalog) -> Monitoring {
    let options = Options { under_load: true, ..Options::default() };
    Monitoring::new(catalog, &options)
}

/// Every generated term; those of panels with a short and a long window.
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

/// Terms that no generated file has, or only with few series.
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
        Query::Absent(calls().with("operation_type", "nobody")),
        Query::Absent(calls().without("operation_type", "nobody")),
        Query::Constant(1.5).above(1.0),
    ];
    let question = |query: Query| {
        let promql = printed(&expanded(&query, job), job, None);
        Question { name: "by hand".to_owned(), query, window: None, promql }
    };
    queries.into_iter().map(question).collect()
}

fn printed(query: &Query, job: &str, window: Option<u32>) -> String {
    match window {
        None => print(query, Place::Rules { job }),
        Some(window) => print(query, Place::Instant { window: &format!("{window}s") }),
    }
}

/// Every 131 seconds within the samples, and some after their end, but never at a whole minute.
fn instants() -> Vec<i64> {
    let (begin, end) = (samples::BEGIN + 37_000, samples::END + 420_000);
    (begin..end).step_by(131_000).filter(|it| it % 60_000 != 0).collect()
}

/// Answers of one instant by their labels.
type Answers = BTreeMap<Vec<(String, String)>, f64>;

/// Panics where the two differ; returns how many numbers they had in common.
fn compare(prometheus: &Prometheus, memory: &Memory, monitoring: &Monitoring, it: &Question, times: &[i64]) -> usize {
    let scope = match it.window {
        None => Scope::rules(&monitoring.job),
        Some(window) => Scope::dashboard(&monitoring.job, window, window),
    };
    let theirs = prometheus.ask(&it.promql, times);
    let expanded = evaluate(&expanded(&it.query, &monitoring.job), &scope, memory, times);
    let recorded = evaluate(&it.query, &scope, memory, times);
    // Part by part it is the same.
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
            // Infinities, and no numbers.
            let same = their.total_cmp(&our).is_eq() || their.is_nan() && our.is_nan();
            let near = (their - our).abs() <= TOLERANCE * their.abs().max(our.abs()).max(1e-3);
            assert!(same || near, "{at}: {labels:?} is {their}, not {our}");
        }
        // A recorded term only adds labels and a name to what it records.
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

/// The kinds of terms in a term.
fn words(query: &Query, all: &mut BTreeSet<String>) {
    let text = format!("{query:?}");
    all.extend(text.split(['(', ' ']).next().map(str::to_owned));
    query.children().into_iter().for_each(|it| words(it, all));
}
