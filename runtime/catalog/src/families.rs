//! The built-in families, a row each. Names in this file are the public contract with dashboards and rules.

use crate::family::{Alert, Condition, Family, Label, Metric, OTHER, Role, Severity};

mod gauges;

pub use gauges::{
    COORDINATION, MEMORY_COMPRESSION, PATTERN_MEMORY, PATTERN_REUSE, PATTERNS_ACTIVE, PATTERNS_UNUSED, TASK_QUEUE,
};

/// Any function of the user's own domain: `#[measured]`.
pub const FUNCTION: Family = Family {
    name: "function",
    title: "Functions",
    help: "Calls of annotated functions: rate, errors, duration and calls in flight.",
    labels: &[Label::open("function"), Label::open("module")],
    metrics: &[
        Metric {
            name: "function_calls_total",
            role: Role::Calls,
            help: "Calls that ended, whatever their outcome.",
            buckets: &[],
        },
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
        Metric {
            name: "function_calls_in_flight",
            role: Role::InFlight,
            help: "Calls begun and not ended.",
            buckets: &[],
        },
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
    labels: &[Label::of("operation_type", &["learning", "retrieval", "extraction"])],
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
    alerts: &[
        Alert {
            name: "NeuralSystemStalled",
            severity: Severity::P0,
            condition: Condition::Stalled(300.0),
            hold_seconds: 60,
            summary: "The program is up, and no neural operation ends.",
            impact: "Nothing is learned, found or extracted.",
        },
        Alert {
            name: "NeuralOperationsDegraded",
            severity: Severity::P1,
            condition: Condition::CallsBelow(150_000.0),
            hold_seconds: 600,
            summary: "There are fewer neural operations than the system is meant to carry.",
            impact: "Work piles up, or does not reach the system.",
        },
        Alert {
            name: "NeuralOperationErrors",
            severity: Severity::P2,
            condition: Condition::ErrorRatioAbove(0.01),
            hold_seconds: 600,
            summary: "Neural operations fail.",
            impact: "Patterns are not learned, found or extracted.",
        },
    ],
};

/// Truth verification of agents: `#[verified]`.
pub const VERIFICATION: Family = Family {
    name: "verification",
    title: "Verification and truth",
    help: "How truthful the work of each agent is.",
    labels: &[Label::open("agent_id")],
    metrics: &[
        Metric {
            name: "truth_score",
            role: Role::Score,
            help: "Scores that verifications returned, from 0 to 1.",
            buckets: &[0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99, 1.0],
        },
        Metric {
            name: "agent_truth_score",
            role: Role::LastScore,
            help: "The newest score of an agent.",
            buckets: &[],
        },
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
        Metric {
            name: "auto_rollback_total",
            role: Role::Rollbacks,
            help: "Rollbacks after failed verifications.",
            buckets: &[],
        },
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
            name: "AgentUnreliable",
            severity: Severity::P2,
            condition: Condition::LastScoreBelow(0.85),
            hold_seconds: 900,
            summary: "The newest scores of an agent are low.",
            impact: "The agent's work cannot be relied on.",
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
    labels: &[Label::of("query_type", &["select", "insert", "update", "delete"]), Label::open("table")],
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

/// Confidence of patterns: `#[pattern_confidence]`.
pub const PATTERN_CONFIDENCE: Family = Family {
    name: "pattern_confidence",
    title: "Pattern confidence",
    help: "How sure the system is of the patterns it knows.",
    labels: &[Label::of("pattern_type", &["coordination", "optimization", "prediction"])],
    metrics: &[Metric {
        name: "pattern_confidence",
        role: Role::Score,
        help: "Confidence of patterns, from 0 to 1.",
        buckets: &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0],
    }],
    alerts: &[Alert {
        name: "PatternConfidenceDeclining",
        severity: Severity::P1,
        condition: Condition::ScoreBelow { quantile: 0.5, score: 0.7 },
        hold_seconds: 600,
        summary: "Half of the patterns of a type have a low confidence.",
        impact: "Decisions rest on patterns that may be wrong.",
    }],
};

/// Retrieval of patterns: `#[pattern_retrieval]`.
pub const PATTERN_RETRIEVAL: Family = Family {
    name: "pattern_retrieval",
    title: "Pattern retrieval",
    help: "How long it takes to find a pattern.",
    labels: &[],
    metrics: &[Metric {
        name: "pattern_retrieval_duration_seconds",
        role: Role::Duration,
        help: "Time from a retrieval's begin to its end.",
        buckets: &[1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 1.0],
    }],
    alerts: &[Alert {
        name: "PatternRetrievalSlow",
        severity: Severity::P1,
        condition: Condition::DurationAbove { quantile: 0.95, seconds: 0.01 },
        hold_seconds: 600,
        summary: "Patterns are found slowly.",
        impact: "Every decision that waits for a pattern is slower.",
    }],
};

/// Learned patterns: `#[pattern_learned]`.
pub const PATTERN_LEARNING: Family = Family {
    name: "pattern_learning",
    title: "Pattern learning",
    help: "How many patterns are learned.",
    labels: &[],
    metrics: &[Metric {
        name: "patterns_learned_total",
        role: Role::Successes,
        help: "Patterns learned.",
        buckets: &[],
    }],
    alerts: &[],
};

/// Turns of the feedback loop: `#[feedback_cycle]`.
pub const FEEDBACK: Family = Family {
    name: "feedback",
    title: "Feedback loop",
    help: "Whether the feedback loop turns.",
    labels: &[],
    metrics: &[Metric {
        name: "feedback_loop_cycles_total",
        role: Role::Successes,
        help: "Completed turns of the feedback loop.",
        buckets: &[],
    }],
    alerts: &[Alert {
        name: "FeedbackLoopStalled",
        severity: Severity::P1,
        condition: Condition::Stalled(600.0),
        hold_seconds: 60,
        summary: "The feedback loop does not turn.",
        impact: "Nothing is learned from results any more.",
    }],
};

/// Connections to the database: `#[db_connection]`.
pub const DATABASE_CONNECTION: Family = Family {
    name: "database_connection",
    title: "Database connections",
    help: "Whether the database can be reached.",
    labels: &[],
    metrics: &[Metric {
        name: "database_connection_errors_total",
        role: Role::Failures,
        help: "Attempts to connect that failed.",
        buckets: &[],
    }],
    alerts: &[Alert {
        name: "DatabaseConnectionFailure",
        severity: Severity::P0,
        condition: Condition::FailuresAbove(3.0),
        hold_seconds: 60,
        summary: "The database cannot be reached.",
        impact: "Whatever needs the database fails.",
    }],
};

/// Look-ups in caches: `#[cache_lookup]`.
pub const CACHE: Family = Family {
    name: "cache",
    title: "Caches",
    help: "How often a cache has what is asked for.",
    labels: &[Label::open("cache")],
    metrics: &[
        Metric { name: "cache_hits_total", role: Role::Hits, help: "Look-ups that found something.", buckets: &[] },
        Metric { name: "cache_misses_total", role: Role::Misses, help: "Look-ups that found nothing.", buckets: &[] },
        Metric {
            name: "cache_hit_rate",
            role: Role::HitRate,
            help: "Share of hits among all look-ups since the program began.",
            buckets: &[],
        },
    ],
    alerts: &[Alert {
        name: "CacheHitRateLow",
        severity: Severity::P1,
        condition: Condition::HitRatioBelow(0.8),
        hold_seconds: 600,
        summary: "A cache has too little of what is asked for.",
        impact: "Whatever is behind the cache does its work, and answers take longer.",
    }],
};

/// Planning towards goals: `#[goap_plan]`.
pub const PLANNING: Family = Family {
    name: "planning",
    title: "GOAP planning",
    help: "How long it takes to plan for a goal.",
    labels: &[Label::open("goal")],
    metrics: &[Metric {
        name: "goap_planning_duration_seconds",
        role: Role::Duration,
        help: "Time from a planning's begin to its end.",
        buckets: &[1e-3, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0],
    }],
    alerts: &[Alert {
        name: "GOAPPlanningSlowdown",
        severity: Severity::P2,
        condition: Condition::DurationAbove { quantile: 0.95, seconds: 5.0 },
        hold_seconds: 900,
        summary: "Planning for a goal is slow.",
        impact: "Agents wait for their plans.",
    }],
};

/// Tasks: `#[task]`.
pub const TASK: Family = Family {
    name: "task",
    title: "Tasks",
    help: "How many tasks end well.",
    labels: &[Label::of("task_type", &["feature", "bugfix", "refactor"])],
    metrics: &[Metric {
        name: "task_completed_total",
        role: Role::Completions,
        help: "Tasks that ended.",
        buckets: &[],
    }],
    alerts: &[Alert {
        name: "TaskFailureRate",
        severity: Severity::P2,
        condition: Condition::CompletionFailuresAbove(0.1),
        hold_seconds: 900,
        summary: "Too many tasks of a type fail.",
        impact: "Work is not done, or done again.",
    }],
};

/// Requests over HTTP: the layer `measurand::http`.
pub const HTTP: Family = Family {
    name: "http",
    title: "HTTP",
    help: "Requests by method, route and status.",
    labels: &[
        Label::of("method", &["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", OTHER]),
        Label::open("route"),
        Label::open("status").late(),
    ],
    metrics: &[
        Metric {
            name: "http_requests_total",
            role: Role::Calls,
            help: "Requests that ended; the status is `cancelled` where the client went away.",
            buckets: &[],
        },
        Metric {
            name: "http_request_errors_total",
            role: Role::Errors,
            help: "Requests that failed on the side of the server, and others where the layer is told to count them.",
            buckets: &[],
        },
        Metric {
            name: "http_request_duration_seconds",
            role: Role::Duration,
            help: "Time from a request's head to the head of its response.",
            buckets: &[1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0],
        },
        Metric {
            name: "http_requests_in_flight",
            role: Role::InFlight,
            help: "Requests begun and not answered.",
            buckets: &[],
        },
    ],
    alerts: &[],
};

/// Streams that annotated functions return, beside the family of their attribute (feature `stream` of `measurand`).
pub const STREAM: Family = Family {
    name: "stream",
    title: "Streams",
    help: "Items of streams that annotated functions return.",
    labels: &[Label::open("function"), Label::open("module")],
    metrics: &[
        Metric {
            name: "stream_items_total",
            role: Role::Successes,
            help: "Items that streams of the function gave, errors among them.",
            buckets: &[],
        },
        Metric {
            name: "stream_first_item_seconds",
            role: Role::Duration,
            help: "Time from a stream's first poll to its first item.",
            buckets: &[1e-5, 1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0],
        },
    ],
    alerts: &[],
};

const _: () = STREAM.check();

/// Every built-in family that all programs have, for tools and tests that must see all of them.
pub const ALL: &[&Family] = &[
    &FUNCTION,
    &NEURAL,
    &PATTERN_CONFIDENCE,
    &PATTERN_RETRIEVAL,
    &PATTERN_LEARNING,
    &PATTERN_MEMORY,
    &MEMORY_COMPRESSION,
    &PATTERNS_ACTIVE,
    &PATTERNS_UNUSED,
    &PATTERN_REUSE,
    &FEEDBACK,
    &VERIFICATION,
    &DATABASE,
    &DATABASE_CONNECTION,
    &CACHE,
    &PLANNING,
    &COORDINATION,
    &TASK,
    &TASK_QUEUE,
    &HTTP,
];

const _: () = {
    let mut i = 0;
    while i < ALL.len() {
        ALL[i].check();
        i += 1;
    }
};
