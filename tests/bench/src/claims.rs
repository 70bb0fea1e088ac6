//! Claims about the maximum cost of an annotated call, a scrape and a series. Every claim is a ratio within one run.

use crate::contenders::{
    AUTOMETRICS, CLOCK, EMPTY, HOTPATH, KEPT, PATTERN_LEARNED, SAMPLED, TEXT_LABEL, TIMED_QUERY, TYPED_LABEL,
};
use crate::registries::{MEASURED, STOCK};
use crate::table::table;

/// A claim that `(contender - over) / of` is at most `at_most`.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// The contender that the claim is about.
    pub contender: &'static str,
    /// The contender whose cost is subtracted, if any.
    pub over: Option<&'static str>,
    /// The contender that is the unit.
    pub of: &'static str,
    /// The maximum ratio.
    pub at_most: f64,
    /// Number of threads.
    pub threads: usize,
}

/// All claims about calls. Claims in nanoseconds are divided by 19, the nanoseconds of two clock reads on the reference
/// machine.
pub const CALLS: &[Claim] = &[
    Claim { contender: TIMED_QUERY, over: None, of: CLOCK, at_most: 1.15, threads: 1 },
    Claim { contender: TIMED_QUERY, over: None, of: CLOCK, at_most: 1.3, threads: 2 },
    Claim { contender: TIMED_QUERY, over: None, of: AUTOMETRICS, at_most: 1.0 / 25.0, threads: 1 },
    Claim { contender: TIMED_QUERY, over: None, of: KEPT, at_most: 1.0 / 4.0, threads: 1 },
    Claim { contender: TIMED_QUERY, over: None, of: HOTPATH, at_most: 1.0, threads: 1 },
    Claim { contender: PATTERN_LEARNED, over: Some(EMPTY), of: CLOCK, at_most: 4.0 / 19.0, threads: 1 },
    Claim { contender: SAMPLED, over: Some(EMPTY), of: CLOCK, at_most: 6.0 / 19.0, threads: 1 },
    Claim { contender: TYPED_LABEL, over: Some(TIMED_QUERY), of: CLOCK, at_most: 2.0 / 19.0, threads: 1 },
    Claim { contender: TEXT_LABEL, over: Some(TIMED_QUERY), of: CLOCK, at_most: 25.0 / 19.0, threads: 1 },
];

impl Claim {
    /// Returns the measured ratio, or `None` if one of the contenders did not run.
    #[must_use]
    pub fn check(&self, cost: impl Fn(&str) -> Option<f64>) -> Option<f64> {
        let over = self.over.map_or(Some(0.0), &cost)?;
        Some((cost(self.contender)? - over) / cost(self.of)?)
    }
}

/// Maximum time to render ten thousand histograms or more, relative to a peer.
pub const SCRAPE: &[(&str, f64)] = &[(STOCK, 1.0 / 20.0), (MEASURED, 1.0 / 3.0)];

/// Maximum heap of a histogram after scrapes, relative to a peer.
pub const HEAP: &[(&str, f64)] = &[(STOCK, 1.0 / 2.0)];

/// A table of claims with their maximum and the measured ratio.
#[must_use]
pub fn verdicts(claims: &[(String, f64, Option<f64>)]) -> String {
    let row = |(what, at_most, found): &(String, f64, Option<f64>)| {
        let verdict = match found {
            None => "not run",
            Some(it) if it <= at_most => "met",
            Some(_) => "UNMET",
        };
        let found = found.map_or_else(String::new, |it| format!("{it:.3}"));
        vec![what.clone(), format!("{at_most:.3}"), found, verdict.to_owned()]
    };
    table(&["claim", "at most", "found", ""], &claims.iter().map(row).collect::<Vec<_>>())
}
