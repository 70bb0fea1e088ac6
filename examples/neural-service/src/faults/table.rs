//! The faults as people read of them, a row each.

use super::value::Unit;
use super::{COUNT, Fault};

/// What people read about a fault.
pub(super) struct Row {
    pub(super) fault: Fault,
    pub(super) name: &'static str,
    pub(super) unit: Unit,
    /// The value of `on`.
    pub(super) standard: f64,
    pub(super) help: &'static str,
    /// The alerts to watch.
    pub(super) alerts: &'static [&'static str],
}

const fn row(
    fault: Fault,
    name: &'static str,
    unit: Unit,
    standard: f64,
    help: &'static str,
    alerts: &'static [&'static str],
) -> Row {
    Row { fault, name, unit, standard, help, alerts }
}

/// In the order of [`Fault`].
pub(super) const ROWS: [Row; COUNT] = [
    row(
        Fault::SlowQueries,
        "slow-queries",
        Unit::Seconds,
        0.02,
        "Every query takes so much longer.",
        &["DatabaseSlowQueries", "PatternRetrievalSlow", "ErrorBudgetFastBurn"],
    ),
    row(
        Fault::FailingQueries,
        "failing-queries",
        Unit::Share,
        0.2,
        "So many queries ask for a table that does not exist.",
        &["DatabaseQueryErrors", "NeuralOperationErrors", "ErrorBudgetFastBurn", "ErrorBudgetBurn"],
    ),
    row(
        Fault::ConnectionErrors,
        "connection-errors",
        Unit::Share,
        1.0,
        "So many connections go to a file that does not exist.",
        &["DatabaseConnectionFailure"],
    ),
    row(
        Fault::LowTruth,
        "low-truth",
        Unit::Share,
        1.0,
        "Agents get so much work with steps left out; they find it, and it is rolled back.",
        &[
            "TruthScoreCriticallyLow",
            "TruthScoreBelowTarget",
            "AutoRollbackStorm",
            "AgentUnreliable",
            "VerificationFailureRate",
        ],
    ),
    row(
        Fault::ColdCache,
        "cold-cache",
        Unit::Switch,
        1.0,
        "The cache is emptied before each look-up.",
        &["CacheHitRateLow"],
    ),
    row(
        Fault::StalledLoop,
        "stalled-loop",
        Unit::Switch,
        1.0,
        "No neural operation and no feedback cycle begins.",
        &["NeuralSystemStalled", "FeedbackLoopStalled", "NeuralOperationsDegraded"],
    ),
    row(Fault::Panics, "panics", Unit::Share, 0.1, "So many tasks panic.", &["FunctionPanics"]),
    row(
        Fault::SlowPlanning,
        "slow-planning",
        Unit::Seconds,
        6.0,
        "Every plan takes so much longer.",
        &["GOAPPlanningSlowdown"],
    ),
    row(
        Fault::InefficientCoordination,
        "inefficient-coordination",
        Unit::Seconds,
        0.08,
        "All agents share one workspace, and each keeps it for so long.",
        &["AgentCoordinationEfficiency"],
    ),
    row(
        Fault::FailingTasks,
        "failing-tasks",
        Unit::Share,
        0.5,
        "So many tasks meet a step that cannot be done.",
        &["TaskFailureRate", "FunctionErrorRatioHigh"],
    ),
    row(
        Fault::IdleWorkers,
        "idle-workers",
        Unit::Switch,
        1.0,
        "No worker takes a task from the queue.",
        &["BackgroundTaskQueueLength"],
    ),
    row(
        Fault::PatternGrowth,
        "pattern-growth",
        Unit::Mebibytes,
        20.0,
        "Patterns with so much payload are stored.",
        &["PatternMemoryGrowth"],
    ),
    row(
        Fault::UnusedPatterns,
        "unused-patterns",
        Unit::Count,
        1500.0,
        "So many patterns are stored that nothing finds.",
        &["UnusedPatternsAccumulating"],
    ),
    row(
        Fault::LowConfidence,
        "low-confidence",
        Unit::Share,
        1.0,
        "So much feedback says that the pattern did not help.",
        &["PatternConfidenceDeclining"],
    ),
    row(
        Fault::ExtractionErrors,
        "extraction-errors",
        Unit::Share,
        0.5,
        "So many extractions meet a trajectory that cannot be read.",
        &["PatternExtractionErrors", "NeuralOperationErrors"],
    ),
    row(Fault::Memory, "memory", Unit::Mebibytes, 150.0, "So much memory is held.", &["MemoryHigh"]),
    row(
        Fault::OpenFiles,
        "open-files",
        Unit::Count,
        1000.0,
        "So many files are held open.",
        &["FileDescriptorsRunningOut"],
    ),
    row(
        Fault::HttpErrors,
        "http-errors",
        Unit::Share,
        0.5,
        "So many requests are answered 503.",
        &["HttpErrorRateHigh"],
    ),
    row(Fault::SlowHttp, "slow-http", Unit::Seconds, 0.7, "Every request takes so much longer.", &["HttpLatencyHigh"]),
    row(Fault::SlowScrapes, "slow-scrapes", Unit::Seconds, 1.2, "Every scrape takes so much longer.", &["ScrapeSlow"]),
    row(
        Fault::BlockedRuntime,
        "blocked-runtime",
        Unit::Seconds,
        0.3,
        "All workers of the Tokio runtime are blocked for so long, again and again.",
        &["EventLoopLagHigh"],
    ),
    row(
        Fault::ManyGoals,
        "many-goals",
        Unit::Count,
        100.0,
        "So many plans a second have a name of their own, which becomes a label.",
        &["SeriesLimitReached"],
    ),
    row(
        Fault::NeedlessSteps,
        "needless-steps",
        Unit::Share,
        1.0,
        "So much work has each step twice; only the reviewer minds, and it is rolled back.",
        &["TruthScoreBelowTarget", "AutoRollbackStorm", "AgentUnreliable", "VerificationFailureRate"],
    ),
    row(
        Fault::StalledFeedback,
        "stalled-feedback",
        Unit::Switch,
        1.0,
        "No feedback cycle begins, and all else goes on.",
        &["FeedbackLoopStalled"],
    ),
    row(
        Fault::LostLoad,
        "lost-load",
        Unit::Share,
        0.5,
        "So much of what `--load` asks for does not come.",
        &["NeuralOperationsDegraded"],
    ),
];
