//! The changes that no test of an alert notices, each with its reason.

/// Changes that go unnoticed for one reason.
#[derive(Debug)]
pub(crate) struct Guard {
    /// A part of the name of the alert or of the recorded series.
    pub(crate) rule: &'static str,
    /// A part of the change.
    pub(crate) what: &'static str,
    /// Why no test needs to notice.
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

pub(crate) const GUARDS: &[Guard] = &[
    guard(
        "ErrorBudget",
        "sli=",
        "In the firing case all calls break the promise, and each of the two windows keeps the other in check.",
    ),
    guard(
        "job_objective_sli:",
        "",
        "All calls fail from the first sample on, so that a window of any length is full of them; that each is as long as its name says is held by the backfill.",
    ),
    guard(
        "_rate5m",
        "> 0 → -1",
        "Where there are no calls there are no errors: zero by zero is no number, and nothing is compared with that.",
    ),
    guard("HttpErrorRateHigh", "> 0 → -1", "As for recorded shares: zero by zero is no number."),
    guard("AlertDeliveryFailing", "> 0 → -1", "As for recorded shares: zero by zero is no number."),
    guard("TaskFailureRate", "> 0 → -1", "As for recorded shares: zero by zero is no number."),
    guard("FileDescriptorsRunningOut", "> 0 → -1", "A process that may open no files is none."),
    guard("LowDiskSpace", "> 0 → -1", "A disk without a size is none."),
    guard("AgentCoordinationEfficiency", "> 0 → -1", "No case has a gauge that was never set."),
    guard("AgentUnreliable", "[30m", "In each case there are calls up to the end, which is what this window asks for."),
    guard("AlertDeliveryFailing", "0.01 → 0.03", "In the firing case half of the deliveries fail."),
    guard(
        "",
        "→ 150s",
        "The slope of a straight line is the same in half the window, which forgets only a minute sooner: the versions of Prometheus differ by as much.",
    ),
    guard(
        "",
        "→ 450s",
        "The slope of a straight line is the same in half the window, which forgets some minutes sooner: after the end only much later is asked.",
    ),
    guard("EventLoopLagHigh", "→ 600s", "The case asks ten minutes after the end, and not before."),
    guard("HttpLatencyHigh", "→ 600s", "The case asks ten minutes after the end, and not before."),
    guard(
        "FileDescriptorsRunningOut",
        "→ 600s",
        "The share of what may be open does not change: only the largest of what is open is asked for.",
    ),
    guard(
        "ScrapeSlow",
        "→ 600s",
        "The case asks ten minutes after the end, when the mean is back within either window.",
    ),
    guard("FunctionPanics", "→ 600s", "Of the families in the expression the case is about one."),
    guard("FunctionPanics", "→ <", "Of the families in the expression the case is about one."),
    guard(
        "Stalled",
        "[1d",
        "The case has calls a few minutes before the standstill, which a window of any such length sees.",
    ),
    guard("Stalled", "> 600 →", "The case's process began before all windows, or has just begun."),
    guard("Stalled", "> 300 →", "The case's process began before all windows, or has just begun."),
    guard(
        "Stalled",
        "for: 1m",
        "Prometheus 3 sees the standstill a minute or two sooner, so that these minutes are not asked for.",
    ),
    guard("MonitoringStorageGrowth", "offset 1d", "The case's gauge had one value for longer than a day before."),
    guard("PatternMemoryGrowth", "offset 1d", "The case's gauge had one value for longer than a day before."),
    guard("RestartLoop", "[1h → 1800s", "The case restarts every minute, more often than either window needs."),
    guard("TaskFailureRate", "[1h", "The case is shorter than either window."),
    guard("TaskFailureRate", "> 1 →", "The cases have one failure, or hundreds."),
    guard(
        "job_agent_id:verification_",
        "→ 600s",
        "Part and whole have one window; one of them alone changes the share by less than a minute's worth.",
    ),
    guard(
        "job_cache:cache_hits:",
        "→ 600s",
        "Part and whole have one window; one of them alone changes the share by less than a minute's worth.",
    ),
    guard(
        "job_operation_type:neural_operations:",
        "→ 600s",
        "Part and whole have one window; one of them alone changes the share by less than a minute's worth.",
    ),
    guard(
        "job_pattern_type_le:",
        "→ 600s",
        "The case's scores are good or bad as a whole, and its hold is longer than either window.",
    ),
];
