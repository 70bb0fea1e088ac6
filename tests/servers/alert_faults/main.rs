//! Triggers every alert about the application in a running system: a real service with faults, a real Prometheus with
//! the shipped rules and a real Alertmanager with the generated routes. Each alert fires, reaches exactly its
//! receivers, and resolves after the fault.
//!
//! Time passes faster, see `rules`: in one Prometheus minutes take seconds, in another one days do.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod called;
mod monitoring;
mod prometheus;
mod rules;
mod service;
mod table;

use called::{Called, Mark};
use measurand_tests::{program, workspace};
use prometheus::{Alert, Prometheus, Setup, free_address};
use rules::{Clock, Rule, RuleFile, parsed};
use service::Service;
use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};
use table::{ALWAYS, BY_EXIT, CONCURRENT, LONG, SECOND, Step, WAVES, steps};

const JOB: &str = "claude-code-app";
/// Job names of the instance that restarts. It is a separate service, because its alerts must not inhibit those of the
/// other instance. Each Prometheus has its own name for it: a scrape that is slow for one fails for the other.
const OTHERS: [&str; 2] = ["app-by-minutes", "app-by-days"];
/// The teams that own the alerts.
const TEAMS: [&str; 3] = ["learning", "storage", "verification"];
/// The longest time until an alert changes.
const LIMIT: Duration = Duration::from_secs(300);

const MINUTES: Clock = Clock { factor: 120, hold: 120, scrape: Duration::from_secs(1) };
const DAYS: Clock = Clock { factor: 2880, hold: 2880, scrape: Duration::from_secs(2) };

fn shipped(file: &str) -> RuleFile {
    RuleFile::read(&workspace().join("monitoring").join(file))
}

/// Every shipped alert is in exactly one list: triggered by a fault, by the exit of a program, by a large scrape, by broken monitoring, or
/// by artificial samples if a test cannot cause it.
#[test]
fn every_alert_has_a_trigger() {
    let check = |file: &str, lists: &[&[&str]]| {
        let mut listed: Vec<&str> = lists.concat();
        listed.sort_unstable();
        assert_eq!(listed, shipped(file).names(), "{file}");
    };
    let by_faults: Vec<&str> = steps().flat_map(|it| it.alerts).copied().collect();
    for it in steps().flat_map(|it| it.inhibited) {
        assert!(by_faults.contains(it), "{it} needs a step in which it is not inhibited");
    }
    check("alerts.yml", &[&by_faults, BY_EXIT, monitoring::LARGE, &[ALWAYS]]);
    check("stack-alerts.yml", &[monitoring::LIVE, monitoring::DEAD, monitoring::MADE_UP]);
}

/// Parsing and printing a rule's expression does not change it.
#[test]
fn printed_expressions_parse_to_the_same() {
    for file in ["alerts.yml", "recording-rules.yml", "stack-alerts.yml"] {
        for rule in shipped(file).rules() {
            let expression = parsed(&rule.expr);
            assert_eq!(parsed(&expression.to_string()), expression, "{}", rule.expr);
        }
    }
}

struct Stage<'a> {
    start: Instant,
    alerts: &'a RuleFile,
    /// The alerts about the other services.
    others: &'a [RuleFile; 2],
    minutes: &'a Prometheus,
    days: &'a Prometheus,
    called: &'a Called,
}

impl Stage<'_> {
    fn log(&self, text: &str) {
        eprintln!("{:6.1} s  {text}", self.start.elapsed().as_secs_f64());
    }

    fn firing(&self, name: &str) -> Vec<Alert> {
        let prometheus = if LONG.contains(&name) { self.days } else { self.minutes };
        prometheus.firing(name)
    }

    fn rules<'a>(&'a self, name: &'a str) -> Vec<&'a Rule> {
        self.alerts.alerts(name).chain(self.others.iter().flat_map(|it| it.alerts(name))).collect()
    }

    /// Runs `trigger`, waits until all alerts fire with correct labels and texts, and until the receivers of `names`
    /// got them; those in `inhibited` must be inhibited. Returns the state of the receivers before.
    #[track_caller]
    fn fires(&self, names: &[&str], inhibited: &[&str], trigger: impl FnOnce()) -> Mark {
        let since = self.called.mark();
        trigger();
        self.wait(&[names, inhibited].concat(), "fires", |name| {
            let firing = self.firing(name);
            for it in &firing {
                it.check(self.alerts);
            }
            if firing.is_empty() { Err(format!("{name} does not fire in Prometheus")) } else { Ok(()) }
        });
        self.wait(inhibited, "is inhibited", |name| self.called.is_inhibited(name));
        self.wait(names, "is sent", |name| self.called.is_sent(&self.rules(name), &since));
        since
    }

    /// Waits until none of these alerts fires and their receivers got the resolve.
    #[track_caller]
    fn ends(&self, names: &[&str], inhibited: &[&str], since: &Mark) {
        self.is_quiet(&[names, inhibited].concat());
        let inhibited = |name: &str| steps().any(|it| it.inhibited.contains(&name));
        self.wait(names, "is resolved", |name| self.called.is_resolved(&self.rules(name), since, inhibited(name)));
    }

    /// Waits until none of these alerts fires.
    #[track_caller]
    fn is_quiet(&self, names: &[&str]) {
        self.wait(names, "is quiet", |name| match self.firing(name).as_slice() {
            [] => Ok(()),
            firing => Err(format!("still firing: {firing:#?}")),
        });
    }

    /// Panics after a time that is far above what any machine needs.
    #[track_caller]
    fn wait(&self, names: &[&str], what: &str, holds: impl Fn(&str) -> Result<(), String>) {
        let start = Instant::now();
        let mut missing = names.to_vec();
        loop {
            let mut why = Vec::new();
            missing.retain(|it| match holds(it) {
                Ok(()) => {
                    // Logs only changes.
                    if what != "is quiet" || start.elapsed() > Duration::from_millis(250) {
                        self.log(&format!("{it} {what}"));
                    }
                    false
                }
                Err(it) => {
                    why.push(it);
                    true
                }
            });
            if missing.is_empty() {
                return;
            }
            let late = start.elapsed() > LIMIT;
            let alerts =
                || [self.minutes.alerts(), self.days.alerts()].concat().iter().map(Alert::short).collect::<Vec<_>>();
            assert!(!late, "after {LIMIT:?}: {}; {:#?}", why.join(", "), alerts());
            thread::sleep(Duration::from_millis(300));
        }
    }

    /// Switches the faults of all steps on, waits for their alerts, switches the faults off and waits for the resolves.
    fn wave(&self, address: &str, steps: &[Step]) {
        let (mut on, mut off, mut alerts, mut inhibited) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for step in steps {
            on.push(format!("{}={}", step.fault, step.value));
            off.push(format!("{}=off", step.fault));
            alerts.extend(step.alerts);
            inhibited.extend(step.inhibited);
        }
        let set = |faults: &[String]| {
            self.log(&faults.join(" "));
            service::set(address, &faults.iter().map(String::as_str).collect::<Vec<_>>());
        };
        // Alerts of an earlier wave must have ended, so this wave triggers them.
        self.is_quiet(&[&alerts[..], &inhibited].concat());
        let since = self.fires(&alerts, &inhibited, || set(&on));
        set(&off);
        self.ends(&alerts, &inhibited, &since);
    }

    fn waves(&self, address: &str, waves: &[&[Step]]) {
        for wave in waves {
            self.wave(address, wave);
        }
    }

    /// Checks the alerts about a program that exits.
    fn exits(&self, service: &mut Service) {
        self.log("the second instance exits");
        let since = self.fires(&["ServiceDown"], &[], || service.kill());
        service.run();
        self.ends(&["ServiceDown"], &[], &since);
        self.log("the second instance restarts repeatedly");
        let since = self.fires(&["RestartLoop"], &[], || {
            for _ in 0..4 {
                service.kill();
                // Start times have a resolution of one second.
                thread::sleep(Duration::from_millis(1100));
                service.run();
                thread::sleep(Duration::from_millis(1500));
            }
        });
        self.ends(&["RestartLoop"], &[], &since);
    }
}

#[test]
fn every_alert_fires_reaches_its_receivers_and_resolves() {
    let binary = program("neural-service", "neural-service", "dev");
    let folder = tempfile::tempdir().unwrap();
    let log = |name: &str| folder.path().join(name);
    let called = Called::start(&folder.path().join("called"));
    // The first instance has a load; the second has none and restarts.
    let used = Service::start(&binary, log("used.log"), &["--load", "172000", "--series-limit", "50"]);
    let mut second = Service::start(&binary, log("second.log"), &["--fault", "stalled-loop"]);
    let (alerts, recordings) = (shipped("alerts.yml").with_teams(&TEAMS), shipped("recording-rules.yml"));
    let of_second: Vec<&str> = SECOND.iter().copied().flatten().flat_map(|it| it.alerts).copied().collect();
    let about_it = alerts.clone().only(|it| of_second.contains(&it) || BY_EXIT.contains(&it));
    let others = OTHERS.map(|it| about_it.clone().about(JOB, it));
    let start = |name: &str, other: usize, clock, wanted: fn(&str) -> bool| {
        Prometheus::start(&Setup {
            folder: &folder.path().join(name),
            address: free_address(),
            clock,
            rules: &[alerts.clone().only(wanted), others[other].clone().only(wanted), recordings.clone()],
            jobs: &[(JOB, vec![used.address.clone()]), (OTHERS[other], vec![second.address.clone()])],
            alertmanagers: vec![called.address.clone()],
            sample_limit: 0,
        })
    };
    let minutes = start("minutes", 0, MINUTES, |it| !LONG.contains(&it));
    let days = start("days", 1, DAYS, |it| LONG.contains(&it));
    let stage = Stage {
        start: Instant::now(),
        alerts: &alerts,
        others: &others,
        minutes: &minutes,
        days: &days,
        called: &called,
    };

    let names = alerts.names();
    let all: Vec<&str> = names.iter().map(String::as_str).filter(|it| *it != ALWAYS).collect();
    stage.fires(&[ALWAYS], &[], || {});
    // Long enough for alerts that fire without a fault.
    thread::sleep(Duration::from_secs(8));
    stage.is_quiet(&all);
    stage.log("no alert fires without a fault");

    let listed: BTreeSet<String> = steps().map(|it| it.fault.to_owned()).collect();
    let described = service::described(&used.address);
    assert_eq!(listed, described.iter().map(|it| it.0.clone()).collect(), "each fault is in the table");
    for (name, alerts) in &described {
        assert!(alerts.iter().all(|it| names.contains(it)), "{name}: {alerts:?}");
    }

    thread::scope(|scope| {
        let (stage, used) = (&stage, used.address.as_str());
        scope.spawn(|| stage.waves(used, CONCURRENT));
        scope.spawn(|| {
            stage.exits(&mut second);
            stage.waves(&second.address, SECOND);
        });
        stage.waves(used, WAVES);
    });
    stage.is_quiet(&all);
    stage.log("no alert fires any more");
    called.check_channels(|name| alerts.alerts(name).next().cloned());
}
