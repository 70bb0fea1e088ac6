//! The numbers of each annotated function: recent values over the last five minutes, or over all samples while there
//! are fewer, and exact counts since the program started.
//!
//! A program can have thousands of functions in a few families. So each family is queried once, by the labels that its
//! functions fix, and each function looks up its result by its own label values.

use super::page::Page;
use crate::build::used_family::{Form, UsedFamily};
use crate::query::evaluate::{AnswerRow, Labels, ROOM, STALE, Scope, Source, evaluate, in_parts, is_present, quantile};
use crate::query::{Aggregation, Query, Selector, Window};
use measurand_catalog::{Role, SiteRecord, families};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Longest window of all numbers that are not counts.
const WINDOW_SECONDS: u32 = 300;
/// Longest window for error budgets, which is how long samples are kept.
const BUDGET_SECONDS: u32 = 3600;
/// Most routes in an answer: those with the largest share of failed requests, then those with the most requests.
const MOST_ROUTES: usize = 50;

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
    /// Remaining share of the error budget over the last hour; below 0 the objective was missed. The smaller one of the
    /// two objectives.
    pub budget_left: Option<f64>,
    /// The error budget of the objective about successful calls.
    pub success: Option<Budget>,
    /// The error budget of the objective about durations.
    pub latency: Option<Budget>,
}

/// The error budget of one objective.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Budget {
    /// Remaining share over the last hour; below 0 the objective was missed.
    pub left: f64,
    /// The factor by which it burns too fast at the moment; `None` without recent calls.
    pub burn: Option<f64>,
}

/// The numbers of the requests to one route.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Route {
    /// The route.
    pub route: String,
    /// The numbers.
    #[serde(flatten)]
    pub numbers: Numbers,
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

/// Returns the numbers of each route, the one with the largest share of failed requests first; `None` for a program
/// without the HTTP layer.
pub(super) fn routes(page: &Page, source: &dyn Source, now: i64) -> Option<Vec<Route>> {
    let name = families::HTTP.name;
    page.catalog.sites_of(name).next()?;
    let used = UsedFamily { family: page.catalog.family(name)?, catalog: &page.catalog };
    let ask = Ask { used, names: vec!["route".to_owned()], page, source, now, window: Windows::at(source, now).recent };
    let measured = ask.measured();
    let keys: BTreeSet<&Labels> = measured.counts.iter().flat_map(|it| it.0.keys()).collect();
    let route = |it: &Labels| Route { route: it.get("route").to_owned(), numbers: measured.numbers(it, it) };
    let mut all: Vec<Route> = keys.into_iter().map(route).collect();
    let rank = |it: &Route| (it.numbers.error_rate.unwrap_or_default(), it.numbers.rate);
    all.sort_by(|a, b| rank(b).0.total_cmp(&rank(a).0).then(rank(b).1.total_cmp(&rank(a).1)));
    all.truncate(MOST_ROUTES);
    Some(all)
}

/// Queries about one family by the same labels.
struct Ask<'a> {
    used: UsedFamily<'a>,
    names: Vec<String>,
    page: &'a Page,
    source: &'a dyn Source,
    now: i64,
    window: u32,
}

/// Results for one family, each by the same labels.
struct Measured {
    counts: Vec<Answers>,
    rates: Answers,
    errors: Answers,
    /// `None` if failures are not recorded.
    error_rates: Option<Answers>,
    quantiles: [Answers; 3],
    /// By those of the labels that the gauge has.
    in_flight: Answers,
}

impl Measured {
    fn numbers(&self, key: &Labels, in_flight: &Labels) -> Numbers {
        let rate = self.rates.get(key).unwrap_or_default();
        let error_rate = self.error_rates.as_ref().filter(|_| rate > 0.0).map(|it| it.get(key).unwrap_or_default());
        let [p50, p95, p99] = self.quantiles.each_ref().map(|it| it.get(key).filter(|it| it.is_finite()));
        Numbers {
            calls: total(self.counts.iter().filter_map(|it| it.get(key))),
            rate,
            errors: self.errors.get(key).unwrap_or_default(),
            error_rate: error_rate.map(|it| it / rate),
            p50,
            p95,
            p99,
            in_flight: self.in_flight.get(in_flight),
            ..Numbers::default()
        }
    }
}

impl Ask<'_> {
    fn numbers<'a>(&self, sites: &[(&'a str, &SiteRecord)]) -> Vec<(&'a str, Numbers)> {
        let measured = self.measured();
        let in_flight = self.in_flight_names();
        let burns = [BUDGET_SECONDS, self.window].map(|it| Burns::new(self, sites, it));
        let of_site = |(id, site): &(&'a str, &SiteRecord)| {
            let key = fixed(site, &self.names);
            let numbers = measured.numbers(&key, &fixed(site, &in_flight));
            let [hour, recent] = burns.each_ref().map(|it| it.as_ref().map_or([None; 2], |it| it.of(site, &key)));
            let budget = |it: usize| hour[it].map(|hour| Budget { left: 1.0 - hour, burn: recent[it] });
            let (success, latency) = (budget(0), budget(1));
            let budget_left = success.into_iter().chain(latency).map(|it| it.left).reduce(f64::min);
            (*id, Numbers { budget_left, success, latency, ..numbers })
        };
        sites.iter().map(of_site).collect()
    }

    fn measured(&self) -> Measured {
        let (used, names) = (&self.used, &self.names);
        let bad = self.bad();
        Measured {
            counts: self.counted(Query::Instant),
            rates: self.answers(used.calls(names, Form::Plain)),
            errors: self.answers(used.selector(bad).map(|it| Query::Instant(it).sum(names))),
            error_rates: used.rate(bad, names, Form::Plain).map(|it| self.answers(Some(it))),
            quantiles: self.quantiles([0.5, 0.95, 0.99]),
            in_flight: self.answers(used.gauge(Role::InFlight, Aggregation::Sum, &self.in_flight_names())),
        }
    }

    /// Returns the role of the counter of failures.
    fn bad(&self) -> Role {
        if self.used.metric(Role::Errors).is_some() { Role::Errors } else { Role::Failures }
    }

    fn in_flight_names(&self) -> Vec<String> {
        self.used.labels_of(Role::InFlight).into_iter().filter(|it| self.names.contains(it)).collect()
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

    fn get(&self, key: &Labels) -> Option<f64> {
        self.0.get(key).copied()
    }
}

/// Returns those of the labels that a function fixes.
fn fixed(site: &SiteRecord, names: &[String]) -> Labels {
    let fixed = site.labels.iter().filter(|(name, _)| names.contains(name));
    Labels::new(fixed.map(|(name, value)| (name.as_str(), value.as_str())))
}

/// The data for the burn rates of error budgets over one window; queried only if a function has an objective.
struct Burns {
    calls: Vec<Answers>,
    errors: Answers,
    /// The number of calls up to each latency bound.
    fast: Vec<(f64, Answers)>,
    all: Answers,
}

impl Burns {
    fn new(ask: &Ask<'_>, sites: &[(&str, &SiteRecord)], seconds: u32) -> Option<Self> {
        let objectives = || sites.iter().filter_map(|it| it.1.objective);
        objectives().next()?;
        let grown = |it| Query::Increase(it, Window::Seconds(seconds));
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
            errors: ask.answers(ask.used.selector(ask.bad()).map(|it| grown(it).sum(&ask.names))),
            fast: bounds.into_iter().filter_map(fast).collect(),
            all: ask.answers(all),
        })
    }

    /// Returns the burn rates of the objective about successes and of the one about durations.
    fn of(&self, site: &SiteRecord, key: &Labels) -> [Option<f64>; 2] {
        let burn = |missed: f64, share: f64| Some(missed / (1.0 - share)).filter(|it| it.is_finite());
        let success = site.objective.and_then(|it| it.success).and_then(|share| {
            let calls = total(self.calls.iter().filter_map(|it| it.get(key)));
            (calls > 0.0).then(|| self.errors.get(key).unwrap_or_default() / calls).and_then(|it| burn(it, share))
        });
        let latency = site.objective.and_then(|it| it.latency).and_then(|limit| {
            let all = self.all.get(key).filter(|it| *it > 0.0)?;
            let fast = self.fast.iter().find(|it| it.0.to_bits() == limit.seconds.to_bits())?;
            burn(1.0 - fast.1.get(key).unwrap_or(STALE) / all, limit.share)
        });
        [success, latency]
    }
}
