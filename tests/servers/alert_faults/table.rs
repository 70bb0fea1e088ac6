//! Which fault brings which alerts. Steps of one wave are taken at once, so no alert of a wave may follow from two of them.

/// A fault, how much of it, and the alerts that it brings.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) fault: &'static str,
    pub(crate) value: &'static str,
    pub(crate) alerts: &'static [&'static str],
    /// What fires as well, and is told to nobody, since one of the alerts explains it.
    pub(crate) explained: &'static [&'static str],
}

impl Step {
    const fn explains(self, explained: &'static [&'static str]) -> Self {
        Self { explained, ..self }
    }
}

const fn step(fault: &'static str, value: &'static str, alerts: &'static [&'static str]) -> Step {
    Step { fault, value, alerts, explained: &[] }
}

/// It fires all the time.
pub(crate) const ALWAYS: &str = "Watchdog";

/// What a program that ends brings.
pub(crate) const BY_ENDING: &[&str] = &["ServiceDown", "RestartLoop"];

/// What looks at hours and days, or at scrapes that take longer than the time between two of them is where minutes are
/// seconds.
pub(crate) const LONG: &[&str] =
    &["ErrorBudgetBurn", "ErrorBudgetSlowBurn", "PatternMemoryGrowth", "ScrapeSlow", "TaskFailureRate"];

/// One after the other, beside all waves.
pub(crate) const BESIDE: &[&[Step]] = &[
    &[step("unused-patterns", "1500", &["UnusedPatternsAccumulating"])],
    &[step("pattern-growth", "20MiB", &["PatternMemoryGrowth"])],
];

/// One after the other, by the instance that is used. What one alert explains of others is brought by itself in another
/// wave, where it is told.
pub(crate) const WAVES: &[&[Step]] = &[
    &[
        step("failing-queries", "0.2", &["DatabaseQueryErrors", "ErrorBudgetFastBurn"])
            .explains(&["ErrorBudgetBurn", "ErrorBudgetSlowBurn"]),
        step("cold-cache", "on", &["CacheHitRateLow"]),
        step("low-confidence", "on", &["PatternConfidenceDeclining"]),
        step("http-errors", "0.5", &["HttpErrorRateHigh"]),
        step("many-goals", "100", &["SeriesLimitReached"]),
    ],
    &[
        step("low-truth", "on", &["TruthScoreCriticallyLow"]).explains(&[
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
        // More than six times what the promise allows, and less than 14.4 times.
        step("failing-queries", "0.01", &["ErrorBudgetBurn"]).explains(&["ErrorBudgetSlowBurn"]),
        step("slow-planning", "6s", &["GOAPPlanningSlowdown"]),
        step("slow-queries", "20ms", &["DatabaseSlowQueries", "PatternRetrievalSlow"]),
        step("unreachable-peer", "0.5", &["OutgoingRequestErrors"]),
    ],
    &[
        step("connection-errors", "on", &["DatabaseConnectionFailure"]),
        step("idle-workers", "on", &["BackgroundTaskQueueLength"]),
        step("stalled-loop", "on", &["NeuralSystemStalled"])
            .explains(&["NeuralOperationsDegraded", "FeedbackLoopStalled"]),
    ],
    &[
        // More than three times what the promise allows, and less than six times.
        step("failing-queries", "0.0045", &["ErrorBudgetSlowBurn"]),
        step(
            "needless-steps",
            "on",
            &["TruthScoreBelowTarget", "AutoRollbackStorm", "AgentUnreliable", "VerificationFailureRate"],
        ),
        step("lost-load", "0.5", &["NeuralOperationsDegraded"]),
        step("stalled-feedback", "on", &["FeedbackLoopStalled"]),
        step("slow-peer", "1500ms", &["OutgoingRequestsSlow"]),
    ],
    // Last, since the failures of other waves are remembered for an hour.
    &[step("failing-tasks", "0.5", &["TaskFailureRate", "FunctionErrorRatioHigh"])],
];

/// One after the other, by the instance that nobody uses.
pub(crate) const SECOND: &[&[Step]] = &[
    &[step("memory", "150MiB", &["MemoryHigh"]), step("open-files", "190", &["FileDescriptorsRunningOut"])],
    &[step("slow-scrapes", "1200ms", &["ScrapeSlow"])],
];

/// All steps.
pub(crate) fn steps() -> impl Iterator<Item = &'static Step> {
    [BESIDE, WAVES, SECOND].into_iter().flatten().copied().flatten()
}
