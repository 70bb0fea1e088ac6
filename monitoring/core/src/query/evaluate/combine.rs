//! Set operations on two sets of rows by their labels, without the names of metrics.

use super::samples::{Labels, STALE, is_present};
use super::scope::AnswerRow;
use crate::query::Combination;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// Groups rows by their labels. Several rows can have the same labels at different times.
fn by_labels(rows: &[AnswerRow]) -> HashMap<&Labels, Vec<&AnswerRow>> {
    let mut all: HashMap<&Labels, Vec<&AnswerRow>> = HashMap::new();
    for row in rows {
        all.entry(&row.labels).or_default().push(row);
    }
    all
}

/// Returns the value of the first row that has one at this index.
fn at(rows: &[&AnswerRow], place: usize) -> Option<f64> {
    rows.iter().filter_map(|it| it.values.get(place)).copied().find(|it| is_present(*it))
}

/// Returns a value for each series that both sides have.
pub(super) fn pairs(left: Vec<AnswerRow>, right: &[AnswerRow], number: impl Fn(f64, f64) -> f64) -> Vec<AnswerRow> {
    let right = by_labels(right);
    let mut rows = Vec::new();
    for mut row in left {
        let Some(others) = right.get(&*row.labels) else { continue };
        for (place, value) in row.values.iter_mut().enumerate().filter(|it| is_present(*it.1)) {
            *value = at(others, place).map_or(STALE, |other| number(*value, other));
        }
        row.name = None;
        rows.push(row);
    }
    merged(rows)
}

/// Returns the left rows, and the values of the right rows that the left side lacks.
pub(super) fn or(left: Vec<AnswerRow>, mut right: Vec<AnswerRow>) -> Vec<AnswerRow> {
    let known = by_labels(&left);
    for row in &mut right {
        let Some(others) = known.get(&*row.labels) else { continue };
        for (place, value) in row.values.iter_mut().enumerate() {
            if at(others, place).is_some() {
                *value = STALE;
            }
        }
    }
    drop(known);
    merged(left.into_iter().chain(right).collect())
}

pub(super) fn combine(mut left: Vec<AnswerRow>, combination: Combination, right: Vec<AnswerRow>) -> Vec<AnswerRow> {
    let keep = match combination {
        Combination::Or => return or(left, right),
        Combination::And => true,
        Combination::Unless => false,
    };
    let right = by_labels(&right);
    for row in &mut left {
        let others = right.get(&*row.labels).map_or(&[][..], Vec::as_slice);
        for (place, value) in row.values.iter_mut().enumerate() {
            if at(others, place).is_some() != keep {
                *value = STALE;
            }
        }
    }
    left
}

/// Merges rows that are equal without their names. If both have a value, the first is used.
pub(super) fn merged(rows: Vec<AnswerRow>) -> Vec<AnswerRow> {
    let mut places: HashMap<(Option<Arc<str>>, Arc<Labels>), usize> = HashMap::with_capacity(rows.len());
    let mut all: Vec<AnswerRow> = Vec::with_capacity(rows.len());
    for row in rows {
        match places.entry((row.name.clone(), Arc::clone(&row.labels))) {
            Entry::Vacant(it) => {
                it.insert(all.len());
                all.push(row);
            }
            Entry::Occupied(it) => {
                let first = all[*it.get()].values.iter_mut().zip(row.values);
                first.filter(|it| !is_present(*it.0)).for_each(|(first, value)| *first = value);
            }
        }
    }
    all
}
