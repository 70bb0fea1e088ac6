//! The built-in families, a row each. Names in this file are the public contract with dashboards and rules.

use crate::family::{Alert, Condition, Family, Label, Metric, Role, Severity};

/// Any function of the user's own domain: `#[measured]`.
pub const FUNCTION: Family = Family {
    name: "function",
    title: "Functions",
    help: "Calls of annotated functions: rate, errors, duration and calls in flight.",
    labels: &[Label { name: "function", values: &[] }, Label { name: "module", values: &[] }],
    metrics: &[
        Metric { name: "function_calls_total", role: Role::Calls, help: "Calls that ended, whatever their outcome.", buckets: &[] },
        Metric {
            name: "function_errors_total",
            role: Role::Errors,
            help: "Calls that ended in an error, in a panic or cancelled.",
            buckets: &[],
        },
        Metric {
            name: "function_duration_seconds",
            role: Role::Duration,
            help: "Time from a call's begin to its end.",
            buckets: &[1e-5, 1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0],
        },
        Metric { name: "function_calls_in_flight", role: Role::InFlight, help: "Calls begun and not ended.", buckets: &[] },
    ],
    alerts: &[Alert {
        name: "FunctionErrorRatioHigh",
        severity: Severity::P1,
        condition: Condition::ErrorRatioAbove(0.05),
        hold_seconds: 300,
        summary: "Calls of an annotated function fail.",
        impact: "Whatever depends on the function fails as often.",
    }],
};

/// Neural operations: `#[neural_op]`.
pub const NEURAL: Family = Family {
    name: "neural",
    title: "Neural performance",
    help: "Learning, retrieval and extraction of patterns.",
    labels: &[Label { name: "operation_type", values: &["learning", "retrieval", "extraction"] }],
    metrics: &[
        Metric {
            name: "neural_operations_total",
            role: Role::Calls,
            help: "Neural operations that ended, whatever their outcome.",
            buckets: &[],
        },
        Metric {
            name: "neural_operation_errors_total",
            role: Role::Errors,
            help: "Neural operations that ended in an error, in a panic or cancelled.",
            buckets: &[],
        },
        Metric {
            name: "neural_operation_duration_seconds",
            role: Role::Duration,
            help: "Time from a neural operation's begin to its end.",
            buckets: &[1e-6, 5e-6, 1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.05, 0.1, 1.0],
        },
    ],
    alerts: &[Alert {
        name: "NeuralOperationErrors",
        severity: Severity::P2,
        condition: Condition::ErrorRatioAbove(0.01),
        hold_seconds: 600,
        summary: "Neural operations fail.",
        impact: "Patterns are not learned, found or extracted.",
    }],
};

/// Truth verification of agents: `#[verified]`.
pub const VERIFICATION: Family = Family {
    name: "verification",
    title: "Verification and truth",
    help: "How truthful the work of each agent is.",
    labels: &[Label { name: "agent_id", values: &[] }],
    metrics: &[
        Metric {
            name: "truth_score",
            role: Role::Score,
            help: "Scores that verifications returned, from 0 to 1.",
            buckets: &[0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99, 1.0],
        },
        Metric { name: "agent_truth_score", role: Role::LastScore, help: "The newest score of an agent.", buckets: &[] },
        Metric {
            name: "verification_success_total",
            role: Role::Successes,
            help: "Verifications whose score reached the threshold.",
            buckets: &[],
        },
        Metric {
            name: "verification_failures_total",
            role: Role::Failures,
            help: "Verifications below the threshold, or that ended without a score.",
            buckets: &[],
        },
        Metric { name: "auto_rollback_total", role: Role::Rollbacks, help: "Rollbacks after failed verifications.", buckets: &[] },
    ],
    alerts: &[
        Alert {
            name: "TruthScoreCriticallyLow",
            severity: Severity::P0,
            condition: Condition::ScoreBelow { quantile: 0.05, score: 0.7 },
            hold_seconds: 120,
            summary: "The worst verifications of an agent score critically low.",
            impact: "Wrong work of the agent is about to be accepted.",
        },
        Alert {
            name: "TruthScoreBelowTarget",
            severity: Severity::P1,
            condition: Condition::ScoreBelow { quantile: 0.5, score: 0.95 },
            hold_seconds: 600,
            summary: "Half of an agent's verifications score below the target.",
            impact: "The agent's work needs review by hand.",
        },
        Alert {
            name: "AutoRollbackStorm",
            severity: Severity::P1,
            condition: Condition::RollbacksAbove(5.0),
            hold_seconds: 60,
            summary: "An agent's work is rolled back again and again.",
            impact: "The agent makes no progress and keeps others waiting.",
        },
        Alert {
            name: "VerificationFailureRate",
            severity: Severity::P2,
            condition: Condition::FailureRatioAbove(0.05),
            hold_seconds: 900,
            summary: "Too many verifications of an agent fail.",
            impact: "Work is repeated, and tasks take longer.",
        },
    ],
};

/// Database queries: `#[timed_query]`.
pub const DATABASE: Family = Family {
    name: "database",
    title: "Database",
    help: "Queries by type and table.",
    labels: &[
        Label { name: "query_type", values: &["select", "insert", "update", "delete"] },
        Label { name: "table", values: &[] },
    ],
    metrics: &[
        Metric {
            name: "db_query_errors_total",
            role: Role::Errors,
            help: "Queries that ended in an error, in a panic or cancelled.",
            buckets: &[],
        },
        Metric {
            name: "db_query_duration_seconds",
            role: Role::Duration,
            help: "Time from a query's begin to its end.",
            buckets: &[1e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0],
        },
    ],
    alerts: &[
        Alert {
            name: "DatabaseQueryErrors",
            severity: Severity::P1,
            condition: Condition::ErrorRatioAbove(0.05),
            hold_seconds: 120,
            summary: "Queries on a table fail.",
            impact: "Whatever reads or writes the table fails as often.",
        },
        Alert {
            name: "DatabaseSlowQueries",
            severity: Severity::P1,
            condition: Condition::DurationAbove { quantile: 0.95, seconds: 0.01 },
            hold_seconds: 600,
            summary: "Queries on a table are slow.",
            impact: "Every operation that waits for the table is slower.",
        },
    ],
};

/// Every built-in family, for tools and tests that must see all of them.
pub const ALL: &[&Family] = &[&FUNCTION, &NEURAL, &VERIFICATION, &DATABASE];

const _: () = {
    let mut i = 0;
    while i < ALL.len() {
        ALL[i].check();
        i += 1;
    }
};
