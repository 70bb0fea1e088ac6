//! A simulated day of six programs in a real Prometheus: with low, normal and high traffic, healthy and with faults. No
//! alert fires without a fault, each fault is found in time, and its alerts resolve after it.
//!
//! A healthy program has a few bad calls, a restart, a rolling deployment, a scrape gap and a clock step.

#![expect(clippy::print_stdout, reason = "the test prints a table")]

mod day;
mod faults;
mod judge;
#[path = "../all/support.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use faults::{FAULTS, Fault};
use judge::{Episode, Judge};
use measurand_monitoring::model::Alert;
use measurand_monitoring::{Monitoring, Options};
use measurand_tests::Prometheus;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use support::{catalog, shipped_sites};

/// The amount of traffic of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Traffic {
    Low,
    Normal,
    High,
}

const ALL: [Traffic; 3] = [Traffic::Low, Traffic::Normal, Traffic::High];

impl Traffic {
    /// Calls per second of each function in each of the two instances.
    fn calls(self) -> f64 {
        match self {
            Self::Low => 0.03,
            Self::Normal => 5.0,
            Self::High => 2000.0,
        }
    }
}

/// The behaviour of one alert at one traffic.
#[derive(Debug, Default)]
struct Row {
    /// Firings without a fault, with their start in minutes.
    false_firings: Vec<u32>,
    /// Seconds from the start of a fault to the alert, and from the end of the fault to the resolve; the longest.
    found: Option<i64>,
    resolved: Option<i64>,
    missed: bool,
}

fn monitoring(traffic: Traffic, faulty: bool) -> Monitoring {
    let job = format!("{traffic:?}-{}", if faulty { "faulty" } else { "healthy" }).to_lowercase();
    // Only a program with a known load has alerts about too little load.
    let options = Options {
        job: Some(job),
        under_load: traffic == Traffic::High,
        sample_limit: Some(faults::SAMPLE_LIMIT),
        ..Options::default()
    };
    Monitoring::new(&catalog(&shipped_sites()), &options)
}

#[test]
fn alerts_fire_only_during_faults() {
    let started = Instant::now();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let start = day::start();
    let programs: Vec<_> =
        ALL.into_iter().flat_map(|it| [false, true].map(|faulty| (it, faulty, monitoring(it, faulty)))).collect();
    let samples = day::backfill(folder.path(), start, programs.iter().map(|it| (it.0, it.1, it.2.job.as_str())));
    std::fs::write(folder.path().join("prometheus.yml"), "{}").expect("a file");
    let (_running, prometheus) = Prometheus::start(folder.path(), &["--storage.tsdb.retention.time=90d"]);
    println!("{samples} samples: {:.1} s", started.elapsed().as_secs_f64());

    let judges: Vec<Judge<'_>> = programs.iter().map(|it| Judge::new(&prometheus, &it.2, start, it.1)).collect();
    let tasks = programs.iter().zip(&judges).flat_map(|(program, judge)| {
        program.2.alerts.iter().flat_map(|it| &it.rules).map(move |alert| (program.0, program.1, judge, alert))
    });
    let (tasks, rows) = (Mutex::new(tasks), Mutex::new(BTreeMap::<(String, Traffic), Row>::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let next = || tasks.lock().expect("no thread panicked").next();
                while let Some((traffic, faulty, judge, alert)) = next() {
                    if alert.name == "Watchdog" {
                        continue;
                    }
                    let episodes = judge.episodes(alert);
                    let mut rows = rows.lock().expect("no thread panicked");
                    let row = rows.entry((alert.name.clone(), traffic)).or_default();
                    if faulty {
                        row.judge(alert, traffic, &episodes);
                    } else {
                        row.false_firings.extend(episodes.iter().map(|it| it.start / 60).map(minute));
                    }
                }
            });
        }
    });
    let rows = rows.into_inner().expect("no thread panicked");
    print(&rows);
    println!("all alerts: {:.1} s", started.elapsed().as_secs_f64());
    let bad: Vec<_> = rows.iter().filter(|it| !it.1.false_firings.is_empty() || it.1.missed).collect();
    assert!(bad.is_empty(), "fired without a fault, missed a fault, or did not resolve in time: {bad:#?}");
}

fn minute(it: i64) -> u32 {
    u32::try_from(it).expect("a minute of the day")
}

impl Row {
    /// Compares the firings with the faults that have to trigger the alert.
    fn judge(&mut self, alert: &Alert, traffic: Traffic, episodes: &[Episode]) {
        let own: Vec<&Fault> = FAULTS.iter().filter(|it| it.triggers(&alert.name, traffic)).collect();
        assert!(!own.is_empty(), "{} needs a fault", alert.name);
        let late = i64::from(faults::LATE_SECONDS);
        for it in episodes {
            // No alert may start after its fault has ended.
            if !own.iter().any(|fault| (fault.start()..=fault.end() + late).contains(&it.start)) {
                self.false_firings.push(minute(it.start / 60));
            }
        }
        let times = faults::times(alert, traffic);
        for fault in own.iter().filter(|it| !it.also.contains(&alert.name.as_str())) {
            let during: Vec<&Episode> =
                episodes.iter().filter(|it| it.start >= fault.start() && it.start <= fault.end() + late).collect();
            let found = during.iter().map(|it| it.start - fault.start()).min();
            let resolved = during.iter().map(|it| it.end - fault.end()).max();
            self.missed |= found.is_none_or(|it| it > times.found) || resolved.is_none_or(|it| it > times.resolved);
            self.found = self.found.max(found);
            self.resolved = self.resolved.max(resolved);
        }
    }
}

fn print(rows: &BTreeMap<(String, Traffic), Row>) {
    println!("{:28} {:8} {:>14} {:>12} {:>15}", "alert", "traffic", "false firings", "found after", "resolved after");
    for ((name, traffic), row) in rows {
        let time = |it: Option<i64>| {
            it.map_or("-".to_owned(), |it| {
                format!("{:.1} min", Duration::from_secs(it.max(0).cast_unsigned()).as_secs_f64() / 60.0)
            })
        };
        let traffic = format!("{traffic:?}").to_lowercase();
        let count = row.false_firings.len();
        println!("{name:28} {traffic:8} {count:>14} {:>12} {:>15}", time(row.found), time(row.resolved));
    }
}
