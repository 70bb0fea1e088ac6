//! The metrics that a table of the catalog describes.

use crate::storage::metric::Metric;
use measurand_catalog::platform;
use measurand_catalog::{Catalog, Family, Metric as MetricRow, Role};
use std::collections::HashMap;
use std::sync::Arc;

/// All described metrics.
#[derive(Debug)]
pub(crate) struct DescribedMetrics {
    /// In rendering order: each duration before the calls, which are counted from it.
    pub(crate) all: Vec<Arc<Metric>>,
    by_name: HashMap<&'static str, Arc<Metric>>,
}

impl DescribedMetrics {
    pub(crate) fn new(families: &[&'static Family], catalog: &Catalog) -> Self {
        let mut described = Self { all: Vec::new(), by_name: HashMap::new() };
        for family in families {
            let is_new = |it: &&MetricRow| !described.by_name.contains_key(it.name);
            let rows: Vec<&'static MetricRow> = family.metrics.iter().filter(is_new).collect();
            let duration = rows.iter().position(|it| it.role == Role::Duration);
            let calls = rows.iter().position(|it| it.role == Role::Calls);
            let mut order: Vec<usize> = (0..rows.len()).collect();
            if let (Some(calls), Some(duration)) = (calls, duration.filter(|it| calls < Some(*it))) {
                order.remove(duration);
                order.insert(calls, duration);
            }
            for place in order {
                let row = rows[place];
                let counts_calls = duration.is_some() && Some(place) == calls;
                described.add(row.name, Metric::of_family(family, row, catalog, counts_calls));
            }
        }
        for row in platform::ALL {
            described.add(row.name, Metric::of_platform(row));
        }
        described
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Metric> {
        self.by_name.get(name).map(|it| &**it)
    }

    /// Adds a metric. If the name exists, the first row stays: a name can have only one type and help text.
    fn add(&mut self, name: &'static str, metric: Metric) {
        if self.by_name.contains_key(name) {
            return;
        }
        let metric = Arc::new(metric);
        self.by_name.insert(name, Arc::clone(&metric));
        self.all.push(metric);
    }
}
