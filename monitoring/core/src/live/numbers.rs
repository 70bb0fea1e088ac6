//! The numbers of each annotated function: recent values over the last five minutes, or over all samples while there
//! are fewer, and exact counts since the program started.
//!
//! A program can have thousands of functions in a few families. So each family is queried once, by the labels that its
//! functions fix, and each function looks up its result by its own label values.

use super::page::Page;
use crate::build::used_family::{Form, UsedFamily};
use crate::query::evaluate::{AnswerRow, Labels, ROOM, STALE, Scope, Source, evaluate, in_parts, is_present, quantile};
use crate::query::{Aggregation, Query, Selector, Window};
use measurand_catalog::{Role, SiteRecord};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Longest window of all numbers that are not counts.
const WINDOW_SECONDS: u32 = 300;
/// Longest window for error budgets, which is how long samples are kept.
const BUDGET_SECONDS: u32 = 3600;
const BUDGET: Window = Window::Seconds(BUDGET_SECONDS);

/// The windows of numbers, in seconds. They are shorter while there are fewer samples: the growth within one minute
/// does not give a rate over five minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Windows {
    /// The window of rates and quantiles.
    pub recent: u32,
    /// The window of error budgets.
    pub budget: u32,
}

/// The numbers of one function. Functions with the same labels share them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Numbers {
    /// Number of calls since the program started.
    pub calls: f64,
    /// Calls per second.
    pub rate: f64,
    /// Number of failed calls since the program started.
    pub errors: f64,
    /// Share of failed calls, from 0 to 1; `None` without calls, or if failures are not recorded.
    pub error_rate: Option<f64>,
    /// Median duration of a call, in seconds.
    pub p50: Option<f64>,
    /// 95th percentile of the durations, in seconds.
    pub p95: Option<f64>,
    /// 99th percentile of the durations, in seconds.
    pub p99: Option<f64>,
    /// Number of calls that have not ended.
    pub in_flight: Option<f64>,
    /// Remaining share of the error budget over the last hour; below 0 the objective was missed.
    pub budget_left: Option<f64>,
}

impl Windows {
    /// Returns the windows at `now`, in milliseconds since the epoch.
    #[must_use]
    pub fn at(source: &dyn Source, now: i64) -> Self {
        // Windows are open on the left: one more second includes the oldest sample.
        let known = u32::try_from((now - source.oldest()) / 1000 + 1).unwrap_or(1).max(1);
        Self { recent: known.min(WINDOW_SECONDS), budget: known.min(BUDGET_SECONDS) }
    }
}

/// Results by the labels that functions fix.
#[derive(Default)]
struct Answers(HashMap<Labels, f64>);

pub(super) fn of<'a>(page: &'a Page, source: &dyn Source, now: i64) -> BTreeMap<&'a str, Numbers> {
    let mut all = BTreeMap::new();
    let window = Windows::at(source, now).recent;
    for family in &page.catalog.families {
        let used = UsedFamily { family, catalog: &page.catalog };
        let mut groups: BTreeMap<Vec<&str>, Vec<(&str, &SiteRecord)>> = BTreeMap::new();
        for function in page.functions.iter().filter(|it| it.family == family.name) {
            let Some(site) = page.catalog.sites.get(function.site) else { continue };
            groups.entry(site.labels.keys().map(String::as_str).collect()).or_default().push((&function.id, site));
        }
        for (names, sites) in groups {
            let ask = Ask { used, names: names.iter().map(|it| (*it).to_owned()).collect(), page, source, now, window };
            all.extend(ask.numbers(&sites));
        }
    }
    all
}

/// Queries for all functions of one family that fix the same labels.
struct Ask<'a> {
    used: UsedFamily<'a>,
    names: Vec<String>,
    page: &'a Page,
    source: &'a dyn Source,
    now: i64,
    window: u32,
}

impl Ask<'_> {
    fn numbers<'a>(&self, sites: &[(&'a str, &SiteRecord)]) -> Vec<(&'a str, Numbers)> {
        let (used, names) = (&self.used, &self.names);
        let bad = if used.metric(Role::Errors).is_some() { Role::Errors } else { Role::Failures };
        let judged = used.metric(bad).is_some();
        let counts = self.counted(Query::Instant);
        let rates = self.answers(used.calls(names, Form::Plain));
        let errors = self.answers(used.selector(bad).map(|it| Query::Instant(it).sum(names)));
        let error_rates = self.answers(used.rate(bad, names, Form::Plain));
        let in_flight_names: Vec<String> =
            used.labels_of(Role::InFlight).into_iter().filter(|it| names.contains(it)).collect();
        let in_flight = self.answers(used.gauge(Role::InFlight, Aggregation::Sum, &in_flight_names));
        let [p50, p95, p99] = self.quantiles([0.5, 0.95, 0.99]);
        let budget = Budget::new(self, sites, bad);
        let of_site = |(id, site): &(&'a str, &SiteRecord)| {
            let rate = rates.get(site, names).unwrap_or_default();
            let error_rate = error_rates.get(site, names).unwrap_or_default();
            let some = |it: &Answers| it.get(site, names).filter(|it| it.is_finite());
            let numbers = Numbers {
                calls: total(counts.iter().filter_map(|it| it.get(site, names))),
                rate,
                errors: errors.get(site, names).unwrap_or_default(),
                error_rate: (judged && rate > 0.0).then_some(error_rate / rate),
                p50: some(&p50),
                p95: some(&p95),
                p99: some(&p99),
                in_flight: in_flight.get(site, &in_flight_names),
                budget_left: budget.left(site, names),
            };
            (*id, numbers)
        };
        sites.iter().map(of_site).collect()
    }

    /// Returns the results for the counters that together count calls. `read` turns a selector into a query.
    fn counted(&self, read: impl Fn(Selector) -> Query) -> Vec<Answers> {
        let asked = counters(&self.used).into_iter().map(|it| read(Selector::new(it)).sum(&self.names));
        asked.map(|it| Answers::of(self.rows(&it))).collect()
    }

    fn answers(&self, query: Option<Query>) -> Answers {
        query.map(|it| Answers::of(self.rows(&it))).unwrap_or_default()
    }

    /// Returns quantiles of durations, all from one read of the buckets.
    fn quantiles<const N: usize>(&self, quantiles: [f64; N]) -> [Answers; N] {
        let mut all = [(); N].map(|()| Answers::default());
        if let Some(duration) = self.used.selector(Role::Duration) {
            let buckets = Query::Buckets(self.names.clone(), duration, Window::Recent);
            in_parts(&buckets, &self.scope(), self.source, &[self.now], ROOM, |rows| {
                all.iter_mut().zip(quantiles).for_each(|(answers, it)| answers.add(quantile(it, rows.clone())));
            });
        }
        all
    }

    fn scope(&self) -> Scope<'_> {
        Scope::dashboard(self.page.job(), self.window, self.window)
    }

    fn rows(&self, query: &Query) -> Vec<AnswerRow> {
        evaluate(query, &self.scope(), self.source, &[self.now])
    }
}

/// Returns the sum. In contrast to [`Iterator::sum`], the sum of nothing is 0 rather than -0.
fn total(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(0.0, |all, it| all + it)
}

/// Returns the counters of which each call increases exactly one; see [`UsedFamily::calls`].
fn counters(used: &UsedFamily<'_>) -> Vec<String> {
    let name = |role| used.metric(role).map(|it| it.name.clone());
    let count = |role| used.metric(role).map(|it| format!("{}_count", it.name));
    let both = |one, other| Some(vec![name(one)?, name(other)?]);
    let one = |it: Option<String>| Some(vec![it?]);
    one(name(Role::Calls))
        .or_else(|| one(count(Role::Duration)))
        .or_else(|| both(Role::Successes, Role::Failures))
        .or_else(|| one(name(Role::Completions)))
        .or_else(|| one(name(Role::Successes)))
        .or_else(|| both(Role::Hits, Role::Misses))
        .or_else(|| one(count(Role::Score)))
        .unwrap_or_default()
}

impl Answers {
    fn of(rows: Vec<AnswerRow>) -> Self {
        let mut all = Self::default();
        all.add(rows);
        all
    }

    fn add(&mut self, rows: Vec<AnswerRow>) {
        let pair = |it: AnswerRow| {
            let value = it.values.last().copied().filter(|it| is_present(*it))?;
            Some((Labels::new(it.labels.iter().filter(|it| it.0 != "job")), value))
        };
        self.0.extend(rows.into_iter().filter_map(pair));
    }

    fn get(&self, site: &SiteRecord, names: &[String]) -> Option<f64> {
        let fixed = site.labels.iter().filter(|(name, _)| names.contains(name));
        self.0.get(&Labels::new(fixed.map(|(name, value)| (name.as_str(), value.as_str())))).copied()
    }
}

/// The data for error budgets; queried only if a function has an objective.
struct Budget {
    calls: Vec<Answers>,
    errors: Answers,
    /// The number of calls up to each latency bound.
    fast: Vec<(f64, Answers)>,
    all: Answers,
}

impl Budget {
    fn new(ask: &Ask<'_>, sites: &[(&str, &SiteRecord)], bad: Role) -> Option<Self> {
        let objectives = || sites.iter().filter_map(|it| it.1.objective);
        objectives().next()?;
        let grown = |it| Query::Increase(it, BUDGET);
        let bounds: BTreeSet<u64> = objectives().filter_map(|it| it.latency).map(|it| it.seconds.to_bits()).collect();
        let duration = ask.used.metric(Role::Duration).map(|it| it.name.as_str());
        let fast = |bits: u64| {
            let bound = f64::from_bits(bits);
            let buckets = Selector::new(format!("{}_bucket", duration?)).up_to(bound);
            Some((bound, ask.answers(Some(grown(buckets).sum(&ask.names)))))
        };
        let all = duration.map(|it| grown(Selector::new(format!("{it}_count"))).sum(&ask.names));
        Some(Self {
            calls: ask.counted(grown),
            errors: ask.answers(ask.used.selector(bad).map(|it| grown(it).sum(&ask.names))),
            fast: bounds.into_iter().filter_map(fast).collect(),
            all: ask.answers(all),
        })
    }
}

trait Left {
    fn left(&self, site: &SiteRecord, names: &[String]) -> Option<f64>;
}

impl Left for Option<Budget> {
    /// Returns the smaller of the two budgets if there are two objectives.
    fn left(&self, site: &SiteRecord, names: &[String]) -> Option<f64> {
        let (it, objective) = (self.as_ref()?, site.objective?);
        let left = |missed: f64, share: f64| Some(1.0 - missed / (1.0 - share)).filter(|it| it.is_finite());
        let success = objective.success.and_then(|share| {
            let calls = total(it.calls.iter().filter_map(|it| it.get(site, names)));
            (calls > 0.0).then(|| it.errors.get(site, names).unwrap_or_default() / calls).and_then(|it| left(it, share))
        });
        let latency = objective.latency.and_then(|limit| {
            let all = it.all.get(site, names).filter(|it| *it > 0.0)?;
            let fast = it.fast.iter().find(|it| it.0.to_bits() == limit.seconds.to_bits())?;
            left(1.0 - fast.1.get(site, names).unwrap_or(STALE) / all, limit.share)
        });
        success.into_iter().chain(latency).reduce(f64::min)
    }
}
