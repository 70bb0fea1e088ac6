//! Tests of answers from a full hour of samples, which other tests do not have.

#[path = "../../../../monitoring/core/tests/all/support.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod catalogs;

use super::*;
use catalogs::{catalog, site};
use measurand_catalog::families;
use metrics::{counter, histogram, with_local_recorder};
use std::time::Instant;

/// Creates the page of a program with this number of functions. Each is called before each sample.
fn page(functions: usize, samples: u32) -> PageAnswers {
    let names: Vec<String> = (0..functions).map(|it| format!("f{it}")).collect();
    let sites =
        names.iter().map(|it| site("measured", "function", it, &[&format!("function={it}"), "module=shop::work"], &[]));
    let program = Program {
        families: families::ALL.to_vec(),
        catalog: catalog(&sites.collect::<Vec<_>>()),
        binary: None,
        initialize: || (),
        limit_series: |_| (),
    };
    let recorder = Recorder::new(&program);
    recorder.set_series_limit(usize::MAX);
    let history = Arc::new(History::default());
    with_local_recorder(&recorder, || {
        let all = names.iter().map(|name| {
            let labels = [("function", name.clone()), ("module", "shop::work".to_owned())];
            (counter!("function_calls_total", &labels), histogram!("function_duration_seconds", &labels))
        });
        let all: Vec<_> = all.collect();
        for sample in 0..samples {
            for (calls, duration) in &all {
                calls.increment(1);
                duration.record(0.001 * f64::from(1 + sample % 50));
            }
            history.sample(&recorder.state().store, 1_700_000_000_000 + 5000 * i64::from(sample));
        }
    });
    let service = Service { name: "shop".to_owned(), version: "1".to_owned(), commit: String::new() };
    PageAnswers::new(&recorder, &history, &program, service, "here".to_owned())
}

/// Returns the peak memory of this process, in KiB.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|it| it.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// `MEASURAND_TEST_FUNCTIONS` sets the number of functions. With `--nocapture` the test prints the cost of each answer.
#[test]
#[expect(clippy::print_stdout, reason = "figures for the developer")]
fn an_hour_of_history_is_answered_and_stops_when_no_client_waits() {
    let functions = std::env::var("MEASURAND_TEST_FUNCTIONS").ok().and_then(|it| it.parse().ok()).unwrap_or(60);
    let numbers = page(functions, KEPT / INTERVAL);
    {
        let history = numbers.history.read();
        println!("{functions} functions: {} KiB of history, {} s", history.size() / 1024, history.seconds());
    }
    let panels = Wanted::parse("range=3600&points=720&most=40").unwrap();
    let widest = numbers.look(numbers.page(), &AtomicBool::new(false), |source, _| {
        let series = |id: &u32| numbers.page().series_of(&[*id], source);
        numbers.page().panel_ids().filter(|it| points_for(series(it)).is_some()).max_by_key(series)
    });
    let widest = Wanted { ids: widest.map(|it| vec![it]), ..panels.clone() };
    let [waited_for, abandoned] = [false, true].map(AtomicBool::new);
    for question in
        [Question::Model, Question::Functions, Question::Alerts, Question::Panels(panels), Question::Panels(widest)]
    {
        let ask = |is_abandoned| {
            let (before, begin) = (most_memory(), Instant::now());
            let request = Request { question: question.clone(), is_compressed: false };
            let answer = numbers.answer(&request, is_abandoned);
            let (more, took) = (most_memory() - before, begin.elapsed());
            let length = match answer {
                Ok(body) => body.bytes.len(),
                Err(Failure::TooLarge(why)) if functions > 1000 => {
                    println!("{question:?}: refused, {why}");
                    return None;
                }
                Err(other) => panic!("{question:?}: {other:?}"),
            };
            println!("{question:?}: {length} bytes, {more} KiB more at most, {took:?}");
            Some(length)
        };
        let (Some(whole), Some(stopped)) = (ask(&waited_for), ask(&abandoned)) else { continue };
        let is_read = matches!(question, Question::Panels(_) | Question::Functions);
        assert!(whole > 500 && (!is_read || stopped < whole), "{question:?}: {whole} and {stopped} bytes");
    }
}
