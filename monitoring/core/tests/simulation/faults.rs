//! The faults of a simulated program, and the time in which each alert has to find them.

use crate::Traffic;
use measurand_monitoring::model::Alert;

/// A fault: its time of the day in minutes, and the alerts that it has to trigger.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    minutes: (u32, u32),
    alerts: &'static [&'static str],
    /// Alerts that it may also trigger.
    pub(crate) also: &'static [&'static str],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Most calls fail, are slow or have a low score, and all gauges are too high or too low.
    Everything,
    /// No neural operation and no feedback cycle ends.
    Stall,
    /// Half of the load is missing.
    LostLoad,
    /// One instance is down.
    InstanceDown,
    /// All instances are down.
    Outage,
    /// One instance restarts every five minutes.
    Restarts,
    /// A scrape has almost as many samples as it may have.
    ManySamples,
    /// A scrape has too many samples, so Prometheus drops it.
    TooManySamples,
    /// A pool tries to connect every four minutes, and fails.
    SlowPool,
    /// The database accepts connections and does not answer.
    HangingServer,
    /// The stored patterns have grown within a day.
    Growth,
}

const fn fault(kind: Kind, minutes: (u32, u32), alerts: &'static [&'static str]) -> Fault {
    Fault { kind, minutes, alerts, also: &[] }
}

pub(crate) const FAULTS: &[Fault] = &[
    fault(
        Kind::Everything,
        (120, 210),
        &[
            "AgentCoordinationEfficiency",
            "AgentUnreliable",
            "AutoRollbackStorm",
            "BackgroundTaskQueueLength",
            "CacheHitRateLow",
            "DatabaseConnectionFailure",
            "DatabaseQueryErrors",
            "DatabaseSlowQueries",
            "ErrorBudgetBurn",
            "ErrorBudgetFastBurn",
            "ErrorBudgetSlowBurn",
            "EventLoopLagHigh",
            "FileDescriptorsRunningOut",
            "FunctionErrorRatioHigh",
            "FunctionPanics",
            "GOAPPlanningSlowdown",
            "HttpErrorRateHigh",
            "HttpLatencyHigh",
            "MemoryHigh",
            "NeuralOperationErrors",
            "OutgoingRequestErrors",
            "OutgoingRequestsSlow",
            "PatternConfidenceDeclining",
            "PatternExtractionErrors",
            "PatternRetrievalSlow",
            "ScrapeSlow",
            "SeriesLimitReached",
            "TaskFailureRate",
            "TruthScoreBelowTarget",
            "TruthScoreCriticallyLow",
            "UnusedPatternsAccumulating",
            "VerificationFailureRate",
        ],
    ),
    Fault {
        also: &["NeuralOperationsDegraded"],
        ..fault(Kind::Stall, (700, 760), &["NeuralSystemStalled", "FeedbackLoopStalled"])
    },
    fault(Kind::LostLoad, (800, 860), &["NeuralOperationsDegraded"]),
    // The other instance carries half of the load.
    Fault { also: &["NeuralOperationsDegraded"], ..fault(Kind::InstanceDown, (900, 920), &["ServiceDown"]) },
    fault(Kind::Outage, (930, 940), &["ServiceDown"]),
    fault(Kind::Restarts, (960, 990), &["RestartLoop"]),
    fault(Kind::ManySamples, (1000, 1030), &["SampleLimitNear"]),
    Fault { also: &["SampleLimitNear"], ..fault(Kind::TooManySamples, (1050, 1060), &["SampleLimitExceeded"]) },
    fault(Kind::SlowPool, (1100, 1160), &["DatabaseConnectionFailure"]),
    fault(Kind::HangingServer, (1200, 1220), &["DatabaseConnectionFailure"]),
    fault(Kind::Growth, (1470, 1560), &["PatternMemoryGrowth"]),
];

/// The length of the simulation in minutes: growth is compared with the day before.
pub(crate) const MINUTES: u32 = 1620;

/// The most samples of a scrape.
pub(crate) const SAMPLE_LIMIT: u32 = 100_000;

/// Seconds from a change to the evaluation that can see it: a scrape, a recording rule and an alert.
pub(crate) const LATE_SECONDS: u32 = 90;

impl Fault {
    pub(crate) fn start(&self) -> i64 {
        i64::from(self.minutes.0) * 60
    }

    pub(crate) fn end(&self) -> i64 {
        i64::from(self.minutes.1) * 60
    }

    pub(crate) fn triggers(&self, alert: &str, traffic: Traffic) -> bool {
        let has_load = self.kind != Kind::LostLoad || traffic == Traffic::High;
        has_load && (self.alerts.contains(&alert) || self.also.contains(&alert))
    }
}

/// Whether a fault is on at this second of the day.
pub(crate) fn is_on(kind: Kind, second: i64) -> bool {
    FAULTS.iter().any(|it| it.kind == kind && (it.start()..it.end()).contains(&second))
}

/// The longest times in seconds until an alert fires and until it resolves.
pub(crate) struct Times {
    pub(crate) found: i64,
    pub(crate) resolved: i64,
}

/// The stated times: the window, `for`, and the time until an evaluation sees a change.
pub(crate) fn times(alert: &Alert, traffic: Traffic) -> Times {
    const MINUTE: i64 = 60;
    let (found, resolved) = match alert.name.as_str() {
        // The long window needs enough bad calls, and the short one resolves.
        "ErrorBudgetFastBurn" => (60, 5),
        "ErrorBudgetBurn" => (90, 30),
        "ErrorBudgetSlowBurn" => (90, 6 * 60),
        "TaskFailureRate" => (15, 60),
        "PatternExtractionErrors" | "DatabaseConnectionFailure" | "SeriesLimitReached" => (15, 15),
        "RestartLoop" => (30, 60),
        "FeedbackLoopStalled" => (10, 0),
        "ServiceDown" | "PatternMemoryGrowth" => (0, 0),
        _ => (5, 5),
    };
    let wait = i64::from(alert.for_seconds) + i64::from(LATE_SECONDS);
    // With few calls, a window can lack the minimum sample by chance, and `for` starts again.
    let chance = if traffic == Traffic::Low { 3 * i64::from(alert.for_seconds) } else { 0 };
    let slow = if alert.name == "ErrorBudgetSlowBurn" { 10 } else { 0 };
    Times { found: found * MINUTE + wait + chance, resolved: (resolved + slow) * MINUTE + i64::from(LATE_SECONDS) }
}
