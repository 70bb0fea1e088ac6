//! The samples of simulated programs: Poisson arrivals from a fixed seed, scraped every 30 seconds.

#![expect(clippy::cast_precision_loss, reason = "seconds since 1970 stay far below 2^53")]

use crate::Traffic;
use crate::faults::{Kind, MINUTES, SAMPLE_LIMIT, is_on};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

const SCRAPE: i64 = 30;
const HOUR: i64 = 3600;

/// The time of the first sample, in seconds since 1970.
pub(crate) fn start() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    (now.cast_signed() - i64::from(MINUTES) * 60) / HOUR * HOUR - HOUR
}

/// Writes the samples of all programs as blocks of Prometheus. Returns their number.
pub(crate) fn backfill<'a>(
    folder: &Path,
    start: i64,
    programs: impl Iterator<Item = (Traffic, bool, &'a str)>,
) -> usize {
    let name = folder.join("samples");
    let mut file = BufWriter::new(File::create(&name).expect("a file"));
    let mut count = 0;
    for (seed, (traffic, faulty, job)) in (1..).zip(programs) {
        for (number, life) in lives(faulty).iter().enumerate() {
            let random = Random(seed * 100 + number as u64);
            let mut instance = Instance { start, traffic, faulty, life, random, series: Vec::new(), cursor: 0 };
            instance.run();
            for (series, samples) in &instance.series {
                let (metric, labels) = series.split_once('{').expect("labels");
                let target = format!("{metric}{{job=\"{job}\",instance=\"{number}\"");
                let comma = if labels == "}" { "" } else { "," };
                for (time, value) in samples {
                    let time = start + time;
                    writeln!(file, "{target}{comma}{labels} {value} {time}.{number}").expect("a file");
                }
                count += samples.len();
            }
        }
    }
    writeln!(file, "# EOF").and_then(|()| file.flush()).expect("a file");
    let arguments = ["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=1488h", "--quiet"];
    let output = Command::new("promtool").args(arguments).args([name, folder.join("tsdb")]).output();
    let output = output.expect("promtool runs; install it: apt-get install prometheus");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    count
}

/// Whether a healthy program's Prometheus is down at this second of the day.
pub(crate) fn is_gap(time: i64) -> bool {
    (10 * HOUR..10 * HOUR + 240).contains(&time)
}

/// Whether the clock skips this second of the day, so nothing happens in it.
pub(crate) fn is_jump(time: i64) -> bool {
    (14 * HOUR..14 * HOUR + 600).contains(&time)
}

/// The life of an instance, in seconds of the day: from, to, and the times of its restarts.
#[derive(Debug)]
struct Life {
    from: i64,
    to: i64,
    restarts: Vec<i64>,
}

/// The instances of a program. A healthy one has a restart, and at six o'clock a rolling deployment replaces both.
fn lives(faulty: bool) -> Vec<Life> {
    let end = i64::from(MINUTES) * 60;
    let life = |from, to, restarts: &[i64]| Life { from, to, restarts: restarts.to_vec() };
    if faulty {
        let repeated: Vec<i64> = (0..end).step_by(300).filter(|it| is_on(Kind::Restarts, *it)).collect();
        vec![life(0, end, &repeated), life(0, end, &[])]
    } else {
        let deployed = 6 * HOUR;
        vec![
            life(0, deployed, &[3 * HOUR]),
            life(0, deployed + 120, &[]),
            life(deployed + 30, end, &[]),
            life(deployed + 150, end, &[]),
        ]
    }
}

/// The generator `SplitMix64`.
struct Random(u64);

impl Random {
    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        f64::from(u32::try_from((it ^ (it >> 31)) >> 32).expect("32 bits")) / f64::from(u32::MAX)
    }

    /// The number of events, of which this many are expected.
    fn poisson(&mut self, expected: f64) -> f64 {
        if expected > 50.0 {
            let normal: f64 = (0..12).map(|_| self.share()).sum::<f64>() - 6.0;
            return (expected + expected.sqrt() * normal).round();
        }
        let (limit, mut product, mut count) = ((-expected).exp(), self.share(), 0.0);
        while product > limit {
            product *= self.share();
            count += 1.0;
        }
        count
    }
}

/// A series and its samples.
type Series = (String, Vec<(i64, f64)>);

struct Instance<'a> {
    start: i64,
    traffic: Traffic,
    faulty: bool,
    life: &'a Life,
    random: Random,
    series: Vec<Series>,
    /// The next series in the order of the first scrape.
    cursor: usize,
}

/// One scrape.
struct Scrape {
    time: i64,
    /// Seconds of work since the last scrape.
    seconds: f64,
    /// Whether most work is bad.
    bad: bool,
    /// Whether the target answers and Prometheus is there.
    is_seen: bool,
    /// Seconds since the start of the process.
    age: i64,
}

impl Instance<'_> {
    fn run(&mut self) {
        let mut begin = self.life.from;
        for time in (self.life.from..self.life.to).step_by(30) {
            if self.life.restarts.contains(&time) {
                begin = time;
                // All counters start again.
                self.series.iter_mut().for_each(|it| it.1.push((-1, 0.0)));
            }
            let is_first = begin == time;
            let faulty = self.faulty;
            let is_on = |kind| faulty && is_on(kind, time);
            let down = is_on(Kind::Outage) || (is_on(Kind::InstanceDown) && !self.life.restarts.is_empty());
            let dropped = is_on(Kind::TooManySamples);
            let (jump, gap) = (!self.faulty && is_jump(time), !self.faulty && is_gap(time));
            let restarting = is_first && time > 0;
            let scrape = Scrape {
                time,
                seconds: if jump || is_first { 0.0 } else { SCRAPE as f64 },
                bad: is_on(Kind::Everything),
                is_seen: !(down || dropped || jump || gap || restarting),
                age: time - begin,
            };
            self.cursor = 0;
            if jump || gap {
                self.cursor += 1;
            } else {
                self.record("up{}", time, if down || dropped || restarting { 0.0 } else { 1.0 });
            }
            let samples = f64::from(SAMPLE_LIMIT)
                * if dropped {
                    1.1
                } else if is_on(Kind::ManySamples) {
                    0.9
                } else {
                    0.1
                };
            let time = if jump || gap { -1 } else { time };
            self.record(
                "scrape_samples_post_metric_relabeling{}",
                time,
                if down || restarting { 0.0 } else { samples },
            );
            self.families(&scrape);
            self.platform(&scrape);
        }
        // Removes the markers of restarts.
        self.series.iter_mut().for_each(|it| it.1.retain(|sample| sample.0 >= 0 && !sample.1.is_nan()));
    }

    /// Adds a sample to the next series.
    fn record(&mut self, name: &str, time: i64, value: f64) {
        if self.cursor == self.series.len() {
            self.series.push((closed(name), Vec::new()));
        }
        self.series[self.cursor].1.push((time, value));
        self.cursor += 1;
    }

    fn gauge(&mut self, name: &str, scrape: &Scrape, value: f64) {
        // A gauge is set some time after the start.
        let is_set = scrape.is_seen && scrape.age >= 60;
        self.record(name, if is_set { scrape.time } else { -1 }, value);
    }

    fn counter(&mut self, name: &str, scrape: &Scrape, growth: f64) {
        let last = self.series.get(self.cursor).and_then(|it| it.1.last()).map_or(0.0, |it| it.1);
        self.record(name, if scrape.is_seen { scrape.time } else { -1 }, last + growth);
    }

    /// Adds observations to a histogram, each number in the bucket with this upper bound.
    fn histogram(&mut self, name: &str, labels: &str, scrape: &Scrape, observed: &[(f64, f64)], bounds: &[f64]) {
        let all = observed.iter().map(|it| it.1).sum();
        for bound in bounds {
            let below = observed.iter().filter(|it| it.0 <= *bound).map(|it| it.1).sum();
            self.counter(&format!("{name}_bucket{{{labels}le=\"{bound}\"}}"), scrape, below);
        }
        self.counter(&format!("{name}_bucket{{{labels}le=\"+Inf\"}}"), scrape, all);
        self.counter(&format!("{name}_count{{{labels}}}"), scrape, all);
    }

    /// Good and bad events since the last scrape.
    fn events(&mut self, scrape: &Scrape, per_second: f64, healthy: f64) -> (f64, f64) {
        let expected = per_second * scrape.seconds;
        let share = if scrape.bad { 0.9 } else { healthy };
        (self.random.poisson(expected * (1.0 - share)), self.random.poisson(expected * share))
    }

    /// A duration with a share of slow calls: bounds below the limit, at the limit, and above it.
    fn duration(&mut self, name: &str, labels: &str, scrape: &Scrape, (fast, slow): (f64, f64), bounds: [f64; 3]) {
        self.histogram(name, labels, scrape, &[(bounds[0], fast), (bounds[2], slow)], &bounds);
    }

    fn families(&mut self, scrape: &Scrape) {
        let time = scrape.time;
        let faulty = self.faulty;
        let is_on = |kind| faulty && is_on(kind, time);
        let (stall, lost, pool, growth) =
            (is_on(Kind::Stall), is_on(Kind::LostLoad), is_on(Kind::SlowPool), is_on(Kind::Growth));
        // The traffic follows the day.
        let day = (time as f64 / 86_400.0 * std::f64::consts::TAU).cos();
        let calls = self.traffic.calls() * (1.0 - 0.5 * day * f64::from(u8::from(self.traffic == Traffic::Normal)));
        // Agents do less than the rest of the program.
        let work = calls.min(0.5);

        for operation in ["learning", "retrieval", "extraction"] {
            let load = if self.traffic == Traffic::High { 32_000.0 } else { calls };
            let rate = if stall {
                0.0
            } else if lost {
                load / 2.0
            } else {
                load
            };
            let (good, failed) = self.events(scrape, rate, 0.0003);
            self.counter(&format!("neural_operations_total{{operation_type=\"{operation}\"}}"), scrape, good + failed);
            let labels = format!("{{operation_type=\"{operation}\",outcome=\"error\"}}");
            self.counter(&format!("neural_operation_errors_total{labels}"), scrape, failed);
        }
        let cycles = if stall { 0.0 } else { self.random.poisson(work * scrape.seconds) };
        self.counter("feedback_loop_cycles_total{}", scrape, cycles);

        let retrievals = self.events(scrape, calls, 0.005);
        self.duration("pattern_retrieval_duration_seconds", "", scrape, retrievals, [0.005, 0.01, 0.025]);
        let (sure, unsure) = self.events(scrape, calls, 0.05);
        let observed = [(0.9, sure), (0.6, unsure)];
        self.histogram("pattern_confidence", "pattern_type=\"prediction\",", scrape, &observed, &[0.6, 0.7, 0.9]);
        let patterns = if growth { 4e7 } else { 2e7 + time as f64 * 10.0 };
        self.gauge("pattern_memory_bytes{}", scrape, patterns);
        self.gauge("patterns_unused{}", scrape, if scrape.bad { 1500.0 } else { 100.0 });
        self.gauge("background_task_queue_length{}", scrape, if scrape.bad { 200.0 } else { 10.0 });
        let efficiency = 0.97 + 0.02 * self.random.share();
        self.gauge("coordination_efficiency{}", scrape, if scrape.bad { 0.0 } else { efficiency });

        let agent = "agent_id=\"coder\",";
        let (true_scores, low) = self.events(scrape, work, 0.01);
        // A fifth of the low scores is critically low, and all of them during the fault.
        let critical = if scrape.bad { low } else { self.random.poisson(work * scrape.seconds * 0.002) };
        let observed = [(0.99, true_scores), (0.9, if scrape.bad { 0.0 } else { low }), (0.6, critical)];
        let bounds = [0.6, 0.7, 0.9, 0.95, 0.99];
        self.histogram("truth_score", agent, scrape, &observed, &bounds);
        let failed = if scrape.bad { low } else { low + critical };
        self.counter("verification_success_total{agent_id=\"coder\"}", scrape, true_scores);
        self.counter("verification_failures_total{agent_id=\"coder\"}", scrape, failed);
        let undone = if scrape.bad { low } else { self.random.poisson(failed * 0.05) };
        self.counter("auto_rollback_total{agent_id=\"coder\"}", scrape, undone);
        let newest = match () {
            () if scrape.bad => 0.6,
            () if self.random.share() < 0.01 => 0.8,
            () => 0.98,
        };
        self.gauge("agent_truth_score{agent_id=\"coder\"}", scrape, newest);

        let table = "query_type=\"select\",table=\"patterns\",";
        let (good, failed) = self.events(scrape, calls, 0.0003);
        self.counter(&format!("db_query_errors_total{{{table}outcome=\"error\"}}"), scrape, failed);
        let slow = self.random.poisson((good + failed) * 0.005);
        let (slow, fast) = if scrape.bad { (good + failed, 0.0) } else { (slow, good + failed) };
        self.duration("db_query_duration_seconds", table, scrape, (fast, slow), [0.005, 0.01, 0.025]);
        let connections = match () {
            () if pool => f64::from(u8::from(time % 240 == 0)),
            () if scrape.bad => 1.0,
            () => self.random.poisson(scrape.seconds / 14_400.0),
        };
        self.counter("database_connection_errors_total{}", scrape, connections);
        let hanging = is_on(Kind::HangingServer);
        let attempts = if hanging { 0.0 } else { connections + self.random.poisson(scrape.seconds * 0.02) };
        self.counter("database_connections_total{}", scrape, attempts);
        self.seen("database_connections_in_flight{}", scrape, f64::from(u8::from(hanging)));
        let (hits, misses) = self.events(scrape, calls, 0.05);
        self.counter("cache_hits_total{cache=\"embeddings\"}", scrape, hits);
        self.counter("cache_misses_total{cache=\"embeddings\"}", scrape, misses);
        let plans = self.events(scrape, work, 0.005);
        self.duration("goap_planning_duration_seconds", "goal=\"fix\",", scrape, plans, [2.5, 5.0, 10.0]);
        self.counter("measurand_panics_total{family=\"planning\"}", scrape, f64::from(u8::from(scrape.bad)));
        let (done, failed) = self.events(scrape, work, 0.01);
        self.counter("task_completed_total{task_type=\"bugfix\",status=\"success\"}", scrape, done);
        self.counter("task_completed_total{task_type=\"bugfix\",status=\"failure\"}", scrape, failed);

        for (family, labels, bounds) in [
            ("http_request", "method=\"GET\",route=\"/\",status=\"200\",", [0.25, 0.5, 1.0]),
            ("outgoing_request", "peer=\"payments\",operation=\"pay\",", [0.5, 1.0, 2.5]),
        ] {
            let (good, failed) = self.events(scrape, calls, 0.001);
            self.counter(&format!("{family}s_total{{{labels}}}"), scrape, good + failed);
            self.counter(&format!("{family}_errors_total{{{labels}outcome=\"error\"}}"), scrape, failed);
            let requests = self.events(scrape, calls, 0.005);
            self.duration(&format!("{family}_duration_seconds"), labels, scrape, requests, bounds);
        }
        let function = "function=\"search\",module=\"shop\",";
        let (good, failed) = self.events(scrape, calls, 0.001);
        self.counter(&format!("function_calls_total{{{function}}}"), scrape, good + failed);
        self.counter(&format!("function_errors_total{{{function}outcome=\"error\"}}"), scrape, failed);
        let panics = f64::from(u8::from(scrape.bad));
        self.counter(&format!("function_errors_total{{{function}outcome=\"panic\"}}"), scrape, panics);
    }

    fn platform(&mut self, scrape: &Scrape) {
        let pick = |good: f64, bad: f64| if scrape.bad { bad } else { good };
        self.seen("process_start_time_seconds{}", scrape, (self.start + scrape.time - scrape.age) as f64);
        let memory = pick(6e7, 2e8) + 1e7 * self.random.share();
        self.seen("process_resident_memory_bytes{}", scrape, memory);
        self.seen("process_open_fds{}", scrape, pick(100.0, 900.0));
        self.seen("process_max_fds{}", scrape, 1000.0);
        self.seen("scrape_duration_seconds{}", scrape, pick(0.02, 2.0));
        self.counter("measurand_label_overflows_total{family=\"planning\"}", scrape, pick(0.0, 5.0));
        // Measured once a second.
        let lag = self.events(scrape, 1.0, 0.002);
        self.duration("tokio_scheduling_lag_seconds", "", scrape, lag, [0.05, 0.1, 0.25]);
    }

    /// A gauge that each scrape reads.
    fn seen(&mut self, name: &str, scrape: &Scrape, value: f64) {
        self.record(name, if scrape.is_seen { scrape.time } else { -1 }, value);
    }
}

/// The series with the last comma of its labels removed.
fn closed(name: &str) -> String {
    name.replace(",}", "}")
}
