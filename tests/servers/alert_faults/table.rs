//! The table of faults and the alerts that they trigger. The steps of a wave run at the same time, so two steps of a
//! wave must not trigger the same alert.

/// A fault, its amount, and the alerts that it triggers.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) fault: &'static str,
    pub(crate) value: &'static str,
    pub(crate) alerts: &'static [&'static str],
    /// Alerts that also fire but are inhibited by one of `alerts`.
    pub(crate) inhibited: &'static [&'static str],
}

impl Step {
    const fn inhibits(self, inhibited: &'static [&'static str]) -> Self {
        Self { inhibited, ..self }
    }
}

const fn step(fault: &'static str, value: &'static str, alerts: &'static [&'static str]) -> Step {
    Step { fault, value, alerts, inhibited: &[] }
}

/// The alert that always fires.
pub(crate) const ALWAYS: &str = "Watchdog";

/// The alerts that the exit of a program triggers.
pub(crate) const BY_EXIT: &[&str] = &["ServiceDown", "RestartLoop"];

/// Alerts with windows of hours or days, and alerts about scrapes that would fail in the Prometheus where minutes take
/// seconds.
pub(crate) const LONG: &[&str] =
    &["ErrorBudgetBurn", "ErrorBudgetSlowBurn", "PatternMemoryGrowth", "ScrapeSlow", "TaskFailureRate"];

/// Waves that run one after the other, in parallel to [`WAVES`].
pub(crate) const CONCURRENT: &[&[Step]] = &[
    &[step("unused-patterns", "1500", &["UnusedPatternsAccumulating"])],
    &[step("pattern-growth", "20MiB", &["PatternMemoryGrowth"])],
];

/// Waves that run one after the other in the instance with a load. Each inhibited alert is also triggered in another
/// wave in which it is not inhibited.
pub(crate) const WAVES: &[&[Step]] = &[
    &[
        step("failing-queries", "0.2", &["DatabaseQueryErrors", "ErrorBudgetFastBurn"])
            .inhibits(&["ErrorBudgetBurn", "ErrorBudgetSlowBurn"]),
        step("cold-cache", "on", &["CacheHitRateLow"]),
        step("low-confidence", "on", &["PatternConfidenceDeclining"]),
        step("http-errors", "0.5", &["HttpErrorRateHigh"]),
        step("many-goals", "100", &["SeriesLimitReached"]),
    ],
    &[
        step("low-truth", "on", &["TruthScoreCriticallyLow"]).inhibits(&[
            "TruthScoreBelowTarget",
            "AutoRollbackStorm",
            "AgentUnreliable",
            "VerificationFailureRate",
        ]),
        step("extraction-errors", "0.5", &["PatternExtractionErrors", "NeuralOperationErrors"]),
        step("inefficient-coordination", "80ms", &["AgentCoordinationEfficiency"]),
        step("panics", "0.1", &["FunctionPanics"]),
        step("slow-http", "700ms", &["HttpLatencyHigh"]),
        step("blocked-runtime", "300ms", &["EventLoopLagHigh"]),
    ],
    &[
        // Burn rate of 10 for the objective of tasks: above 6 and below 14.4.
        step("failing-tasks", "0.1", &["ErrorBudgetBurn"]).inhibits(&["ErrorBudgetSlowBurn"]),
        step("slow-planning", "6s", &["GOAPPlanningSlowdown"]),
        step("slow-queries", "20ms", &["DatabaseSlowQueries", "PatternRetrievalSlow"]),
        step("unreachable-peer", "0.5", &["OutgoingRequestErrors"]),
    ],
    &[
        step("connection-errors", "on", &["DatabaseConnectionFailure"]),
        step("idle-workers", "on", &["BackgroundTaskQueueLength"]),
        step("stalled-loop", "on", &["NeuralSystemStalled"])
            .inhibits(&["NeuralOperationsDegraded", "FeedbackLoopStalled"]),
    ],
    // Alone: needless steps make tasks fail, too.
    &[
        // Burn rate of 2 for the objective of tasks: above 1 and below 6.
        step("failing-tasks", "0.02", &["ErrorBudgetSlowBurn"]),
    ],
    &[
        step(
            "needless-steps",
            "on",
            &["TruthScoreBelowTarget", "AutoRollbackStorm", "AgentUnreliable", "VerificationFailureRate"],
        ),
        step("lost-load", "0.5", &["NeuralOperationsDegraded"]),
        step("stalled-feedback", "on", &["FeedbackLoopStalled"]),
        step("slow-peer", "1500ms", &["OutgoingRequestsSlow"]),
    ],
    // Last, because the window of an hour also contains failures of earlier waves.
    &[step("failing-tasks", "0.5", &["TaskFailureRate", "FunctionErrorRatioHigh"])],
];

/// Waves that run one after the other in the instance without a load.
pub(crate) const SECOND: &[&[Step]] = &[
    &[step("memory", "150MiB", &["MemoryHigh"]), step("open-files", "190", &["FileDescriptorsRunningOut"])],
    &[step("slow-scrapes", "1200ms", &["ScrapeSlow"])],
];

/// All steps.
pub(crate) fn steps() -> impl Iterator<Item = &'static Step> {
    [CONCURRENT, WAVES, SECOND].into_iter().flatten().copied().flatten()
}
