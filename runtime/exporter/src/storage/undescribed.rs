//! Metrics that no table describes: whatever else a program and its libraries record over the facade.
//!
//! They are kept like the described ones. A name has the kind with which it was first used, and there is a bound on names
//! as there is one on series, since a program may make them up as it runs.

use crate::render::text;
use crate::storage::metric::Metric;
use measurand_catalog::Kind;
use measurand_catalog::lock::{lock, read, write};
use metrics::SharedString;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::mem;
use std::sync::{Arc, Mutex, RwLock};

/// Without bounds of their own, histograms would become summaries, which cannot be added up over instances.
const BOUNDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// What a histogram's series are called.
const SUFFIXES: [&str; 3] = ["_bucket", "_sum", "_count"];
/// What is said of a metric that was not described.
const NO_HELP: &str = "Recorded by the program without a description.";

/// So many names may be recorded, and as many described.
pub(crate) const MOST_NAMES: usize = 2000;
/// Longer names are made of data: each would be kept, and written in each scrape.
pub(crate) const LONGEST_NAME: usize = 512;

#[derive(Debug, Default)]
pub(crate) struct UndescribedMetrics {
    metrics: RwLock<HashMap<String, Arc<Metric>>>,
    /// Those that the sorted list does not have yet, and that list; see `series_map` for why there are two.
    fresh: Mutex<Vec<Arc<Metric>>>,
    sorted: Mutex<Arc<Vec<Arc<Metric>>>>,
    help: Mutex<HashMap<String, SharedString>>,
}

/// Why a metric is not recorded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The name is, or would be taken for, that of another one.
    Clash(String),
    /// There are as many names as there may be.
    TooMany,
}

impl UndescribedMetrics {
    /// The metric with this name and kind, made now if it is the first time.
    pub(crate) fn get(
        &self,
        name: &str,
        kind: Kind,
        is_described: impl Fn(&str) -> Option<Kind>,
    ) -> Result<Arc<Metric>, Refusal> {
        let check = |metric: &Arc<Metric>| match metric.kind() {
            same if same == kind => Ok(Arc::clone(metric)),
            first => Err(Refusal::Clash(format!("it is a {} already", text::type_name(first)))),
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
                return Err(Refusal::Clash(format!("its series would be called like the metric `{longer}`")));
            }
            if let Some(base) = name.strip_suffix(suffix).filter(|it| known(it) == Some(Kind::Histogram)) {
                return Err(Refusal::Clash(format!("the histogram `{base}` has series of that name")));
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

    /// Keeps a description; of two for one name the later counts.
    pub(crate) fn describe(&self, name: &str, help: &SharedString) {
        let mut all = lock(&self.help);
        let room = all.len() < MOST_NAMES;
        match all.entry(name.to_owned()) {
            Entry::Occupied(mut it) => drop(it.insert(help.clone())),
            Entry::Vacant(it) if room => drop(it.insert(help.clone())),
            Entry::Vacant(_) => (),
        }
    }

    /// What is said of a metric.
    pub(crate) fn help(&self, name: &str) -> SharedString {
        let all = lock(&self.help);
        let help = all.get(name).filter(|it| !it.is_empty()).cloned();
        help.unwrap_or(SharedString::const_str(NO_HELP))
    }

    /// All metrics, sorted by name.
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
