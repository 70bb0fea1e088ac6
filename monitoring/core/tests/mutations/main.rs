//! Changes thresholds, comparisons, windows and waiting times of the shipped alerts, one at a time, and runs the
//! alert's unit tests with `promtool` on the changed rules. The tests have to fail; otherwise they would miss such a
//! mistake.
//!
//! By default it tries a fixed sample of the changes, with `MUTATIONS=all` all of them.

#![expect(clippy::print_stdout, reason = "the test prints a summary")]

mod guards;
mod mutation;
#[path = "../all/support.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use guards::GUARDS;
use measurand_monitoring::model::{Alert, Group};
use measurand_monitoring::query::Query;
use measurand_monitoring::{File, Monitoring, Options};
use mutation::{Key, Mutation};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use support::{catalog, shipped_sites};

/// The sample contains one of this number of changes.
const SAMPLE: usize = 25;

/// A change of a rule, with the tests of one alert.
struct Trial {
    alert: Monitoring,
    files: Vec<File>,
    mutation: Mutation,
}

#[test]
fn the_tests_of_alerts_notice_each_change() {
    let all = std::env::var("MUTATIONS").is_ok_and(|it| it == "all");
    let alone: Vec<Monitoring> = alone();
    // All alerts that use a changed rule belong to the sample, since one of them has to notice the change.
    let mut keys: BTreeMap<Key, usize> = BTreeMap::new();
    let mut is_in_sample = |it: &Trial| {
        let next = keys.len();
        all || keys.entry(it.mutation.key()).or_insert(next).is_multiple_of(SAMPLE)
    };
    let trials: Vec<Trial> = alone.iter().flat_map(trials).filter(|it| is_in_sample(it)).collect();
    let queue = Mutex::new(trials.into_iter());
    let noticed: Mutex<BTreeMap<Key, bool>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                // The lock is not held while a trial runs.
                let next = || queue.lock().expect("no thread panicked").next();
                while let Some(trial) = next() {
                    let fails = tests_fail(&trial);
                    let mut noticed = noticed.lock().expect("no thread panicked");
                    *noticed.entry(trial.mutation.key()).or_default() |= fails;
                }
            });
        }
    });
    let noticed = noticed.into_inner().expect("no thread panicked");
    let survivors: Vec<(&str, &str)> = noticed
        .iter()
        .filter(|(_, noticed)| !**noticed)
        .map(|((rule, what, _), _)| (rule.as_str(), what.as_str()))
        .collect();
    println!("{} changes, {} of them unnoticed", noticed.len(), survivors.len());
    for guard in GUARDS {
        let count = survivors.iter().filter(|it| guard.is(it.0, it.1)).count();
        if count > 0 {
            println!("{count:4} {} {}: {}", guard.rule, guard.what, guard.why);
        }
    }
    let is_guard = |(rule, what): &(&str, &str)| GUARDS.iter().any(|it| it.is(rule, what));
    let unknown: Vec<_> = survivors.iter().filter(|it| !is_guard(it)).collect();
    assert!(unknown.is_empty(), "no test fails with these changes: {unknown:#?}");
    let idle: Vec<_> = GUARDS.iter().filter(|guard| !survivors.iter().any(|it| guard.is(it.0, it.1))).collect();
    assert!(!all || idle.is_empty(), "these changes are noticed, so take them off the list: {idle:#?}");
}

/// Returns each alert with only the recordings that it needs, so that its tests take little time.
fn alone() -> Vec<Monitoring> {
    let options = Options { job: Some("claude-code-app".to_owned()), under_load: true, ..Options::default() };
    let whole = Monitoring::new(&catalog(&shipped_sites()), &options);
    let one =
        |group: &Group<Alert>, alert: &Alert| vec![Group { name: group.name.clone(), rules: vec![alert.clone()] }];
    let mut all = Vec::new();
    for group in &whole.alerts {
        for alert in &group.rules {
            let mut needed = BTreeSet::new();
            recorded(&alert.query, &mut needed);
            let mut it = Monitoring { alerts: one(group, alert), stack: Vec::new(), ..whole.clone() };
            for group in &mut it.recordings {
                group.rules.retain(|rule| needed.contains(&(rule.record.as_str(), rule.labels.as_slice())));
            }
            it.recordings.retain(|group| !group.rules.is_empty());
            all.push(it);
        }
    }
    for group in &whole.stack {
        for alert in &group.rules {
            all.push(Monitoring {
                alerts: Vec::new(),
                recordings: Vec::new(),
                stack: one(group, alert),
                ..whole.clone()
            });
        }
    }
    all
}

fn recorded<'a>(query: &'a Query, names: &mut BTreeSet<(&'a str, &'a [(String, String)])>) {
    if let Query::Recorded { record, labels, .. } = query {
        names.insert((record, labels));
    }
    query.children().into_iter().for_each(|it| recorded(it, names));
}

fn trials(alert: &Monitoring) -> Vec<Trial> {
    let files = support::all_files(alert);
    let of_file = |it: &File| mutation::of(it.name, &it.contents);
    let rules = ["alerts.yml", "recording-rules.yml", "stack-alerts.yml"];
    let mutations = files.iter().filter(|it| rules.contains(&it.name)).flat_map(of_file);
    mutations.map(|mutation| Trial { alert: alert.clone(), files: files.clone(), mutation }).collect()
}

/// Whether at least one test of the alert fails with the change.
fn tests_fail(trial: &Trial) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in &trial.files {
        let is_changed = file.name == trial.mutation.file;
        let contents = if is_changed { &trial.mutation.contents } else { &file.contents };
        let path = folder.path().join(file.name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder in it");
        std::fs::write(path, contents).expect("a file in it");
    }
    let of_stack = trial.alert.alerts.is_empty();
    let names = if of_stack {
        ["stack-alerts.test.yml", "stack-alerts-slow.test.yml", "stack-alerts-slowest.test.yml"]
    } else {
        ["alerts.test.yml", "alerts-slow.test.yml", "alerts-slowest.test.yml"]
    };
    names.iter().any(|it| !passes(folder.path(), it))
}

fn passes(folder: &Path, test: &str) -> bool {
    let mut command = Command::new("promtool");
    command
        .args(["test", "rules", test])
        .current_dir(folder)
        .env("GOGC", "400")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().expect("promtool runs; install it: apt-get install prometheus").success()
}
