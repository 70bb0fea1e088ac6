//! A generated world in which every series follows a simple law, such as a constant or a constant growth per second.
//! The expected result of a query follows by arithmetic. Nothing here depends on PromQL.

use measurand_catalog::family::{ERROR_OUTCOMES, OUTCOME_LABEL, STATUS_LABEL, STATUSES};
use measurand_catalog::{Catalog, Kind, MetricRecord, Role, Unit, platform};
use std::collections::BTreeMap;

pub(crate) type Labels = BTreeMap<String, String>;

pub(crate) const HEALTHY: &str = "claude-code-app";
pub(crate) const SICK: &str = "sick";
/// A program that is up but whose counters do not grow.
pub(crate) const STALLED: &str = "stalled";

pub(crate) const DAY: f64 = 86_400.0;
/// Days from the start to an incident, and its length in days.
const INCIDENT: (f64, f64) = (11.0, 3.0);

/// The value of a series as a function of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Law {
    Constant(f64),
    /// A counter, or a growing gauge: its value at the start and its growth per second.
    Line(f64, f64),
    /// A line that stops growing two hours before the end.
    Stopped(f64, f64),
    /// The last multiple of this number of seconds, like the start time of a process that restarts at this interval.
    Multiple(f64),
    /// A constant, and another constant during the incident.
    Incident(f64, f64),
}

#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) labels: Labels,
    pub(crate) law: Law,
    pub(crate) grid: Grid,
}

/// The times at which a series has samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grid {
    /// Few samples in the first 30 days, more later.
    Ordinary,
    /// Every five minutes of the 31 days.
    Even,
    /// In the last minutes only.
    Recent,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) series: Vec<Series>,
    /// The times of samples, in seconds since the epoch.
    pub(crate) ordinary: Vec<f64>,
    pub(crate) even: Vec<f64>,
    /// Number of times of both kinds in the last minutes.
    pub(crate) recent: usize,
    /// The time of the first sample, and of all queries.
    pub(crate) begin: f64,
    pub(crate) end: f64,
}

impl World {
    /// Returns all series of the system's jobs, except recorded ones.
    pub(crate) fn of(catalog: &Catalog) -> Self {
        let mut world =
            Self { series: Vec::new(), ordinary: Vec::new(), even: Vec::new(), recent: 0, begin: 0.0, end: 0.0 };
        for job in [HEALTHY, SICK] {
            for (index, instance) in ["a", "b"].into_iter().enumerate() {
                let target = Target { job, instance, index: f64::from(u8::try_from(index).expect("few")) };
                for metric in catalog.families.iter().flat_map(|it| &it.metrics) {
                    world.of_family(&target, metric);
                }
                world.of_platform(&target);
            }
        }
        let stalled = Target { job: STALLED, instance: "a", index: 0.0 };
        for counter in ["neural_operations_total", "feedback_loop_cycles_total"] {
            world.add(&stalled, counter, &[], Law::Stopped(1000.0, 10.0));
        }
        world.add(&stalled, "up", &[], Law::Constant(1.0));
        let large = Target { job: STALLED, instance: "b", index: 1.0 };
        world.add(&large, "up", &[], Law::Constant(0.0));
        world.add(&large, "scrape_samples_post_metric_relabeling", &[], Law::Constant(1e9));
        world.add(&stalled, "process_start_time_seconds", &[], Law::Constant(1e9));
        world.of_stack();
        world
    }

    /// Returns the value of a law at a time.
    pub(crate) fn value(&self, law: Law, time: f64) -> f64 {
        let (incident, stop) = (self.begin + INCIDENT.0 * DAY, self.begin + 31.0 * DAY - 7200.0);
        match law {
            Law::Line(first, slope) => first + slope * (time - self.begin),
            Law::Stopped(first, slope) => first + slope * (time.min(stop) - self.begin),
            Law::Multiple(every) => (time / every).floor() * every,
            Law::Incident(_, it) if time >= incident && time < incident + INCIDENT.1 * DAY => it,
            Law::Constant(it) | Law::Incident(it, _) => it,
        }
    }

    /// Returns the times of the series' samples.
    pub(crate) fn times(&self, series: &Series) -> &[f64] {
        match series.grid {
            Grid::Ordinary => &self.ordinary,
            Grid::Even => &self.even,
            Grid::Recent => &self.ordinary[self.ordinary.len() - self.recent..],
        }
    }

    fn add(&mut self, target: &Target<'_>, name: &str, labels: &[(&str, &str)], law: Law) {
        let own = [("job", target.job), ("instance", target.instance)];
        let labels = own.iter().chain(labels).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.series.push(Series { name: name.to_owned(), labels: labels.collect(), law, grid: Grid::Ordinary });
    }

    fn of_family(&mut self, target: &Target<'_>, metric: &MetricRecord) {
        for (index, labels) in combinations(metric).into_iter().enumerate() {
            // The label that a role adds is the last. Series that differ only in it belong to the same calls.
            let of_role = match metric.role {
                Role::Errors => ERROR_OUTCOMES.len(),
                Role::Completions => STATUSES.len(),
                _ => 1,
            };
            let rank = f64::from(u8::try_from(index / of_role).expect("few"));
            let labels: Vec<(&str, &str)> = labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
            if metric.kind == Kind::Histogram {
                self.histogram(target, &metric.name, &labels, &metric.buckets, metric.role == Role::Score, rank);
            } else {
                self.add(target, &metric.name, &labels, law(target, metric, &labels, rank));
            }
        }
    }

    /// Adds a histogram in which a known share of observations is below each bound.
    fn histogram(
        &mut self,
        target: &Target<'_>,
        name: &str,
        labels: &[(&str, &str)],
        bounds: &[f64],
        score: bool,
        rank: f64,
    ) {
        let (last, calls) = (bounds.len() - 1, 10.0 * (1.0 + rank) + target.index);
        let below = |index: usize| match (target.is_sick(), score) {
            // Half of the calls are fast, nearly all others slightly slower.
            (false, false) => [0.5, 0.97].get(index).copied().unwrap_or(1.0),
            (true, false) if index == last => 0.99,
            (true, false) => f64::from(u8::from(index + 1 == last)) * 0.5,
            (_, true) if index == last => 1.0,
            (false, true) => f64::from(u8::from(index + 1 == last)) * 0.02,
            (true, true) if index >= last / 2 => 0.6,
            (true, true) => f64::from(u8::from(index >= 1)) * 0.3,
        };
        let bucket = format!("{name}_bucket");
        for (index, bound) in bounds.iter().enumerate() {
            let bound = bound.to_string();
            let law = Law::Line(100.0, calls * below(index));
            self.add(target, &bucket, &[labels, &[("le", bound.as_str())]].concat(), law);
        }
        self.add(target, &bucket, &[labels, &[("le", "+Inf")]].concat(), Law::Line(100.0, calls));
        self.add(target, &format!("{name}_count"), labels, Law::Line(100.0, calls));
        self.add(target, &format!("{name}_sum"), labels, Law::Line(100.0, calls / 8.0));
    }

    fn of_platform(&mut self, target: &Target<'_>) {
        let sick = target.is_sick();
        let pick = |well: f64, ill: f64| Law::Constant(if sick { ill } else { well });
        self.add(target, "up", &[], Law::Constant(if sick && target.index > 0.0 { 0.0 } else { 1.0 }));
        self.add(target, "scrape_duration_seconds", &[], pick(0.01, 2.0));
        self.add(target, "scrape_samples_post_metric_relabeling", &[], pick(500.0, 1e9));
        for (state, severity) in [("firing", "P1"), ("firing", "none"), ("pending", "P2")] {
            let labels = [("alertname", severity), ("alertstate", state), ("severity", severity)];
            self.add(target, "ALERTS", &labels, Law::Constant(1.0));
            let labels = [("alertname", severity), ("severity", severity)];
            if state == "firing" {
                self.add(target, "ALERTS_FOR_STATE", &labels, Law::Constant(1e9));
            }
        }
        for metric in platform::ALL {
            let values: Vec<(&str, &str)> = metric.labels.iter().map(|it| (*it, "x")).collect();
            if metric.kind == Kind::Histogram {
                self.histogram(target, metric.name, &values, metric.buckets, false, 0.0);
                continue;
            }
            let law = match metric.name {
                "process_start_time_seconds" if sick => Law::Multiple(600.0),
                "process_start_time_seconds" => Law::Constant(1e9),
                "process_resident_memory_bytes" => pick(5e7, 2e8),
                "process_open_fds" => pick(100.0, 950.0),
                "process_max_fds" => Law::Constant(1000.0),
                "measurand_label_overflows_total" if !sick => Law::Constant(0.0),
                _ if metric.kind == Kind::Counter => Law::Line(10.0, 0.25 + 0.5 * target.index),
                _ => Law::Constant(4.0 + target.index),
            };
            self.add(target, metric.name, &values, law);
        }
    }

    /// Adds the metrics of Prometheus, Alertmanager and the node exporter: instance `a` is sick, `b` is healthy.
    fn of_stack(&mut self) {
        for (index, instance) in ["a", "b"].into_iter().enumerate() {
            let (index, ill) = (f64::from(u8::try_from(index).expect("few")), index == 0);
            let of = |job| Target { job, instance, index };
            let pick = |ill_value: f64, well: f64| if ill { ill_value } else { well };
            let slack = [("integration", "slack")];
            let failed = Law::Line(0.0, pick(0.5, 0.001));
            self.add(&of("alertmanager"), "alertmanager_notifications_failed_total", &slack, failed);
            self.add(&of("alertmanager"), "alertmanager_notifications_total", &slack, Law::Line(0.0, 1.0));
            let group = [("rule_group", "g")];
            let failures = Law::Line(0.0, pick(0.1, 0.0));
            self.add(&of("prometheus"), "prometheus_rule_evaluation_failures_total", &group, failures);
            let samples = Law::Line(0.0, pick(2000.0, 10.0));
            self.add(&of("prometheus"), "prometheus_tsdb_head_samples_appended_total", &[], samples);
            for job in ["prometheus", "alertmanager", "federate"] {
                self.add(&of(job), "up", &[], Law::Constant(index));
            }
            self.add(&of("prometheus"), "prometheus_config_last_reload_successful", &[], Law::Constant(index));
            self.add(&of("alertmanager"), "alertmanager_config_last_reload_successful", &[], Law::Constant(index));
            let disk = [("mountpoint", "/"), ("fstype", "ext4")];
            self.add(&of("node"), "node_filesystem_avail_bytes", &disk, Law::Constant(pick(10.0, 60.0)));
            self.add(&of("node"), "node_filesystem_size_bytes", &disk, Law::Constant(100.0));
            self.add(&of("node"), "node_filesystem_readonly", &disk, Law::Constant(0.0));
        }
    }
}

#[derive(Debug)]
struct Target<'a> {
    job: &'a str,
    instance: &'a str,
    /// Distinguishes the instances.
    index: f64,
}

impl Target<'_> {
    fn is_sick(&self) -> bool {
        self.job == SICK
    }
}

/// Returns the law of a family's counter or gauge.
fn law(target: &Target<'_>, metric: &MetricRecord, labels: &[(&str, &str)], rank: f64) -> Law {
    let calls = 10.0 * (1.0 + rank) + target.index;
    let is = |name: &str, value: &str| labels.contains(&(name, value));
    let sick = target.is_sick();
    let pick = |well: f64, ill: f64| if sick { ill } else { well };
    let of_counter = |slope: f64| Law::Line(50.0, slope);
    match metric.role {
        Role::Calls if metric.name == "neural_operations_total" => of_counter(pick(10_000.0, 1.0) * calls),
        Role::Calls if is("status", "503") => of_counter(pick(0.0, 0.5) * calls),
        Role::Errors if is(OUTCOME_LABEL, ERROR_OUTCOMES[2]) => of_counter(pick(0.0005, 0.2) * calls),
        Role::Errors => of_counter(pick(0.0, 0.1) * calls),
        Role::Failures | Role::Rollbacks => of_counter(pick(0.0001, 0.5) * calls),
        Role::Misses => of_counter(pick(1.0, 5.0)),
        Role::Hits => of_counter(pick(9.0, 5.0)),
        Role::Completions if is(STATUS_LABEL, STATUSES[1]) => of_counter(pick(0.001, 5.0)),
        Role::LastScore => Law::Constant(pick(0.97, 0.5) + 0.01 * target.index),
        Role::Level if metric.unit == Unit::Ratio => Law::Constant(pick(0.97, 0.5) + 0.01 * target.index),
        Role::Level if sick => Law::Line(5e7, 200.0),
        Role::Level => Law::Constant(10.0 + target.index),
        _ if metric.kind == Kind::Counter => of_counter(calls),
        _ => Law::Constant(3.0 + rank + target.index),
    }
}

/// Returns all combinations of a few values of the metric's labels.
fn combinations(metric: &MetricRecord) -> Vec<Vec<(&str, String)>> {
    let mut all = vec![Vec::new()];
    for label in &metric.labels {
        let is_outcome = label == OUTCOME_LABEL;
        let values: &[&str] = match label.as_str() {
            "operation_type" => &["learning", "retrieval", "extraction"],
            "status" if metric.name.starts_with("http") => &["200", "503"],
            "status" => &STATUSES,
            "method" => &["GET"],
            _ if is_outcome => &ERROR_OUTCOMES,
            _ => &["x", "y"],
        };
        let with = |it: &Vec<(_, String)>, value: &str| [&it[..], &[(label.as_str(), value.to_owned())]].concat();
        all = all.iter().flat_map(|it| values.iter().map(move |value| with(it, value))).collect();
    }
    all
}
