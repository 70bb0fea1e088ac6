//! Pseudo-random samples of every metric in a catalog; every run creates the same ones.

use measurand_catalog::platform;
use measurand_catalog::{ADDED_LABELS, Catalog, Kind, MetricRecord, Role};
use measurand_monitoring::query::evaluate::{Labels, Memory, Sample, Series};
use measurand_monitoring::query::{Match, Origin, Selector};
use measurand_monitoring::{Monitoring, NamedQuery};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Start of the samples in milliseconds since 1970, at a whole minute.
pub(crate) const START: i64 = 1_700_000_040_000;
/// End of the samples, two hours later.
pub(crate) const END: i64 = START + 7_200_000;
/// Milliseconds between two scrapes.
const INTERVAL: i64 = 15_000;

/// A xorshift generator.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }

    fn once_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn share(&mut self) -> f64 {
        f64::from(u32::try_from(self.below(1_000_000)).unwrap()) / 1e6
    }
}

/// The labels of one series.
type Pairs = Vec<(String, String)>;

/// Adds every metric of the catalog and of the platform, for two instances of its job.
pub(crate) fn of_catalog(memory: &mut Memory, catalog: &Catalog, monitoring: &Monitoring) {
    let instances = ["10.0.0.1:3000", "10.0.0.2:3000"];
    for (number, instance) in (0..).zip(instances) {
        let target = [("job", monitoring.job.as_str()), ("instance", instance)];
        let target: Pairs = target.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let mut make = Make { memory, random: Random(0x9e37_79b9_7f4a_7c15 + number), target };
        for family in &catalog.families {
            let values = |label: &str| -> Vec<String> {
                let fixed = catalog.sites_of(&family.name).filter_map(|it| it.labels.get(label));
                let known = family.labels.iter().find(|it| it.name == label).into_iter().flat_map(|it| &it.values);
                let all: BTreeSet<String> = fixed.chain(known).cloned().collect();
                if all.is_empty() { vec!["one".to_owned(), "two".to_owned()] } else { all.into_iter().collect() }
            };
            let added = ADDED_LABELS.into_iter().filter(|name| family.label(name).is_none());
            let given = |name: &&str| catalog.sites_of(&family.name).any(|it| it.labels.contains_key(*name));
            let added: Vec<&str> = added.filter(given).collect();
            for metric in &family.metrics {
                for labels in combinations(metric, &added, &values) {
                    make.metric(&metric.name, metric.kind, &metric.buckets, &labels);
                }
            }
        }
        for metric in platform::ALL {
            let labels = metric.labels.iter().map(|it| ((*it).to_owned(), "one".to_owned())).collect();
            make.metric(metric.name, metric.kind, metric.buckets, &labels);
        }
        make.metric("up", Kind::Gauge, &[], &Vec::new());
    }
}

/// The labels of up to four series of a metric.
fn combinations(metric: &MetricRecord, added: &[&str], values: &impl Fn(&str) -> Vec<String>) -> Vec<Pairs> {
    let extra = metric.role.extra_label();
    let choices: Vec<(String, Vec<String>)> = metric
        .labels
        .iter()
        .map(|name| {
            let of_role = extra.filter(|it| it.name == name).map(|it| it.values.iter().map(|it| (*it).to_owned()));
            (name.clone(), of_role.map_or_else(|| values(name), Iterator::collect))
        })
        .chain(added.iter().map(|name| ((*name).to_owned(), values(name))))
        .collect();
    let most =
        choices.iter().map(|it| it.1.len()).max().unwrap_or(1).min(if metric.role == Role::Errors { 4 } else { 3 });
    let one = |place: usize| {
        let pairs = choices.iter().map(|(name, all)| (name.clone(), all[place % all.len()].clone()));
        pairs.filter(|(_, value)| !value.is_empty()).collect()
    };
    (0..most).map(one).collect()
}

/// Adds the metrics that the rules about the monitoring and the panel of firing alerts query.
pub(crate) fn of_others(memory: &mut Memory, monitoring: &Monitoring) {
    let mut known: BTreeMap<String, Selector> = BTreeMap::new();
    let all: Vec<NamedQuery<'_>> = monitoring.stack_queries().collect();
    for it in all.iter().flat_map(|it| it.query.selectors()) {
        known.entry(format!("{}{:?}", it.metric, it.origin)).or_insert_with(|| it.clone());
    }
    let instance = ("instance".to_owned(), "10.0.0.9:9090".to_owned());
    for (number, it) in (0..).zip(known.into_values()) {
        let Origin::Jobs([job, ..]) = it.origin else { continue };
        let fixed = it.matchers.iter().filter_map(|it| match &it.is {
            Match::Equal(value) => Some((it.label.clone(), value.clone())),
            Match::OneOf(values) => Some((it.label.clone(), values.first()?.clone())),
            Match::StartsWith(value) => Some((it.label.clone(), format!("{value}x"))),
            Match::Different(_) | Match::NoneOf(_) | Match::Chosen => None,
        });
        let target = vec![("job".to_owned(), (*job).to_owned()), instance.clone()];
        let mut make = Make { memory, random: Random(0x1234_5678_9abc_def1 + number), target };
        let kind =
            if it.metric.ends_with("_total") || it.metric.ends_with("_count") { Kind::Counter } else { Kind::Gauge };
        make.metric(&it.metric, kind, &[], &fixed.collect());
    }
    for (number, name) in (0..).zip(["A", "B"]) {
        let target = vec![("job".to_owned(), monitoring.job.clone()), instance.clone()];
        let labels = [("alertname", name), ("alertstate", "firing"), ("severity", "P1")];
        let labels = labels.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Make { memory, random: Random(0xfeed_beef_0000_0001 + number), target }.metric(
            "ALERTS",
            Kind::Gauge,
            &[],
            &labels,
        );
    }
}

/// Creates the series of one target.
struct Make<'a> {
    memory: &'a mut Memory,
    random: Random,
    target: Pairs,
}

impl Make<'_> {
    fn metric(&mut self, name: &str, kind: Kind, buckets: &[f64], labels: &Pairs) {
        let times = self.times();
        match kind {
            Kind::Gauge => {
                let up = name == "up";
                let whole = up || self.random.once_in(2);
                let mut value = 3.0;
                let values = times.iter().map(|_| {
                    if up {
                        value = if self.random.once_in(12) { 0.0 } else { 1.0 };
                    } else if !self.random.once_in(3) {
                        value = if whole { (self.random.share() * 50.0).floor() } else { self.random.share() };
                    }
                    value
                });
                let values: Vec<f64> = values.collect();
                self.push(name, labels, None, &times, values);
            }
            Kind::Counter => {
                let values = self.growth(times.len(), 1).into_iter().map(|it| it[0]).collect();
                self.push(name, labels, None, &times, values);
            }
            Kind::Histogram => {
                let rows = self.growth(times.len(), buckets.len() + 1);
                for (place, bound) in buckets.iter().map(f64::to_string).chain(["+Inf".to_owned()]).enumerate() {
                    let values = rows.iter().map(|row| row[..=place].iter().sum()).collect();
                    self.push(&format!("{name}_bucket"), labels, Some(&bound), &times, values);
                }
                let counts = rows.iter().map(|row| row.iter().sum::<f64>()).collect();
                self.push(&format!("{name}_count"), labels, None, &times, counts);
                let sums =
                    rows.iter().map(|row| row.iter().zip(1..).map(|(it, n)| it * f64::from(n) / 64.0).sum()).collect();
                self.push(&format!("{name}_sum"), labels, None, &times, sums);
            }
        }
    }

    /// The times at which a series is scraped, none at a whole second. The series may start late, end early and have
    /// gaps.
    fn times(&mut self) -> Vec<i64> {
        let offset = i64::try_from(self.random.below(14)).unwrap() * 1000 + 300;
        let start = if self.random.once_in(5) { START + 2_000_000 } else { START };
        let end = if self.random.once_in(6) { END - 2_500_000 } else { END };
        let mut times = Vec::new();
        let mut time = start + offset;
        while time < end {
            if self.random.once_in(60) {
                let missed = [1, 2, 5, 24, 40][usize::try_from(self.random.below(5)).unwrap()];
                time += INTERVAL * missed;
                continue;
            }
            times.push(time + i64::try_from(self.random.below(400)).unwrap());
            time += INTERVAL;
        }
        times
    }

    /// The values of counters that are reset together and alternate between idle and busy phases.
    fn growth(&mut self, length: usize, counters: usize) -> Vec<Vec<f64>> {
        let mut now: Vec<f64> = vec![0.0; counters];
        if self.random.once_in(2) {
            now.fill_with(|| (self.random.share() * 1e5).floor());
        }
        let mut busy = true;
        let mut rows = Vec::with_capacity(length);
        for _ in 0..length {
            if self.random.once_in(40) {
                busy = !busy;
            }
            if self.random.once_in(150) {
                now.fill(0.0);
            }
            if busy {
                for it in &mut now {
                    *it += (self.random.share() * 37.0).floor();
                }
            }
            rows.push(now.clone());
        }
        rows
    }

    fn push(&mut self, name: &str, labels: &Pairs, le: Option<&str>, times: &[i64], values: Vec<f64>) {
        let all = self.target.iter().chain(labels).map(|(name, value)| (name.as_str(), value.as_str()));
        let labels = Arc::new(Labels::new(all.chain(le.map(|it| ("le", it)))));
        let samples: Vec<Sample> = times.iter().copied().zip(values).collect();
        self.memory.push(name, Series { labels, samples });
    }
}
