//! Every alert about the application is provoked in the running system: a real service, broken by one of its faults, a
//! real Prometheus with the shipped rules, a real Alertmanager with the generated routes; it fires, whoever has to know is
//! told, and nobody else, and all of them are told that it is over when the fault is.
//!
//! Time is made to pass faster, see `rules`: one Prometheus has minutes for seconds, another one days.

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
use table::{ALWAYS, BESIDE, BY_ENDING, LONG, SECOND, Step, WAVES, steps};

const JOB: &str = "claude-code-app";
/// An instance that ends and begins again is another service, since what explains its alerts must not explain others; by
/// minutes and by days one more each, since a scrape that is slow by days is none at all by minutes.
const OTHERS: [&str; 2] = ["app-by-minutes", "app-by-days"];
/// Who answers.
const TEAMS: [&str; 3] = ["learning", "storage", "verification"];
const MINUTES: Clock = Clock { factor: 120, hold: 120, scrape: Duration::from_secs(1) };
const DAYS: Clock = Clock { factor: 2880, hold: 2880, scrape: Duration::from_secs(2) };

fn shipped(file: &str) -> RuleFile {
    RuleFile::read(&workspace().join("monitoring").join(file))
}

/// Every shipped alert is in exactly one place: provoked by a fault, by a program that ends, by the monitoring that is
/// broken, or, where that cannot be done here, by a past that is made up.
#[test]
fn no_alert_is_left_out() {
    let check = |file: &str, lists: &[&[&str]]| {
        let mut listed: Vec<&str> = lists.concat();
        listed.sort_unstable();
        assert_eq!(listed, shipped(file).names(), "{file}");
    };
    let by_faults: Vec<&str> = steps().flat_map(|it| it.alerts).copied().collect();
    for it in steps().flat_map(|it| it.explained) {
        assert!(by_faults.contains(it), "{it} is brought by itself as well");
    }
    check("alerts.yml", &[&by_faults, BY_ENDING, &[ALWAYS]]);
    check("stack-alerts.yml", &[monitoring::LIVE, monitoring::MADE_UP]);
}

/// What the rules are changed through changes nothing by itself.
#[test]
fn expressions_are_printed_as_they_were_read() {
    for file in ["alerts.yml", "recording-rules.yml", "stack-alerts.yml"] {
        for rule in shipped(file).rules() {
            let expression = parsed(&rule.expr);
            assert_eq!(parsed(&expression.to_string()), expression, "{}", rule.expr);
        }
    }
}

struct Stage<'a> {
    begin: Instant,
    alerts: &'a RuleFile,
    /// Those about the other services.
    others: &'a [RuleFile; 2],
    minutes: &'a Prometheus,
    days: &'a Prometheus,
    called: &'a Called,
}

impl Stage<'_> {
    fn tell(&self, text: &str) {
        eprintln!("{:6.1} s  {text}", self.begin.elapsed().as_secs_f64());
    }

    fn firing(&self, name: &str) -> Vec<Alert> {
        let prometheus = if LONG.contains(&name) { self.days } else { self.minutes };
        prometheus.firing(name)
    }

    fn rules<'a>(&'a self, name: &'a str) -> Vec<&'a Rule> {
        self.alerts.alerts(name).chain(self.others.iter().flat_map(|it| it.alerts(name))).collect()
    }

    /// Brings this about, waits until each of the alerts fires and all whom it concerns are told, and looks at what it says; returns
    /// what was told before.
    #[track_caller]
    fn fires(&self, names: &[&str], explained: &[&str], bring: impl FnOnce()) -> Mark {
        let since = self.called.mark();
        bring();
        self.wait(&[names, explained].concat(), 180, "fires", |name| {
            let firing = self.firing(name);
            for it in &firing {
                it.check(self.alerts);
            }
            if firing.is_empty() { Err(format!("{name} in Prometheus")) } else { Ok(()) }
        });
        self.wait(explained, 60, "is explained", |name| self.called.is_explained(name));
        self.wait(names, 60, "is told", |name| self.called.is_told(&self.rules(name), &since));
        since
    }

    /// Waits until none of these fires, and all who were told are told that as well.
    #[track_caller]
    fn ends(&self, names: &[&str], explained: &[&str], since: &Mark) {
        self.is_quiet(&[names, explained].concat(), 180);
        let explained = |name: &str| steps().any(|it| it.explained.contains(&name));
        self.wait(names, 60, "is told to be over", |name| {
            self.called.is_over(&self.rules(name), since, explained(name))
        });
    }

    /// Waits until none of these fires.
    #[track_caller]
    fn is_quiet(&self, names: &[&str], seconds: u64) {
        self.wait(names, seconds, "is quiet", |name| match self.firing(name).as_slice() {
            [] => Ok(()),
            firing => Err(format!("the end of {firing:#?}")),
        });
    }

    #[track_caller]
    fn wait(&self, names: &[&str], seconds: u64, what: &str, holds: impl Fn(&str) -> Result<(), String>) {
        let begin = Instant::now();
        let mut missing = names.to_vec();
        loop {
            let mut why = Vec::new();
            missing.retain(|it| match holds(it) {
                Ok(()) => {
                    // What is so already is no news.
                    if what != "is quiet" || begin.elapsed() > Duration::from_millis(250) {
                        self.tell(&format!("{it} {what}"));
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
            let late = begin.elapsed() > Duration::from_secs(seconds);
            let alerts =
                || [self.minutes.alerts(), self.days.alerts()].concat().iter().map(Alert::short).collect::<Vec<_>>();
            assert!(!late, "not within {seconds} s: {}; {:#?}", why.join(", "), alerts());
            thread::sleep(Duration::from_millis(300));
        }
    }

    /// Breaks what the steps say, sees their alerts, mends it, and sees them end.
    fn wave(&self, address: &str, steps: &[Step]) {
        let (mut on, mut off, mut alerts, mut explained) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for step in steps {
            on.push(format!("{}={}", step.fault, step.value));
            off.push(format!("{}=off", step.fault));
            alerts.extend(step.alerts);
            explained.extend(step.explained);
        }
        let set = |faults: &[String]| {
            self.tell(&faults.join(" "));
            service::set(address, &faults.iter().map(String::as_str).collect::<Vec<_>>());
        };
        // What an earlier wave brought has to be over, so that it is this one that brings it.
        self.is_quiet(&[&alerts[..], &explained].concat(), 90);
        let since = self.fires(&alerts, &explained, || set(&on));
        set(&off);
        self.ends(&alerts, &explained, &since);
    }

    fn waves(&self, address: &str, waves: &[&[Step]]) {
        for wave in waves {
            self.wave(address, wave);
        }
    }

    /// The alerts about a program that ends.
    fn endings(&self, service: &mut Service) {
        self.tell("the second instance ends");
        let since = self.fires(&["ServiceDown"], &[], || service.kill());
        service.begin();
        self.ends(&["ServiceDown"], &[], &since);
        self.tell("and again and again");
        let since = self.fires(&["RestartLoop"], &[], || {
            for _ in 0..4 {
                service.kill();
                // A start is told apart from another one by the second in which it was.
                thread::sleep(Duration::from_millis(1100));
                service.begin();
                thread::sleep(Duration::from_millis(1500));
            }
        });
        self.ends(&["RestartLoop"], &[], &since);
    }
}

#[test]
fn every_alert_fires_and_reaches_whom_it_concerns_and_ends() {
    let binary = program("neural-service", "neural-service", "dev");
    let folder = tempfile::tempdir().unwrap();
    let log = |name: &str| folder.path().join(name);
    let called = Called::start(&folder.path().join("called"));
    // One that is used, and one that ends and begins again; nobody uses it.
    let used = Service::start(&binary, log("used.log"), &["--load", "172000", "--series-limit", "50"]);
    let mut second = Service::start(&binary, log("second.log"), &["--fault", "stalled-loop"]);
    let (alerts, recordings) = (shipped("alerts.yml").with_teams(&TEAMS), shipped("recording-rules.yml"));
    let of_second: Vec<&str> = SECOND.iter().copied().flatten().flat_map(|it| it.alerts).copied().collect();
    let about_it = alerts.clone().only(|it| of_second.contains(&it) || BY_ENDING.contains(&it));
    let others = OTHERS.map(|it| about_it.clone().about(JOB, it));
    let start = |name: &str, other: usize, clock, wanted: fn(&str) -> bool| {
        Prometheus::start(&Setup {
            folder: &folder.path().join(name),
            address: free_address(),
            clock,
            rules: &[alerts.clone().only(wanted), others[other].clone().only(wanted), recordings.clone()],
            jobs: &[(JOB, vec![used.address.clone()]), (OTHERS[other], vec![second.address.clone()])],
            alertmanagers: vec![called.address.clone()],
        })
    };
    let minutes = start("minutes", 0, MINUTES, |it| !LONG.contains(&it));
    let days = start("days", 1, DAYS, |it| LONG.contains(&it));
    let stage = Stage {
        begin: Instant::now(),
        alerts: &alerts,
        others: &others,
        minutes: &minutes,
        days: &days,
        called: &called,
    };

    let names = alerts.names();
    let all: Vec<&str> = names.iter().map(String::as_str).filter(|it| *it != ALWAYS).collect();
    stage.fires(&[ALWAYS], &[], || {});
    // Long enough for whatever would fire of itself.
    thread::sleep(Duration::from_secs(8));
    stage.is_quiet(&all, 90);
    stage.tell("nothing fires while all is well");

    let listed: BTreeSet<String> = steps().map(|it| it.fault.to_owned()).collect();
    let described = service::described(&used.address);
    assert_eq!(listed, described.iter().map(|it| it.0.clone()).collect(), "each fault is in the table");
    for (name, alerts) in &described {
        assert!(alerts.iter().all(|it| names.contains(it)), "{name}: {alerts:?}");
    }

    thread::scope(|scope| {
        let (stage, used) = (&stage, used.address.as_str());
        scope.spawn(|| stage.waves(used, BESIDE));
        scope.spawn(|| {
            stage.endings(&mut second);
            stage.waves(&second.address, SECOND);
        });
        stage.waves(used, WAVES);
    });
    stage.is_quiet(&all, 60);
    stage.tell("all is well again");
    called.check_nobody_else(|name| alerts.alerts(name).next().cloned());
}
