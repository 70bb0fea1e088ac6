//! Each query of the book's page about PromQL, and of the dashboard about all programs, has an answer on a real Prometheus that scrapes this program.

use measurand::{ErrorKind, cache_lookup, measured, timed_query};
use measurand_monitoring::{Monitoring, Options};
use measurand_tests::{Prometheus, wait, workspace};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const PAGE: &str = "docs/reference/queries.md";

#[derive(Debug, ErrorKind)]
enum StoreError {
    Busy,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("busy")
    }
}

#[measured(slo(success = 99.9, latency = "10ms" @ 99))]
fn checkout(cart: u64) -> Result<u64, StoreError> {
    load("orders", cart)
}

#[measured]
fn never_called() {}

#[timed_query("select", table = table)]
fn load(table: &str, id: u64) -> Result<u64, StoreError> {
    let _ = table;
    if id.is_multiple_of(10) { Err(StoreError::Busy) } else { Ok(id) }
}

#[cache_lookup("carts")]
fn cached(id: u64) -> Option<u64> {
    id.is_multiple_of(2).then_some(id)
}

/// One turn of a program in which there is something of everything.
fn work(turn: u64) {
    let _ = checkout(turn);
    let _ = load(&format!("table{}", turn % 20), turn);
    let _ = cached(turn);
    if turn == u64::MAX {
        never_called();
    }
    // The metrics of the HTTP layer.
    let labels = [("method", "GET"), ("route", "/carts/{id}"), ("status", "200")];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::counter!(
        "http_request_errors_total",
        &[("method", "GET"), ("route", "/carts/{id}"), ("status", "500"), ("outcome", "error")]
    )
    .increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels).record(0.01);
}

fn queries() -> Vec<String> {
    let page = std::fs::read_to_string(workspace().join(PAGE)).expect(PAGE);
    page.split("```promql\n").skip(1).filter_map(|it| it.split("```").next()).map(str::to_owned).collect()
}

#[test]
fn each_query_has_an_answer() {
    static ENDED: AtomicBool = AtomicBool::new(false);
    let exporter = measurand::exporter::builder().listen("127.0.0.1:0").series_limit(10).install().expect("it serves");
    let worker = std::thread::spawn(|| {
        for turn in 0.. {
            work(turn);
            if ENDED.load(Ordering::Relaxed) {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    });

    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = Options { job: Some("shop".to_owned()), ..Options::default() };
    let monitoring = Monitoring::new(&measurand::catalog(), &options);
    for file in monitoring.files() {
        let contents = file.contents.replace("interval: 30s", "interval: 1s");
        std::fs::write(folder.path().join(file.name), contents).expect("a file in it");
    }
    let text = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n\
         rule_files: [alerts.yml, recording-rules.yml]\n\
         scrape_configs: [{{job_name: shop, static_configs: [{{targets: ['{}']}}]}}]\n",
        exporter.address()
    );
    std::fs::write(folder.path().join("prometheus.yml"), text).expect("the configuration");
    let (_running, prometheus) = Prometheus::start(folder.path(), &[]);
    // A rate needs two samples, and a rule an evaluation.
    wait("rates", || prometheus.number("sum(rate(function_errors_total[5m])) > 0"));
    wait("an alert", || prometheus.firing().first().cloned());

    let (book, programs) = (queries(), monitoring.programs_queries().map(|it| it.instant("1m")));
    let programs: Vec<String> = programs.collect();
    assert!(book.len() > 25 && programs.len() > 12, "{} {}", book.len(), programs.len());
    for query in book.into_iter().chain(programs) {
        let answer = wait(&query, || Some(prometheus.query(&query)).filter(|it| !it.is_empty()));
        assert!(answer.iter().any(|it| it["value"][1] != "NaN"), "{query}: {answer:?}");
    }
    ENDED.store(true, Ordering::Relaxed);
    worker.join().expect("the program works");
}
