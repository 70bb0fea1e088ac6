//! Inhibition rules: alerts that explain other alerts, so that one fault results in one notification.

/// While the source fires, the targets send no notifications.
pub(super) struct Rule {
    pub(super) source: &'static str,
    /// Names of alerts; empty for all alerts of a lower severity.
    pub(super) targets: &'static [&'static str],
    /// The labels that both must have in common. A missing label does not equal a present one.
    pub(super) equal: &'static [&'static str],
}

pub(super) const RULES: &[Rule] = &[
    Rule { source: "ServiceDown", targets: &[], equal: &["service"] },
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
