//! Inhibition rules: alerts that explain other alerts, so that one fault results in one notification.

use serde::Serialize;

/// While the source fires, the targets send no notifications.
#[derive(Serialize)]
pub(crate) struct Rule {
    pub(super) source: &'static str,
    /// Names of alerts; empty for all alerts of a lower severity.
    pub(super) targets: &'static [&'static str],
    /// The labels that both must have in common, or both lack.
    pub(super) equal: &'static [&'static str],
}

pub(crate) const RULES: &[Rule] = &[
    // If neither alert has an instance, the label is equal, too. So an instance that is down inhibits the alerts about
    // that instance, and only a full outage inhibits the alerts about the whole service.
    Rule { source: "ServiceDown", targets: &[], equal: &["service", "instance"] },
    Rule { source: "SampleLimitExceeded", targets: &["SampleLimitNear"], equal: &["service", "instance"] },
    Rule {
        source: "DatabaseConnectionFailure",
        targets: &[
            "DatabaseQueryErrors",
            "DatabaseSlowQueries",
            "PatternRetrievalSlow",
            "HttpErrorRateHigh",
            "ErrorBudgetBurn",
            "ErrorBudgetSlowBurn",
        ],
        equal: &["service"],
    },
    Rule {
        source: "NeuralSystemStalled",
        targets: &["NeuralOperationsDegraded", "FeedbackLoopStalled", "PatternConfidenceDeclining"],
        equal: &["service"],
    },
    Rule {
        source: "TruthScoreCriticallyLow",
        targets: &["TruthScoreBelowTarget", "AutoRollbackStorm", "AgentUnreliable", "VerificationFailureRate"],
        equal: &["service", "agent_id"],
    },
    Rule {
        source: "ErrorBudgetFastBurn",
        targets: &["ErrorBudgetBurn", "ErrorBudgetSlowBurn"],
        equal: &["service", "objective", "sli"],
    },
    Rule { source: "ErrorBudgetBurn", targets: &["ErrorBudgetSlowBurn"], equal: &["service", "objective", "sli"] },
    Rule { source: "HttpErrorRateHigh", targets: &["HttpLatencyHigh"], equal: &["service", "route"] },
];
