//! Computes the results of queries about the world from its laws: a rate is the slope, not an estimate from samples.
//!
//! It follows the meaning of the queries, independent of how Prometheus evaluates them.

use crate::world::{HEALTHY, Labels, Law, SICK, STALLED, Series, World};
use measurand_monitoring::query::{
    Aggregation, Combination, Comparison, Match, Matcher, Origin, Query, Selector, Window,
};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) type Answer = BTreeMap<Labels, f64>;

/// The context of a query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Oracle<'a> {
    pub(crate) world: &'a World,
    /// The job of a rule; `None` for a dashboard, which reads all jobs.
    pub(crate) job: Option<&'a str>,
    pub(crate) at: f64,
}

/// Seconds that Prometheus looks back for the newest sample.
const LOOK_BACK: f64 = 300.0;
/// Value of `$__rate_interval` and `$__range`, and the window of rules, in seconds.
const RECENT: u32 = 300;

impl Oracle<'_> {
    pub(crate) fn answer(&self, query: &Query) -> Answer {
        match query {
            Query::Instant(it) => self.each(it, "", |series| self.newest(series, self.at)),
            Query::Rate(it, window) => self.each(it, "", |series| Some(self.slope(series.law, *window))),
            Query::Increase(it, window) => {
                self.each(it, "", |series| Some(self.slope(series.law, *window) * seconds(*window)))
            }
            Query::AverageOverTime(it, window) => self.each(it, "", |series| mean(&self.samples(series, *window))),
            Query::MaximumOverTime(it, window) => {
                self.each(it, "", |series| self.samples(series, *window).into_iter().reduce(f64::max))
            }
            Query::Changes(it, window) => self.each(it, "", |series| {
                let samples = self.samples(series, *window);
                Some(count(samples.windows(2).filter(|it| (it[0] - it[1]).abs() > 0.0)))
            }),
            Query::Offset(it, ago) => self.each(it, "", |series| self.newest(series, self.at - f64::from(*ago))),
            Query::Aggregate(kind, by, of) => grouped(self.answer(of), &with_job(by), |it| aggregate(*kind, it)),
            Query::Buckets(by, it, window) => {
                let rates = self.each(it, "_bucket", |series| Some(self.slope(series.law, *window)));
                let mut by = with_job(by);
                by.insert("le".to_owned());
                grouped(rates, &by, |it| it.iter().sum())
            }
            Query::Heatmap(it, window) => {
                let rates = self.each(it, "_bucket", |series| Some(self.slope(series.law, *window)));
                grouped(rates, &BTreeSet::from(["le".to_owned()]), |it| it.iter().sum())
            }
            Query::Quantile(quantile, of) => quantiles(*quantile, self.answer(of)),
            Query::Ratio { part, whole } => {
                let whole: Answer = self.answer(whole).into_iter().filter(|(_, it)| *it > 0.0).collect();
                joined(self.answer(part), &whole, |part, whole| part / whole)
            }
            Query::OrZero(of, like) => {
                let mut all: Answer = self.answer(like).into_keys().map(|it| (it, 0.0)).collect();
                all.extend(self.answer(of));
                all
            }
            Query::Plus(terms) => {
                let answers = terms.iter().map(|it| self.answer(it));
                answers.reduce(|all, it| joined(all, &it, |one, other| one + other)).unwrap_or_default()
            }
            Query::Minus(one, other) => joined(self.answer(one), &self.answer(other), |one, other| one - other),
            Query::DivideBy(of, number) => mapped(self.answer(of), |it| it / number),
            Query::Complement(of) => mapped(self.answer(of), |it| 1.0 - it),
            Query::AvgOverTimeOf(of, window) => self.averaged(of, *window),
            Query::Age(of) => mapped(self.answer(of), |it| self.at - it),
            Query::Compare(of, comparison, threshold) => {
                let holds = |value: f64| match comparison {
                    Comparison::Above => value > *threshold,
                    Comparison::Below => value < *threshold,
                    Comparison::Equal => (value - threshold).abs() < f64::MIN_POSITIVE,
                };
                self.answer(of).into_iter().filter(|(_, value)| holds(*value)).collect()
            }
            Query::Exceeds(one, other) => {
                let other = self.answer(other);
                self.answer(one)
                    .into_iter()
                    .filter(|(labels, it)| other.get(labels).is_some_and(|other| it > other))
                    .collect()
            }
            Query::Combine(one, combination, other) => {
                let (mut one, other) = (self.answer(one), self.answer(other));
                match combination {
                    Combination::And => one.retain(|labels, _| other.contains_key(labels)),
                    Combination::Unless => one.retain(|labels, _| !other.contains_key(labels)),
                    Combination::Or => {
                        for (labels, value) in other {
                            one.entry(labels).or_insert(value);
                        }
                    }
                }
                one
            }
            Query::Absent(it) => {
                let there = !self.each(it, "", |series| self.newest(series, self.at)).is_empty();
                let labels: Labels = self.job.map(|it| ("job".to_owned(), it.to_owned())).into_iter().collect();
                if there { Answer::new() } else { Answer::from([(labels, 1.0)]) }
            }
            Query::Constant(it) => Answer::from([(Labels::new(), *it)]),
            Query::Recorded { labels, matchers, of, .. } => {
                // A number is recorded for each job.
                let jobs = self.job.map_or(vec![HEALTHY, SICK], |it| vec![it]);
                let with_job = |(all, value): (Labels, f64)| {
                    let lacking = jobs.iter().filter(|_| !all.contains_key("job"));
                    let named = lacking.map(|it| BTreeMap::from([("job".to_owned(), (*it).to_owned())]));
                    let mut named: Vec<Labels> = named.collect();
                    if named.is_empty() {
                        named.push(all);
                    }
                    named.into_iter().map(move |it| (it, value))
                };
                let answers = self.answer(of).into_iter().flat_map(with_job).map(|(mut all, value)| {
                    all.extend(labels.iter().cloned());
                    (all, value)
                });
                // No rules are evaluated for the stalled job.
                let is_recorded = |it: &Labels| it.get("job").is_none_or(|it| it != STALLED);
                let is_meant = |it: &Labels| matchers.iter().all(|matcher| matches(matcher, it));
                answers.filter(|(labels, _)| is_recorded(labels) && is_meant(labels)).collect()
            }
            Query::AllRecorded(all) => all.iter().flat_map(|it| self.answer(it)).collect(),
        }
    }

    fn series(&self, it: &Selector, suffix: &str) -> impl Iterator<Item = &Series> {
        let name = format!("{}{suffix}", it.metric);
        let matchers = &it.matchers;
        let is_of = |job: &str| match it.origin {
            Origin::Jobs(jobs) => jobs.contains(&job),
            _ => self.job.is_none_or(|it| it == job),
        };
        self.world.series.iter().filter(move |series| {
            series.name == name
                && series.labels.get("job").is_some_and(|it| is_of(it))
                && matchers.iter().all(|it| matches(it, &series.labels))
        })
    }

    fn each(&self, it: &Selector, suffix: &str, value: impl Fn(&Series) -> Option<f64>) -> Answer {
        self.series(it, suffix).filter_map(|series| Some((series.labels.clone(), value(series)?))).collect()
    }

    /// Returns the newest sample at a time.
    fn newest(&self, series: &Series, at: f64) -> Option<f64> {
        let time = self.world.times(series).iter().copied().rfind(|it| *it <= at)?;
        (at - time < LOOK_BACK).then(|| self.world.value(series.law, time))
    }

    /// Returns the samples within the window.
    fn samples(&self, series: &Series, window: Window) -> Vec<f64> {
        let from = self.at - seconds(window);
        let times = self.world.times(series).iter().filter(|it| **it > from && **it <= self.at);
        times.map(|it| self.world.value(series.law, *it)).collect()
    }

    /// Returns the growth per second.
    fn slope(&self, law: Law, window: Window) -> f64 {
        match law {
            Law::Line(_, slope) => slope,
            Law::Stopped(..) => {
                let then = self.world.value(law, self.at - seconds(window));
                (self.world.value(law, self.at) - then) / seconds(window)
            }
            _ => 0.0,
        }
    }

    /// Returns the average of a recorded series.
    fn averaged(&self, of: &Query, window: Window) -> Answer {
        let Query::Recorded { record, labels, matchers, .. } = of else { return self.answer(of) };
        let own = labels.iter().map(|(label, value)| Matcher { label: label.clone(), is: Match::Equal(value.clone()) });
        let matchers = own.chain(matchers.iter().cloned()).collect();
        let recorded = Selector { matchers, ..Selector::of_rules(record) };
        self.each(&recorded, "", |series| mean(&self.samples(series, window)))
    }
}

fn seconds(window: Window) -> f64 {
    f64::from(if let Window::Seconds(it) = window { it } else { RECENT })
}

fn matches(matcher: &Matcher, labels: &Labels) -> bool {
    let value = labels.get(&matcher.label).map_or("", String::as_str);
    match &matcher.is {
        Match::Equal(it) => value == it,
        Match::Different(it) => value != it,
        Match::OneOf(all) => all.iter().any(|it| it == value),
        Match::NoneOf(all) => all.iter().all(|it| it != value),
        Match::StartsWith(it) => value.starts_with(it.as_str()),
        Match::Chosen => true,
    }
}

fn with_job(by: &[String]) -> BTreeSet<String> {
    by.iter().cloned().chain(["job".to_owned()]).collect()
}

fn grouped(answer: Answer, by: &BTreeSet<String>, one: impl Fn(&[f64]) -> f64) -> Answer {
    let mut groups: BTreeMap<Labels, Vec<f64>> = BTreeMap::new();
    for (labels, value) in answer {
        groups.entry(labels.into_iter().filter(|(name, _)| by.contains(name)).collect()).or_default().push(value);
    }
    groups.into_iter().map(|(labels, values)| (labels, one(&values))).collect()
}

fn aggregate(kind: Aggregation, values: &[f64]) -> f64 {
    match kind {
        Aggregation::Sum => values.iter().sum(),
        Aggregation::Average => mean(values).unwrap_or(f64::NAN),
        Aggregation::Minimum => values.iter().copied().fold(f64::INFINITY, f64::min),
        Aggregation::Maximum => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Aggregation::Count => count(values.iter()),
    }
}

fn joined(one: Answer, other: &Answer, value: impl Fn(f64, f64) -> f64) -> Answer {
    let pair = |(labels, it): (Labels, f64)| other.get(&labels).map(|other| (labels.clone(), value(it, *other)));
    one.into_iter().filter_map(pair).collect()
}

fn mapped(answer: Answer, value: impl Fn(f64) -> f64) -> Answer {
    answer.into_iter().map(|(labels, it)| (labels, value(it))).collect()
}

/// Interpolates quantiles, with observations evenly distributed between two bounds.
fn quantiles(quantile: f64, buckets: Answer) -> Answer {
    let mut histograms: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    for (mut labels, below) in buckets {
        let bound = labels.remove("le").expect("a bucket");
        let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().expect("a number") };
        histograms.entry(labels).or_default().push((bound, below));
    }
    let one = |mut buckets: Vec<(f64, f64)>| {
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let all = buckets.last().map_or(0.0, |it| it.1);
        if all <= 0.0 {
            return f64::NAN;
        }
        let wanted = quantile * all;
        let index = buckets.iter().position(|it| it.1 >= wanted).expect("the last has all");
        let (lower, before) = if index == 0 { (0.0, 0.0) } else { buckets[index - 1] };
        let (upper, below) = buckets[index];
        if upper.is_infinite() { lower } else { lower + (upper - lower) * (wanted - before) / (below - before) }
    };
    histograms.into_iter().map(|(labels, buckets)| (labels, one(buckets))).collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / count(values.iter()))
}

fn count(items: impl Iterator) -> f64 {
    items.fold(0.0, |all, _| all + 1.0)
}
