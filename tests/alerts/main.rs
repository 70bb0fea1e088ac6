//! Every alert about the application is provoked in the running system: a real service, broken by one of its faults, a
//! real Prometheus with the shipped rules; it fires with the labels by which it is routed, and is over when the fault is.
//!
//! Time is made to pass faster, see `rules`: one Prometheus has minutes for seconds, another one days.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod monitoring;
mod prometheus;
mod rules;
mod service;
mod table;

use measurand_tests::{program, workspace};
use prometheus::{Alert, Prometheus, Setup, free_address};
use rules::{Clock, RuleFile, parsed};
use service::Service;
use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};
use table::{ALWAYS, BESIDE, BY_ENDING, LONG, SECOND, Step, WAVES, steps};

const JOB: &str = "claude-code-app";
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
    minutes: &'a Prometheus,
    days: &'a Prometheus,
}

impl Stage<'_> {
    fn tell(&self, text: &str) {
        eprintln!("{:6.1} s  {text}", self.begin.elapsed().as_secs_f64());
    }

    fn firing(&self, name: &str) -> Vec<Alert> {
        let prometheus = if LONG.contains(&name) { self.days } else { self.minutes };
        prometheus.firing(name)
    }

    /// Waits until each of these fires, and looks at what it says.
    #[track_caller]
    fn fires(&self, names: &[&str], seconds: u64) {
        self.wait(names, seconds, "fire", |name| {
            let firing = self.firing(name);
            for it in &firing {
                it.check(self.alerts);
            }
            !firing.is_empty()
        });
    }

    /// Waits until none of these fires.
    #[track_caller]
    fn ends(&self, names: &[&str], seconds: u64) {
        self.wait(names, seconds, "end", |name| self.firing(name).is_empty());
    }

    #[track_caller]
    fn wait(&self, names: &[&str], seconds: u64, what: &str, holds: impl Fn(&str) -> bool) {
        let begin = Instant::now();
        let mut missing = names.to_vec();
        loop {
            missing.retain(|it| {
                let holds = holds(it);
                // What is over already is no news.
                if holds && (what == "fire" || begin.elapsed() > Duration::from_millis(250)) {
                    self.tell(&format!("{it}: {what}s"));
                }
                !holds
            });
            if missing.is_empty() {
                return;
            }
            let late = begin.elapsed() > Duration::from_secs(seconds);
            let alerts =
                || [self.minutes.alerts(), self.days.alerts()].concat().iter().map(Alert::short).collect::<Vec<_>>();
            assert!(!late, "{missing:?} did not {what} within {seconds} s; {:#?}", alerts());
            thread::sleep(Duration::from_millis(300));
        }
    }

    /// Breaks what the steps say, sees their alerts, mends it, and sees them end.
    fn wave(&self, address: &str, steps: &[Step]) {
        let (mut on, mut off, mut alerts) = (Vec::new(), Vec::new(), Vec::new());
        for step in steps {
            on.push(format!("{}={}", step.fault, step.value));
            off.push(format!("{}=off", step.fault));
            alerts.extend(step.alerts);
        }
        let texts = |it: &[String]| it.join(" ");
        // What an earlier wave brought has to be over, so that it is this one that brings it.
        self.ends(&alerts, 90);
        self.tell(&texts(&on));
        service::set(address, &on.iter().map(String::as_str).collect::<Vec<_>>());
        self.fires(&alerts, 180);
        self.tell(&texts(&off));
        service::set(address, &off.iter().map(String::as_str).collect::<Vec<_>>());
        self.ends(&alerts, 180);
    }

    fn waves(&self, address: &str, waves: &[&[Step]]) {
        for wave in waves {
            self.wave(address, wave);
        }
    }

    /// The alerts about a program that ends.
    fn endings(&self, service: &mut Service) {
        self.tell("the second instance ends");
        service.kill();
        self.fires(&["ServiceDown"], 30);
        service.begin();
        self.ends(&["ServiceDown"], 30);
        self.tell("and again and again");
        for _ in 0..4 {
            service.kill();
            // A start is told apart from another one by the second in which it was.
            thread::sleep(Duration::from_millis(1100));
            service.begin();
            thread::sleep(Duration::from_millis(1500));
        }
        self.fires(&["RestartLoop"], 30);
        self.ends(&["RestartLoop"], 90);
    }
}

#[test]
fn every_alert_fires_and_ends() {
    let binary = program("neural-service", "neural-service", "dev");
    let folder = tempfile::tempdir().unwrap();
    let log = |name: &str| folder.path().join(name);
    // One that is used, and one that ends and begins again; nobody uses it.
    let used = Service::start(&binary, log("used.log"), &["--load", "172000", "--series-limit", "50"]);
    let mut second = Service::start(&binary, log("second.log"), &["--fault", "stalled-loop"]);
    let (alerts, recordings) = (shipped("alerts.yml"), shipped("recording-rules.yml"));
    let targets = vec![used.address.clone(), second.address.clone()];
    let start = |name: &str, clock, wanted: fn(&str) -> bool| {
        Prometheus::start(&Setup {
            folder: &folder.path().join(name),
            address: free_address(),
            clock,
            rules: &[alerts.clone().only(wanted), recordings.clone()],
            jobs: &[(JOB, targets.clone())],
            alertmanagers: Vec::new(),
        })
    };
    let minutes = start("minutes", MINUTES, |it| !LONG.contains(&it));
    let days = start("days", DAYS, |it| LONG.contains(&it));
    let stage = Stage { begin: Instant::now(), alerts: &alerts, minutes: &minutes, days: &days };

    let names = alerts.names();
    let others: Vec<&str> = names.iter().map(String::as_str).filter(|it| *it != ALWAYS).collect();
    stage.fires(&[ALWAYS], 30);
    // Long enough for whatever would fire of itself.
    thread::sleep(Duration::from_secs(8));
    stage.ends(&others, 90);
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
    stage.ends(&others, 60);
    stage.tell("all is well again");
}
