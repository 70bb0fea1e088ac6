//! Thirty-one days of samples in a real Prometheus with the rules of every family: every panel, recording rule and alert has
//! the result that arithmetic gives, and queries over a hundred thousand series are fast enough.

#![expect(clippy::print_stdout, reason = "the tests print measurements")]

mod build;
mod expected;
mod native;
mod oracle;
mod scale;
mod server;
#[path = "../all/support.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod support;
mod world;

use measurand_monitoring::{Monitoring, NamedQuery, Options, User};
use oracle::{Answer, Oracle};
use scale::Many;
use server::Prometheus;
use std::collections::BTreeSet;
use std::time::{Instant, SystemTime};
use support::{catalog, shipped_sites};
use world::{HEALTHY, SICK, STALLED, World};

/// Runs the parts one after the other, since the last one measures time.
#[test]
fn everything_answers_what_arithmetic_says_and_in_time() {
    native::native_histograms_are_asked_as_such();
    let many = every_panel_and_every_rule_says_what_arithmetic_says();
    scale::a_hundred_thousand_series_are_not_too_many(&many);
}

fn monitoring(job: &str) -> Monitoring {
    let options = Options { job: Some(job.to_owned()), under_load: true, ..Options::default() };
    Monitoring::new(&catalog(&shipped_sites()), &options)
}

fn now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

/// The names of alerts whose condition holds, with the job.
type Holding = BTreeSet<(&'static str, String)>;

fn every_panel_and_every_rule_says_what_arithmetic_says() -> Many {
    let started = Instant::now();
    let directory = tempfile::tempdir().expect("a temporary folder");
    let both = [(HEALTHY, monitoring(HEALTHY)), (SICK, monitoring(SICK))];
    let world = build::world(&both, directory.path());

    // The rules of both jobs, and those about the servers once.
    let rules = |job: &str| directory.path().join("rules").join(job);
    for (job, monitoring) in &both {
        std::fs::create_dir_all(rules(job)).expect("a new folder");
        let stack = if *job == HEALTHY { monitoring.stack_files() } else { Vec::new() };
        let names = ["alerts.yml", "recording-rules.yml", "stack-alerts.yml"];
        let files = monitoring.files().into_iter().chain(stack).filter(|it| names.contains(&it.name));
        files.for_each(|it| std::fs::write(rules(job).join(it.name), it.contents).expect("a file"));
    }
    let names = both.each_ref().map(|it| format!("{}/*.yml", rules(it.0).display()));
    let prometheus = Prometheus::start(directory.path(), &names);
    println!("{} series of 31 days: {:.1} s", world.series.len(), started.elapsed().as_secs_f64());

    let mut holding = Holding::new();
    let mut asked = 0;
    for (job, monitoring) in &both {
        for it in monitoring.queries() {
            check(&prometheus, &world, job, &it, &mut holding);
            asked += 1;
        }
    }
    for it in both[0].1.stack_queries() {
        check(&prometheus, &world, "stack", &it, &mut holding);
        asked += 1;
    }
    let stalled = monitoring(STALLED);
    for it in stalled.queries().filter(|it| it.name.ends_with("Stalled")) {
        check(&prometheus, &world, STALLED, &it, &mut holding);
    }
    let gone = monitoring("gone");
    for it in gone.queries().filter(|it| it.name == "ServiceDown") {
        check(&prometheus, &world, "gone", &it, &mut holding);
    }
    assert_each_holds_where_it_should(&holding, &both[0].1);
    for (job, monitoring) in &both {
        expected::check_known_numbers(&prometheus, &world, job, monitoring);
    }
    println!("{asked} panels and rules queried: {:.1} s", started.elapsed().as_secs_f64());
    // Meanwhile, Prometheus evaluates each group of rules.
    let many = std::thread::spawn(scale::build);
    for (job, monitoring) in &both {
        expected::check_what_prometheus_records(&prometheus, &world, job, monitoring);
        expected::check_what_prometheus_alerts(&prometheus, &world, job, monitoring);
    }
    println!("rules evaluated by Prometheus itself: {:.1} s", started.elapsed().as_secs_f64());
    many.join().expect("blocks")
}

/// Sends the query of a generated file, and compares the result.
fn check(prometheus: &Prometheus, world: &World, job: &'static str, it: &NamedQuery<'_>, holding: &mut Holding) {
    let expected = oracle(world, job, it.user).answer(it.query);
    let text = as_sent(it);
    let answer = prometheus.ask(&text, world.end);
    assert_same(&answer, &expected, 1e-6, &format!("{} ({job}): {text}", it.name));
    if it.user != User::Alert {
        assert!(!answer.is_empty(), "{} ({job}) shows nothing: {text}", it.name);
    } else if !answer.is_empty() {
        holding.insert((job, it.name.to_owned()));
    }
}

/// Returns the query as Grafana sends it, with values for the variables of the dashboard.
fn as_sent(it: &NamedQuery<'_>) -> String {
    let variables =
        [("$job", ".+"), ("$instance", ".+"), ("$function", ".+"), ("$__rate_interval", "5m"), ("$__range", "5m")];
    variables.iter().fold(it.text(), |text, (name, value)| text.replace(name, value))
}

fn oracle<'a>(world: &'a World, job: &'a str, user: User) -> Oracle<'a> {
    Oracle { world, job: (user != User::Panel).then_some(job), at: world.end }
}

#[track_caller]
fn assert_same(answer: &Answer, expected: &Answer, tolerance: f64, what: &str) {
    let near = |one: f64, other: f64| {
        one.is_nan() && other.is_nan() || (one - other).abs() <= tolerance * other.abs().max(1e-9)
    };
    let same = answer.keys().eq(expected.keys())
        && answer.iter().all(|(labels, value)| expected.get(labels).is_some_and(|it| near(*value, *it)));
    assert!(same, "{what}\nPrometheus: {answer:#?}\narithmetic: {expected:#?}");
}

/// Checks that no alert holds in the healthy job, except the Watchdog, and that every alert holds in another job.
fn assert_each_holds_where_it_should(holding: &Holding, monitoring: &Monitoring) {
    let well: Vec<&str> = holding.iter().filter(|it| it.0 == HEALTHY).map(|it| it.1.as_str()).collect();
    assert_eq!(well, ["Watchdog"]);
    let alerts = monitoring.alerts.iter().chain(&monitoring.stack).flat_map(|it| &it.rules);
    let silent: Vec<&str> =
        alerts.map(|it| it.name.as_str()).filter(|name| holding.iter().all(|it| it.1 != *name)).collect();
    assert!(silent.is_empty(), "no job triggers {silent:?}");
}
