//! Aggregations: sums and similar functions over the series of a group.

use super::samples::{Labels, STALE, is_present};
use super::scope::{AnswerRow, Evaluation};
use crate::query::{Aggregation, Query};
use std::collections::HashMap;
use std::sync::Arc;

/// The values of one group, and the number of inputs of each value if the aggregation needs it.
struct Accumulator {
    values: Vec<f64>,
    counts: Option<Vec<f64>>,
}

impl Evaluation<'_> {
    pub(super) fn aggregate<'a>(
        self,
        kind: Aggregation,
        by: impl Iterator<Item = &'a str>,
        of: &Query,
    ) -> Vec<AnswerRow> {
        let mut by: Vec<&str> = by.collect();
        by.sort_unstable();
        let mut places: HashMap<Labels, usize> = HashMap::new();
        let mut groups: Vec<Accumulator> = Vec::new();
        let length = self.times.len();
        let is_counted = matches!(kind, Aggregation::Average | Aggregation::Count);
        let mut add = |row: AnswerRow| {
            let key = Labels::new(row.labels.iter().filter(|(name, _)| by.binary_search(name).is_ok()));
            let place = *places.entry(key).or_insert_with(|| {
                groups.push(Accumulator { values: vec![STALE; length], counts: is_counted.then(|| vec![0.0; length]) });
                groups.len() - 1
            });
            groups[place].add(kind, &row.values);
        };
        let made_of_many = matches!(of, Query::Buckets(..) | Query::Heatmap(..) | Query::Absent(_));
        if of.selector().is_some() && !made_of_many {
            self.leaf(of, &mut add);
        } else {
            self.rows(of).into_iter().for_each(add);
        }
        let mut rows: Vec<AnswerRow> = places
            .into_iter()
            .map(|(labels, place)| AnswerRow {
                name: None,
                labels: Arc::new(labels),
                values: groups[place].finish(kind),
            })
            .collect();
        rows.sort_by(|a, b| a.labels.cmp(&b.labels));
        rows
    }
}

impl Accumulator {
    fn add(&mut self, kind: Aggregation, values: &[f64]) {
        if let Some(counts) = &mut self.counts {
            counts.iter_mut().zip(values).filter(|it| is_present(*it.1)).for_each(|it| *it.0 += 1.0);
        }
        for (so_far, value) in self.values.iter_mut().zip(values).filter(|it| is_present(*it.1)) {
            if !is_present(*so_far) {
                *so_far = *value;
                continue;
            }
            match kind {
                Aggregation::Sum | Aggregation::Average => *so_far += value,
                Aggregation::Minimum if *value < *so_far || so_far.is_nan() => *so_far = *value,
                Aggregation::Maximum if *value > *so_far || so_far.is_nan() => *so_far = *value,
                _ => (),
            }
        }
    }

    fn finish(&mut self, kind: Aggregation) -> Vec<f64> {
        let mut values = std::mem::take(&mut self.values);
        for (value, count) in values.iter_mut().zip(self.counts.iter().flatten()).filter(|it| is_present(*it.0)) {
            match kind {
                Aggregation::Average => *value /= count,
                Aggregation::Count => *value = *count,
                _ => (),
            }
        }
        values
    }
}
