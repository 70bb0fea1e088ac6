//! Changes that no test can notice, because the changed rule gives the same results; each with its reason.

/// Changes that go unnoticed for the same reason.
#[derive(Debug)]
pub(crate) struct Guard {
    /// A part of the name of the alert or of the recorded series.
    pub(crate) rule: &'static str,
    /// A part of the change.
    pub(crate) what: &'static str,
    /// The reason why no test can notice it.
    pub(crate) why: &'static str,
}

impl Guard {
    pub(crate) fn is(&self, rule: &str, what: &str) -> bool {
        rule.contains(self.rule) && what.contains(self.what)
    }
}

const fn guard(rule: &'static str, what: &'static str, why: &'static str) -> Guard {
    Guard { rule, what, why }
}

/// Reason: the guard against dividing by zero is redundant.
const OF_ALL: &str = "The part is one of the series of the whole, so both are zero. Zero divided by zero is NaN, and comparing NaN \
     gives no result.";

/// Reason: the window only shows whether there are calls.
const NO_ERRORS: &str = "This window only shows that there are calls if no error was ever counted. The share also \
                         needs calls within the shorter window of the whole, and those are in the longer window, too.";

/// Reason: the window of the good calls only shifts the minimum sample.
const GOOD_CALLS: &str = "With a shorter window of the good calls, the minimum sample of the bad ones is reached some \
                          minutes early. `for` hides that.";

pub(crate) const GUARDS: &[Guard] = &[
    guard("job_objective_sli:objective_errors:", "0 * sum by (job) (rate(", NO_ERRORS),
    guard("job_objective_sli:objective_burn:", "0 * sum by (job) (rate(", NO_ERRORS),
    guard("HttpErrorRateHigh", "> 0 → -1", OF_ALL),
    guard("TaskFailureRate", "> 0 → -1", OF_ALL),
    guard("PatternExtractionErrors", "> 0 → -1", OF_ALL),
    guard("DatabaseSlowQueries", r#"le="0.01"}[5m → 150s"#, GOOD_CALLS),
    guard("EventLoopLagHigh", r#"le="0.1"}[5m → 150s"#, GOOD_CALLS),
    guard("GOAPPlanningSlowdown", r#".0"}[5m → 150s"#, GOOD_CALLS),
    guard("HttpLatencyHigh", r#"le="0.5"}[5m → 150s"#, GOOD_CALLS),
    guard("OutgoingRequestsSlow", r#".0"}[5m → 150s"#, GOOD_CALLS),
    guard("PatternRetrievalSlow", r#"le="0.01"}[5m → 150s"#, GOOD_CALLS),
    guard(
        "LowDiskSpace",
        "> 0 → -1",
        "A number divided by zero is infinite, and zero divided by zero is NaN. Neither is below a threshold.",
    ),
];
