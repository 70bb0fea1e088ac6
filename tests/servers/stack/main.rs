//! The quickstart with a real Prometheus: the generated rules and dashboard work on its scraped metrics.
//!
//! All checks share one Prometheus, because a new one needs five seconds to discover its targets.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod prometheus;

use measurand_monitoring::query::promql::{Place, print};
use measurand_monitoring::query::{Origin, Query};
use measurand_monitoring::{Monitoring, NamedQuery, Options, User};
use measurand_tests::{Running, Scrape, free_port, program, wait};
use prometheus::Prometheus;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn from_annotations_to_a_firing_alert() {
    let quickstart = program("quickstart", "quickstart", "dev");
    let command = program("cargo-measurand", "cargo-measurand", "dev");
    let directory = tempfile::tempdir().unwrap();
    let generated = directory.path().join("generated");
    let port = free_port();
    let start = |arguments: &[&str]| {
        let listen = format!("127.0.0.1:{port}");
        Running::serving(Command::new(&quickstart).args(arguments).env("MEASURAND_LISTEN", listen))
    };
    let (healthy, url) = start(&[]);

    // The program's file and the running program give the same result.
    generate(&command, quickstart.to_str().unwrap(), &generated);
    let from_file = contents(&generated);
    generate(&command, &url, &generated);
    assert_eq!(contents(&generated), from_file);
    check_rules(&generated);

    // The metrics change.
    let turns = || Scrape::fetch(&url).value(r#"function_calls_total{function="turn",module="quickstart"}"#);
    let before = turns();
    wait("moving metrics", || (turns() > before).then_some(()));

    let prometheus = Prometheus::start(directory.path(), &generated, "quickstart", &format!("127.0.0.1:{port}"), &[]);
    wait("the target to be up", || prometheus.number(r#"up{job="quickstart"}"#).filter(|it| *it > 0.5));
    let (of_alerts, others): (Vec<_>, Vec<_>) =
        questions(&quickstart).into_iter().partition(|it| it.text.contains("ALERTS"));
    assert!(others.len() > 60 && !of_alerts.is_empty(), "{} and {} queries", others.len(), of_alerts.len());
    all_answer(&prometheus, others);
    for alert in prometheus.firing() {
        assert_eq!(alert, "Watchdog", "no other alert fires without a fault");
    }

    healthy.stop();
    let (_failing, _url) = start(&["--fail-queries"]);
    let fires = || prometheus.firing().into_iter().find(|it| it == "DatabaseQueryErrors");
    // Half of the queries fail; the alert has `for: 2m`.
    wait("the alert for failing queries", fires);
    all_answer(&prometheus, of_alerts);
}

fn generate(command: &Path, source: &str, out: &Path) {
    let output = Command::new(command).args(["measurand", "generate", source, "--out"]).arg(out).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn contents(directory: &Path) -> Vec<(std::path::PathBuf, String)> {
    let entries = std::fs::read_dir(directory).unwrap().map(|it| it.unwrap().path());
    let mut files: Vec<_> = entries.map(|it| (it.clone(), std::fs::read_to_string(it).unwrap())).collect();
    files.sort();
    assert_eq!(files.len(), 4);
    files
}

fn check_rules(directory: &Path) {
    for file in ["alerts.yml", "recording-rules.yml"] {
        let arguments = ["check", "rules", "--lint=all", "--lint-fatal"];
        let output = Command::new("promtool").args(arguments).arg(directory.join(file)).output();
        let output = output.expect("promtool runs\nhelp: install it by `apt-get install prometheus`");
        assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

/// A query of a generated panel or rule.
#[derive(Debug)]
struct Question {
    #[expect(dead_code, reason = "shown if there is no data")]
    name: String,
    text: String,
}

/// The queries of all panels and rules; for an alert the queries of the values that it compares.
fn questions(program: &Path) -> Vec<Question> {
    let catalog = measurand_catalog::read_file(program).unwrap();
    let options = Options { program: Some("quickstart".to_owned()), ..Options::default() };
    let monitoring = Monitoring::new(&catalog, &options);
    let rules = Place::Rules { job: &monitoring.job };
    let texts = |it: &NamedQuery<'_>| match it.user {
        User::Alert => numbers(it.query).iter().map(|query| print(query, rules)).collect(),
        User::Panel | User::Recording => vec![it.instant("1m")],
    };
    let questions = |it: NamedQuery<'_>| -> Vec<Question> {
        texts(&it).into_iter().map(|text| Question { name: it.name.to_owned(), text }).collect()
    };
    // This Prometheus scrapes no other servers.
    let own = |it: &NamedQuery<'_>| !it.query.selectors().iter().any(|it| matches!(it.origin, Origin::Jobs(_)));
    monitoring.queries().filter(own).flat_map(questions).collect()
}

/// Waits until all queries have data, at most the minute that the dashboard promises.
fn all_answer(prometheus: &Prometheus, mut waiting: Vec<Question>) {
    let start = Instant::now();
    while !waiting.is_empty() {
        waiting.retain(|it| prometheus.query(&it.text).is_empty());
        assert!(start.elapsed() < Duration::from_secs(60), "no data after a minute for {waiting:#?}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The parts of an alert's expression that have a value while the alert does not fire.
fn numbers(query: &Query) -> Vec<&Query> {
    match query {
        Query::Compare(number, ..) => numbers(number),
        Query::Combine(left, _, right) => [numbers(left), numbers(right)].concat(),
        // Has a value only while a series is missing.
        Query::Absent(_) => Vec::new(),
        other => vec![other],
    }
}
