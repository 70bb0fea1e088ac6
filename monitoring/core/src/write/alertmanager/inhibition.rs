//! Which alerts explain which others, so that one fault is one call.

/// While the source fires, the targets are not told of.
pub(super) struct Rule {
    pub(super) source: &'static str,
    /// Names of alerts; nothing for all of a lower severity.
    pub(super) targets: &'static [&'static str],
    /// The labels that both must have in common. A label that one side lacks is not equal to one that the other has.
    pub(super) equal: &'static [&'static str],
}

pub(super) const RULES: &[Rule] = &[
    Rule { source: "ServiceDown", targets: &[], equal: &["service"] },
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
