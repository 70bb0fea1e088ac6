//! The changes that cannot be noticed, since the rule with the change gives the same answers; each with its reason.

/// Changes that go unnoticed for one reason.
#[derive(Debug)]
pub(crate) struct Guard {
    /// A part of the name of the alert or of the recorded series.
    pub(crate) rule: &'static str,
    /// A part of the change.
    pub(crate) what: &'static str,
    /// Why nothing can notice.
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

/// That a part of all is not zero where all is.
const OF_ALL: &str =
    "The part is one of the series of the whole, so that both are zero; zero by zero is no number, and none compares.";

/// That errors count as zero where there are calls.
const NO_ERRORS: &str = "This window only tells that there are calls, where no error was ever counted. The share needs calls within the shorter window of the whole as well, and those are in the longer one.";

/// That a window of one objective is right.
const LIKE_ANOTHER: &str = "The rules of objectives over the same metrics come from one template. The first of them has timelines that tell its windows apart; the others have none, since their tests would take as long again.";

pub(crate) const GUARDS: &[Guard] = &[
    guard("job_objective_sli:objective_calls:", "rate(neural_operations_total{job=\"claude-code-app\"}[", LIKE_ANOTHER),
    guard("job_objective_sli:objective_errors:", "le=\"0.01\"}[", LIKE_ANOTHER),
    guard("job_objective_sli:objective_errors:", "0 * sum by (job) (rate(", NO_ERRORS),
    guard("HttpErrorRateHigh", "> 0 → -1", OF_ALL),
    guard("TaskFailureRate", "> 0 → -1", OF_ALL),
    guard(
        "LowDiskSpace",
        "> 0 → -1",
        "Something by zero is infinite, and zero by zero is no number; neither is below a threshold.",
    ),
];
