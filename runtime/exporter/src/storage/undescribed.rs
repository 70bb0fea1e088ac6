//! Metrics that no table describes: whatever else a program and its libraries record over the facade.
//!
//! They are kept like the described ones. A name has the kind with which it was first used, and there is a bound on names
//! as there is one on series, since a program may make them up as it runs.

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
const UNDESCRIBED: &str = "Recorded by the program without a description.";

/// So many names may be recorded, and as many described.
pub(crate) const MOST_NAMES: usize = 2000;
/// Longer names are made of data: each would be kept, and written in each scrape.
pub(crate) const LONGEST_NAME: usize = 512;

#[derive(Debug, Default)]
pub(crate) struct UndescribedMetrics {
    tables: RwLock<HashMap<String, Arc<Metric>>>,
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
        let judge = |table: &Arc<Metric>| match table.series.kind() {
            same if same == kind => Ok(Arc::clone(table)),
            first => Err(Refusal::Clash(format!("it is a {} already", word(first)))),
        };
        {
            let tables = read(&self.tables);
            match tables.get(name) {
                Some(table) => return judge(table),
                None if tables.len() >= MOST_NAMES => return Err(Refusal::TooMany),
                None if name.is_empty() => return Err(Refusal::Clash("it has no name".to_owned())),
                None => (),
            }
        }
        let mut tables = write(&self.tables);
        if let Some(table) = tables.get(name) {
            return judge(table);
        }
        if tables.len() >= MOST_NAMES {
            return Err(Refusal::TooMany);
        }
        let known = |name: &str| tables.get(name).map(|it| it.series.kind()).or_else(|| is_described(name));
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
        let table = Arc::new(Metric::foreign(name.to_owned(), kind, bounds));
        tables.insert(name.to_owned(), Arc::clone(&table));
        lock(&self.fresh).push(Arc::clone(&table));
        Ok(table)
    }

    /// Whether there is a metric with this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        read(&self.tables).contains_key(name)
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
        let told = all.get(name).filter(|it| !it.is_empty()).cloned();
        told.unwrap_or(SharedString::const_str(UNDESCRIBED))
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

/// The word for a kind in a `# TYPE` line.
pub(crate) fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}
