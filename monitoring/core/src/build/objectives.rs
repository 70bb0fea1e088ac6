//! Queries about the objectives of annotated functions: the share of calls that miss an objective, the burn rate of its
//! error budget, and the rest of the budget.
//!
//! Each function here returns the query about one objective; [`together`] makes it a query about several of them.
//!
//! Windows up to six hours are computed from the samples. Longer ones average the rates that rules record every half
//! minute, because reading thirty days of samples for every evaluation is too slow. Errors and calls are averaged
//! separately, so that the ratio is weighted by traffic.

use crate::build::used_family::UsedFamily;
use crate::model::burn_rate::{COUNTED_MAX, PERIOD, SHORTEST};
use crate::query::promql::duration;
use crate::query::{Query, Selector, Window};
use measurand_catalog::{Latency, Role, SiteRecord};

pub const MINUTE: u32 = 60;
pub const HOUR: u32 = 60 * MINUTE;
pub const DAY: u32 = 24 * HOUR;

const STEP: u32 = SHORTEST;

pub const OBJECTIVE_LABEL: &str = "objective";
pub const INDICATOR_LABEL: &str = "sli";

/// An objective of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteObjective<'a> {
    pub site: &'a SiteRecord,
    /// The function's path.
    pub name: String,
    /// The share of calls that have to meet the objective.
    pub share: f64,
    /// The property of a call that the objective is about.
    pub indicator: Indicator,
    /// The metric that counts the calls.
    pub calls: String,
    /// The metric that counts errors, or the buckets of the durations.
    pub metric: String,
    /// The bounds of those buckets.
    pub bounds: &'a [f64],
}

/// The property of a call that an objective is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Indicator {
    /// The call succeeds.
    Success,
    /// The call ends within this number of seconds.
    Latency(f64),
}

/// Returns all objectives in the order of the catalog.
pub fn all<'a>(families: &[UsedFamily<'a>]) -> Vec<SiteObjective<'a>> {
    families.iter().flat_map(of_family).collect()
}

fn of_family<'a>(family: &UsedFamily<'a>) -> Vec<SiteObjective<'a>> {
    let promises = |site: &'a SiteRecord| {
        let objective = site.objective?;
        let duration = family.metric(Role::Duration);
        let counted = duration.map(|it| format!("{}_count", it.name));
        let calls = family.metric(Role::Calls).map(|it| it.name.clone()).or_else(|| counted.clone());
        let plain = |share, indicator, calls: Option<String>, metric: Option<String>| {
            let name = format!("{}::{}", site.module, site.function);
            let bounds = duration.map_or(&[][..], |it| &it.buckets);
            Some(SiteObjective { site, name, share, indicator, calls: calls?, metric: metric?, bounds })
        };
        let success = objective.success.and_then(|share| {
            plain(share, Indicator::Success, calls, family.metric(Role::Errors).map(|it| it.name.clone()))
        });
        let latency = objective.latency.and_then(|Latency { seconds, share }| {
            plain(share, Indicator::Latency(seconds), counted, duration.map(|it| format!("{}_bucket", it.name)))
        });
        Some([success, latency])
    };
    family.sites().into_iter().filter_map(promises).flatten().flatten().collect()
}

impl Indicator {
    /// The value of the label `sli`.
    pub fn as_str(self) -> &'static str {
        match self {
            Indicator::Success => "success",
            Indicator::Latency(_) => "latency",
        }
    }
}

impl SiteObjective<'_> {
    /// Returns the share of calls that may miss the objective, rounded to the digits in the source.
    pub fn budget(&self) -> f64 {
        rounded(1.0 - self.share)
    }

    /// Returns the share of calls above which an alert fires: the budget times the factor, but at most halfway between
    /// the budget and 1. Without this cap, a large budget times a large factor exceeds 1, and the alert never fires.
    pub fn threshold(&self, factor: f64) -> f64 {
        rounded((self.budget() * factor).min(self.budget().midpoint(1.0)))
    }

    /// Returns the burn rate above which every alert fires, also one with a larger factor.
    fn burn_limit(&self) -> f64 {
        self.budget().midpoint(1.0) / self.budget()
    }

    /// Whether an alert with this factor needs [`Self::limit`].
    pub fn is_limited(&self, factor: f64) -> bool {
        self.burn_limit() < factor
    }

    /// Returns the labels of its recordings and alerts.
    pub fn labels(&self) -> Vec<(String, String)> {
        let pairs = [(OBJECTIVE_LABEL, self.name.as_str()), (INDICATOR_LABEL, self.indicator.as_str())];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    fn recorded(&self, query: Query, metric: &str, operation: &str) -> Query {
        query.recorded_as(record(metric, operation), self.labels())
    }

    fn selector(&self, metric: &str) -> Selector {
        self.site.labels.iter().fold(Selector::new(metric), |it, (name, value)| it.with(name, value))
    }

    fn calls(&self, read: impl Fn(Selector) -> Query) -> Query {
        read(self.selector(&self.calls)).sum(&[])
    }

    /// Calls that missed the objective. If no error has ever been counted, the number is zero.
    fn broken(&self, read: impl Fn(Selector) -> Query) -> Query {
        match self.indicator {
            Indicator::Success => read(self.selector(&self.metric)).sum(&[]).or_zero(self.calls(read)),
            Indicator::Latency(seconds) => {
                let fast = read(self.selector(&self.metric).up_to(seconds)).sum(&[]);
                self.calls(read).minus(fast)
            }
        }
    }

    /// Returns the calls per second within five minutes that missed the objective.
    pub fn broken_rate(&self) -> Query {
        self.recorded(self.broken(rate(STEP)), "errors", &format!("rate{}", duration(STEP)))
    }

    /// Returns the calls per second within five minutes.
    pub fn call_rate(&self) -> Query {
        self.recorded(self.calls(rate(STEP)), "calls", &format!("rate{}", duration(STEP)))
    }

    /// Returns the share of calls within this number of seconds that missed the objective.
    fn ratio(&self, seconds: u32) -> Query {
        let (part, whole) = if seconds == STEP || seconds > COUNTED_MAX {
            let over = |it: Query| if seconds == STEP { it } else { it.averaged(seconds) };
            (over(self.broken_rate()), over(self.call_rate()))
        } else {
            (self.broken(rate(seconds)), self.calls(rate(seconds)))
        };
        Query::Ratio { part: Box::new(part), whole: Box::new(whole) }
    }

    /// Returns the number of calls within this window, in seconds, that missed the objective. For windows up to
    /// [`COUNTED_MAX`].
    pub fn count(&self, seconds: u32) -> Query {
        let broken = self.broken(|it| Query::Increase(it, Window::Seconds(seconds)));
        self.recorded(broken, "errors", &format!("increase{}", duration(seconds)))
    }

    /// Returns the burn rate: how many times too fast the budget is used.
    pub fn burn(&self, seconds: u32) -> Query {
        self.recorded(self.ratio(seconds).per(self.budget()), "burn", &format!("rate{}", duration(seconds)))
    }

    /// Returns the burn rate above which every alert fires, also one with a larger factor.
    pub fn limit(&self) -> Query {
        self.recorded(Query::Constant(rounded(self.burn_limit())), "burn", "limit")
    }

    /// Returns the share of calls that have to meet the objective.
    pub fn target(&self) -> Query {
        self.recorded(Query::Constant(self.share), "target", "share")
    }

    /// Returns a short description: `99.9% success`, `99% within 10ms`.
    pub fn title(&self) -> String {
        let share = percent(self.share);
        match self.indicator {
            Indicator::Success => format!("{share} success"),
            Indicator::Latency(seconds) => format!("{share} within {}", super::alerts::condition::readable(seconds)),
        }
    }
}

/// Returns a query about all these objectives, with the labels `objective` and `sli`.
pub fn together(objectives: &[SiteObjective<'_>], query: impl Fn(&SiteObjective<'_>) -> Query) -> Query {
    Query::AllRecorded(objectives.iter().map(query).collect())
}

/// Returns the name of the recorded share of the error budget that is used.
pub fn budget_record() -> String {
    record("burn", &format!("rate{}", duration(PERIOD)))
}

fn record(metric: &str, operation: &str) -> String {
    format!("job_objective_sli:objective_{metric}:{operation}")
}

fn rate(seconds: u32) -> impl Fn(Selector) -> Query {
    move |it| Query::Rate(it, Window::Seconds(seconds))
}

/// Rounds to nine digits: `1.0 - 0.999` is slightly more than a thousandth.
fn rounded(share: f64) -> f64 {
    (share * 1e9).round() / 1e9
}

pub fn percent(share: f64) -> String {
    format!("{}%", (share * 1e6).round() / 1e4)
}
