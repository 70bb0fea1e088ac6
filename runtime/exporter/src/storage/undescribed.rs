//! Metrics that no table describes: everything else that a program and its libraries record through the facade.
//!
//! They are stored like the described ones. A name keeps the kind of its first use. The number of names is limited like
//! the number of series, since a program may generate names at run time.

use crate::render::syntax;
use crate::storage::metric::Metric;
use measurand_catalog::Kind;
use measurand_catalog::lock::{lock, read, write};
use metrics::SharedString;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::mem;
use std::sync::{Arc, Mutex, RwLock};

/// Default bounds. Without bounds histograms would become summaries, which cannot be aggregated over instances.
const BOUNDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// The suffixes of a histogram's series.
const SUFFIXES: [&str; 3] = ["_bucket", "_sum", "_count"];
/// The help text of a metric without a description.
const NO_HELP: &str = "Recorded by the program without a description.";

/// Maximum number of recorded names, and of described ones.
pub(crate) const MOST_NAMES: usize = 2000;
/// Maximum length of a name. Longer names contain data: each would be stored, and written in each scrape.
pub(crate) const LONGEST_NAME: usize = 512;

#[derive(Debug, Default)]
pub(crate) struct UndescribedMetrics {
    metrics: RwLock<HashMap<String, Arc<Metric>>>,
    /// Metrics that the sorted list does not have yet. There are two lists for the same reason as in `series_map`.
    fresh: Mutex<Vec<Arc<Metric>>>,
    sorted: Mutex<Arc<Vec<Arc<Metric>>>>,
    help: Mutex<HashMap<String, SharedString>>,
}

/// The reason why a metric is not recorded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The name conflicts with another metric.
    Clash(String),
    /// The limit of names is reached.
    TooMany,
}

impl UndescribedMetrics {
    /// Returns the metric with this name and kind, and creates it if it is missing.
    pub(crate) fn get(
        &self,
        name: &str,
        kind: Kind,
        is_described: impl Fn(&str) -> Option<Kind>,
    ) -> Result<Arc<Metric>, Refusal> {
        let check = |metric: &Arc<Metric>| match metric.kind() {
            same if same == kind => Ok(Arc::clone(metric)),
            first => Err(Refusal::Clash(format!("it is already a {}", syntax::type_name(first)))),
        };
        {
            let metrics = read(&self.metrics);
            match metrics.get(name) {
                Some(metric) => return check(metric),
                None if metrics.len() >= MOST_NAMES => return Err(Refusal::TooMany),
                None if name.is_empty() => return Err(Refusal::Clash("it has no name".to_owned())),
                None => (),
            }
        }
        let mut metrics = write(&self.metrics);
        if let Some(metric) = metrics.get(name) {
            return check(metric);
        }
        if metrics.len() >= MOST_NAMES {
            return Err(Refusal::TooMany);
        }
        let known = |name: &str| metrics.get(name).map(|it| it.kind()).or_else(|| is_described(name));
        for suffix in SUFFIXES {
            let longer = format!("{name}{suffix}");
            if kind == Kind::Histogram && known(&longer).is_some() {
                return Err(Refusal::Clash(format!("its series would have the name of the metric `{longer}`")));
            }
            if let Some(base) = name.strip_suffix(suffix).filter(|it| known(it) == Some(Kind::Histogram)) {
                return Err(Refusal::Clash(format!("the histogram `{base}` has series with that name")));
            }
        }
        let bounds = if kind == Kind::Histogram { BOUNDS } else { &[] };
        let metric = Arc::new(Metric::undescribed(name.to_owned(), kind, bounds));
        metrics.insert(name.to_owned(), Arc::clone(&metric));
        lock(&self.fresh).push(Arc::clone(&metric));
        Ok(metric)
    }

    /// Whether there is a metric with this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        read(&self.metrics).contains_key(name)
    }

    /// Stores a description; a later one replaces it.
    pub(crate) fn describe(&self, name: &str, help: &SharedString) {
        let mut all = lock(&self.help);
        let room = all.len() < MOST_NAMES;
        match all.entry(name.to_owned()) {
            Entry::Occupied(mut it) => drop(it.insert(help.clone())),
            Entry::Vacant(it) if room => drop(it.insert(help.clone())),
            Entry::Vacant(_) => (),
        }
    }

    /// Returns the help text of a metric.
    pub(crate) fn help(&self, name: &str) -> SharedString {
        let all = lock(&self.help);
        let help = all.get(name).filter(|it| !it.is_empty()).cloned();
        help.unwrap_or(SharedString::const_str(NO_HELP))
    }

    /// Returns all metrics, sorted by name.
    pub(crate) fn sorted(&self) -> Arc<Vec<Arc<Metric>>> {
        let mut sorted = lock(&self.sorted);
        let fresh = mem::take(&mut *lock(&self.fresh));
        if !fresh.is_empty() {
            let mut all: Vec<_> = sorted.iter().cloned().chain(fresh).collect();
            all.sort_by(|a, b| a.name.cmp(&b.name));
            *sorted = Arc::new(all);
        }
        Arc::clone(&sorted)
    }
}
