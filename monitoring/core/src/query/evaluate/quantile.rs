//! Quantiles of classic histograms.

use super::samples::{Labels, STALE, is_present};
use super::scope::AnswerRow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Returns a quantile of the buckets for each set of labels without `le`.
#[must_use]
pub fn rows(quantile: f64, buckets: Vec<AnswerRow>) -> Vec<AnswerRow> {
    let mut groups: BTreeMap<Labels, Vec<(f64, Vec<f64>)>> = BTreeMap::new();
    for row in buckets {
        let Some(bound) = bound(row.labels.get("le")) else { continue };
        let labels = Labels::new(row.labels.iter().filter(|(name, _)| *name != "le"));
        groups.entry(labels).or_default().push((bound, row.values));
    }
    let answer = |(labels, mut buckets): (Labels, Vec<(f64, Vec<f64>)>)| {
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let length = buckets.first().map_or(0, |it| it.1.len());
        let mut present: Vec<(f64, f64)> = Vec::with_capacity(buckets.len());
        let values = (0..length).map(|place| {
            present.clear();
            for (bound, values) in &buckets {
                let count = values.get(place).copied().unwrap_or(STALE);
                match present.last_mut() {
                    _ if !is_present(count) => (),
                    // The same bound in two spellings.
                    Some(last) if last.0.total_cmp(bound).is_eq() => last.1 += count,
                    _ => present.push((*bound, count)),
                }
            }
            if present.is_empty() { STALE } else { of_buckets(quantile, &mut present) }
        });
        let values = values.collect();
        AnswerRow { name: None, labels: Arc::new(labels), values }
    };
    groups.into_iter().map(answer).collect()
}

/// Parses the upper bound in a label.
fn bound(text: &str) -> Option<f64> {
    match text {
        "+Inf" | "Inf" => Some(f64::INFINITY),
        text => text.parse().ok(),
    }
}

/// Returns the quantile of cumulative counts by upper bound, the smallest first. Observations count as evenly
/// distributed within a bucket. Without observations, or if the last bound is finite, the result is NaN.
fn of_buckets(quantile: f64, buckets: &mut [(f64, f64)]) -> f64 {
    let (Some(last), Some(below)) = (buckets.len().checked_sub(1), buckets.len().checked_sub(2)) else {
        return f64::NAN;
    };
    if quantile.is_nan() || buckets[last].0 < f64::INFINITY {
        return f64::NAN;
    }
    if !(0.0..=1.0).contains(&quantile) {
        return if quantile < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    // Buckets read at different times may decrease. Then the count of the smaller bucket is used.
    let mut most = f64::NEG_INFINITY;
    for (_, count) in &mut *buckets {
        most = most.max(*count);
        *count = most;
    }
    let all = buckets[last].1;
    if all == 0.0 {
        return f64::NAN;
    }
    let rank = quantile * all;
    let place = buckets[..last].partition_point(|it| it.1 < rank);
    if place == last {
        return buckets[below].0;
    }
    let (end, count) = buckets[place];
    match place.checked_sub(1).map(|it| buckets[it]) {
        Some((start, before)) => start + (end - start) * ((rank - before) / (count - before)),
        None if end <= 0.0 => end,
        None => end * (rank / count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(quantile: f64, counts: [f64; 4], expected: f64) {
        let mut buckets = [0.1, 0.5, 1.0, f64::INFINITY].into_iter().zip(counts).collect::<Vec<_>>();
        let found = of_buckets(quantile, &mut buckets);
        assert!((found - expected).abs() < 1e-12 || found.to_bits() == expected.to_bits(), "{found}, not {expected}");
    }

    #[test]
    fn quantiles_equal_those_of_prometheus() {
        check(0.5, [10.0, 10.0, 10.0, 10.0], 0.05);
        check(0.75, [10.0, 20.0, 20.0, 20.0], 0.3);
        check(0.99, [0.0, 0.0, 0.0, 10.0], 1.0);
        check(0.5, [0.0, 0.0, 0.0, 0.0], f64::NAN);
        check(1.5, [1.0, 1.0, 1.0, 1.0], f64::INFINITY);
        check(-0.5, [1.0, 1.0, 1.0, 1.0], f64::NEG_INFINITY);
        check(0.5, [4.0, 2.0, 8.0, 8.0], 0.1);
        assert!(of_buckets(0.5, &mut [(1.0, 1.0), (2.0, 1.0)]).is_nan(), "no infinite bound");
        assert!(of_buckets(0.5, &mut [(f64::INFINITY, 1.0)]).is_nan(), "a single bucket");
    }
}
