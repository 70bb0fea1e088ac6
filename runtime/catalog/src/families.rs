//! The built-in families: each is one entry of this table, with its metrics, its alerts and the attribute that records it.
//! Names in this file are the public contract with dashboards and rules.
//!
//! An entry is written as under `measurand::family!`. The first line of its documentation is its help text. An argument of
//! its attribute says of what kind its value is and what holds without it.

use crate::attribute::{Absent, Argument, ArgumentKind, Attribute};
use crate::family::{Alert, Condition, Family, Label, Metric, OTHER, Role, Severity};
use crate::names::same;
use crate::record;

#[macro_use]
mod table;

families! {
    /// Calls of annotated functions: rate, errors, duration and calls in flight.
    FUNCTION = "function", "Functions" {
        labels {
            function;
            module;
        }
        metrics {
            calls "function_calls_total": "Calls that ended, whatever their outcome.";
            errors "function_errors_total": "Calls that ended in an error, in a panic or cancelled.";
            duration "function_duration_seconds": "Time from a call's begin to its end.",
                [1e-5, 1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
            in_flight "function_calls_in_flight": "Calls begun and not ended.";
        }
        alerts {
            FunctionErrorRatioHigh P1: error_ratio > 0.05, for 300 s,
                "Calls of an annotated function fail.",
                "Whatever depends on the function fails as often.";
        }
        attribute measured: "Counts and times the calls of any function: rate, errors, duration, calls in flight.",
            "#[measured]" {
                function = Label FunctionName: "The value of the label `function`; the function's own name unless given.";
                family = Family Optional: "Records a family declared by `measurand::family!`, of which each label is an argument.";
            };
    }

    /// Learning, retrieval and extraction of patterns.
    NEURAL = "neural", "Neural performance" {
        labels {
            operation_type: "learning", "retrieval", "extraction";
        }
        metrics {
            calls "neural_operations_total": "Neural operations that ended, whatever their outcome.";
            errors "neural_operation_errors_total": "Neural operations that ended in an error, in a panic or cancelled.";
            duration "neural_operation_duration_seconds": "Time from a neural operation's begin to its end.",
                [1e-6, 5e-6, 1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.05, 0.1, 1.0];
        }
        alerts {
            NeuralSystemStalled P0: stalled 300.0 s, for 60 s,
                "The program is up, and no neural operation ends.",
                "Nothing is learned, found or extracted.";
            NeuralOperationsDegraded P1: calls < 150_000.0, for 600 s,
                "There are fewer neural operations than the system is meant to carry.",
                "Work piles up, or does not reach the system.";
            NeuralOperationErrors P2: error_ratio > 0.01, for 600 s,
                "Neural operations fail.",
                "Patterns are not learned, found or extracted.";
        }
        attribute neural_op: "Counts and times a neural operation.",
            r#"#[neural_op("retrieval")]"# {
                operation_type = Label Required: "Which kind of operation it is.";
            };
    }

    /// How sure the system is of the patterns it knows.
    PATTERN_CONFIDENCE = "pattern_confidence", "Pattern confidence" {
        labels {
            pattern_type: "coordination", "optimization", "prediction";
        }
        metrics {
            score "pattern_confidence": "Confidence of patterns, from 0 to 1.",
                [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0];
        }
        alerts {
            PatternConfidenceDeclining P1: score quantile 0.5 < 0.7, for 600 s,
                "Half of the patterns of a type have a low confidence.",
                "Decisions rest on patterns that may be wrong.";
        }
        attribute pattern_confidence: "Records the confidence that a function returns.",
            r#"#[pattern_confidence("coordination")]"# {
                pattern_type = Label Required: "What the pattern is about.";
            };
    }

    /// How long it takes to find a pattern.
    PATTERN_RETRIEVAL = "pattern_retrieval", "Pattern retrieval" {
        metrics {
            duration "pattern_retrieval_duration_seconds": "Time from a retrieval's begin to its end.",
                [1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 1.0];
        }
        alerts {
            PatternRetrievalSlow P1: duration quantile 0.95 > 0.01, for 600 s,
                "Patterns are found slowly.",
                "Every decision that waits for a pattern is slower.";
        }
        attribute pattern_retrieval: "Times the retrieval of a pattern.",
            "#[pattern_retrieval]";
    }

    /// How many patterns are learned.
    PATTERN_LEARNING = "pattern_learning", "Pattern learning" {
        metrics {
            successes "patterns_learned_total": "Patterns learned.";
        }
        attribute pattern_learned: "Counts a learned pattern for each call that ends well.",
            "#[pattern_learned]";
    }

    /// Memory that stored patterns take.
    PATTERN_MEMORY = "pattern_memory", "Pattern memory" {
        metrics {
            level "pattern_memory_bytes": "Memory that stored patterns take.";
        }
        alerts {
            PatternMemoryGrowth P3: level growth > 10_485_760.0, for 3600 s,
                "Stored patterns take more and more memory.",
                "Memory runs out some day.";
        }
        attribute pattern_memory: "Sets the gauge `pattern_memory_bytes` to the number that a function returns.",
            "#[pattern_memory]";
    }

    /// How well stored patterns are compressed.
    MEMORY_COMPRESSION = "memory_compression", "Memory compression" {
        metrics {
            level "memory_compression_ratio": "Compressed size of the pattern memory divided by its original size.";
        }
        attribute memory_compression: "Sets the gauge `memory_compression_ratio` to the number that a function returns.",
            "#[memory_compression]";
    }

    /// Patterns in use.
    PATTERNS_ACTIVE = "patterns_active", "Active patterns" {
        metrics {
            level "patterns_active": "Patterns that were used recently.";
        }
        attribute patterns_active: "Sets the gauge `patterns_active` to the number that a function returns.",
            "#[patterns_active]";
    }

    /// Patterns that nobody uses.
    PATTERNS_UNUSED = "patterns_unused", "Unused patterns" {
        metrics {
            level "patterns_unused": "Patterns that were not used recently.";
        }
        alerts {
            UnusedPatternsAccumulating P3: level > 1000.0, for 3600 s,
                "Many stored patterns are used by nobody.",
                "Memory is spent on what does not help.";
        }
        attribute patterns_unused: "Sets the gauge `patterns_unused` to the number that a function returns.",
            "#[patterns_unused]";
    }

    /// How often stored patterns serve again.
    PATTERN_REUSE = "pattern_reuse", "Pattern reuse" {
        metrics {
            level "pattern_reuse_rate": "Share of retrievals that reused a stored pattern.";
        }
        attribute pattern_reuse: "Sets the gauge `pattern_reuse_rate` to the number that a function returns.",
            "#[pattern_reuse]";
    }

    /// Whether the feedback loop turns.
    FEEDBACK = "feedback", "Feedback loop" {
        metrics {
            successes "feedback_loop_cycles_total": "Completed turns of the feedback loop.";
        }
        alerts {
            FeedbackLoopStalled P1: stalled 600.0 s, for 60 s,
                "The feedback loop does not turn.",
                "Nothing is learned from results any more.";
        }
        attribute feedback_cycle: "Counts a turn of the feedback loop for each call that ends well.",
            "#[feedback_cycle]";
    }

    /// How truthful the work of each agent is.
    VERIFICATION = "verification", "Verification and truth" {
        labels {
            agent_id;
        }
        metrics {
            score "truth_score": "Scores that verifications returned, from 0 to 1.",
                [0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99, 1.0];
            last_score "agent_truth_score": "The newest score of an agent.";
            successes "verification_success_total": "Verifications whose score reached the threshold.";
            failures "verification_failures_total": "Verifications below the threshold, or that ended without a score.";
            rollbacks "auto_rollback_total": "Rollbacks after failed verifications.";
        }
        alerts {
            TruthScoreCriticallyLow P0: score quantile 0.05 < 0.7, for 120 s,
                "The worst verifications of an agent score critically low.",
                "Wrong work of the agent is about to be accepted.";
            TruthScoreBelowTarget P1: score quantile 0.5 < 0.95, for 600 s,
                "Half of an agent's verifications score below the target.",
                "The agent's work needs review by hand.";
            AutoRollbackStorm P1: rollbacks > 5.0, for 60 s,
                "An agent's work is rolled back again and again.",
                "The agent makes no progress and keeps others waiting.";
            AgentUnreliable P2: last_score < 0.85, for 900 s,
                "The newest scores of an agent are low.",
                "The agent's work cannot be relied on.";
            VerificationFailureRate P2: failure_ratio > 0.05, for 900 s,
                "Too many verifications of an agent fail.",
                "Work is repeated, and tasks take longer.";
        }
        attribute verified: "Records the truth score that a verification returns.",
            r#"#[verified(agent_id = "coder")]"# {
                agent_id = Label Required: "The agent whose work is verified.";
                threshold = Share Optional: "The lowest score that is a success; 0.95 unless given.";
                rollback = Expression Optional: "What to do after a failure, for example `undo()`; each time counts in `auto_rollback_total`.";
            };
    }

    /// Queries by type and table.
    DATABASE = "database", "Database" {
        labels {
            query_type: "select", "insert", "update", "delete";
            table;
        }
        metrics {
            errors "db_query_errors_total": "Queries that ended in an error, in a panic or cancelled.";
            duration "db_query_duration_seconds": "Time from a query's begin to its end.",
                [1e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];
        }
        alerts {
            DatabaseQueryErrors P1: error_ratio > 0.05, for 120 s,
                "Queries on a table fail.",
                "Whatever reads or writes the table fails as often.";
            DatabaseSlowQueries P1: duration quantile 0.95 > 0.01, for 600 s,
                "Queries on a table are slow.",
                "Every operation that waits for the table is slower.";
        }
        attribute timed_query: "Counts and times a database query.",
            r#"#[timed_query("select", table = "patterns")]"# {
                query_type = Label Required: "The kind of statement.";
                table = Label Required: "The table it works on.";
            };
    }

    /// Whether the database can be reached.
    DATABASE_CONNECTION = "database_connection", "Database connections" {
        metrics {
            failures "database_connection_errors_total": "Attempts to connect that failed.";
        }
        alerts {
            DatabaseConnectionFailure P0: failures > 3.0, for 60 s,
                "The database cannot be reached.",
                "Whatever needs the database fails.";
        }
        attribute db_connection: "Counts attempts to connect to the database that fail.",
            "#[db_connection]";
    }

    /// How often a cache has what is asked for.
    CACHE = "cache", "Caches" {
        labels {
            cache;
        }
        metrics {
            hits "cache_hits_total": "Look-ups that found something.";
            misses "cache_misses_total": "Look-ups that found nothing.";
            hit_rate "cache_hit_rate": "Share of hits among all look-ups since the program began.";
        }
        alerts {
            CacheHitRateLow P1: hit_ratio < 0.8, for 600 s,
                "A cache has too little of what is asked for.",
                "Whatever is behind the cache does its work, and answers take longer.";
        }
        attribute cache_lookup: "Counts whether a look-up in a cache found something.",
            r#"#[cache_lookup("embeddings")]"# {
                cache = Label Required: "The name of the cache.";
            };
    }

    /// How long it takes to plan for a goal.
    PLANNING = "planning", "GOAP planning" {
        labels {
            goal;
        }
        metrics {
            duration "goap_planning_duration_seconds": "Time from a planning's begin to its end.",
                [1e-3, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
        }
        alerts {
            GOAPPlanningSlowdown P2: duration quantile 0.95 > 5.0, for 900 s,
                "Planning for a goal is slow.",
                "Agents wait for their plans.";
        }
        attribute goap_plan: "Times the planning for a goal.",
            r#"#[goap_plan("feature-implementation")]"# {
                goal = Label Required: "The goal that is planned for.";
            };
    }

    /// How well agents work together.
    COORDINATION = "coordination", "Agent coordination" {
        metrics {
            level "coordination_efficiency": "Share of the agents' time that is not spent waiting for each other.";
        }
        alerts {
            AgentCoordinationEfficiency P2: level < 0.95, for 900 s,
                "Agents spend too much of their time waiting for each other.",
                "Tasks take longer.";
        }
        attribute coordination: "Sets the gauge `coordination_efficiency` to the number that a function returns.",
            "#[coordination]";
    }

    /// How many tasks end well.
    TASK = "task", "Tasks" {
        labels {
            task_type: "feature", "bugfix", "refactor";
        }
        metrics {
            completions "task_completed_total": "Tasks that ended.";
        }
        alerts {
            TaskFailureRate P2: completion_failures > 0.1, for 900 s,
                "Too many tasks of a type fail.",
                "Work is not done, or done again.";
        }
        attribute task: "Counts tasks by how they ended.",
            r#"#[task("feature")]"# {
                task_type = Label Required: "The kind of task.";
            };
    }

    /// Tasks that wait.
    TASK_QUEUE = "task_queue", "Background tasks" {
        metrics {
            level "background_task_queue_length": "Tasks that wait in the background queue.";
        }
        alerts {
            BackgroundTaskQueueLength P3: level > 100.0, for 1800 s,
                "Many tasks wait in the background queue.",
                "Background work is done late.";
        }
        attribute task_queue: "Sets the gauge `background_task_queue_length` to the number that a function returns.",
            "#[task_queue]";
    }

    /// Requests by method, route and status.
    HTTP = "http", "HTTP" {
        labels {
            method: "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", OTHER;
            route;
            from_result status;
        }
        metrics {
            calls "http_requests_total": "Requests that ended; the status is `cancelled` where the client went away.";
            errors "http_request_errors_total": "Requests that failed on the side of the server, and others where the layer is told to count them.";
            duration "http_request_duration_seconds": "Time from a request's head to the head of its response.",
                [1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
            in_flight "http_requests_in_flight": "Requests begun and not answered.";
        }
    }

    /// Requests to other services, by service and operation.
    OUTGOING = "outgoing", "Outgoing requests" {
        labels {
            peer;
            operation;
        }
        metrics {
            calls "outgoing_requests_total": "Requests to other services that ended, whatever their outcome.";
            errors "outgoing_request_errors_total": "Requests to other services that ended in an error, in a panic or cancelled.";
            duration "outgoing_request_duration_seconds": "Time from a request's start to its result.",
                [5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
            in_flight "outgoing_requests_in_flight": "Requests to other services that have no result yet.";
        }
        alerts {
            OutgoingRequestErrors P1: error_ratio > 0.05, for 300 s,
                "Requests to another service fail.",
                "Operations that need the other service fail.";
            OutgoingRequestsSlow P2: duration quantile 0.95 > 1.0, for 600 s,
                "Requests to another service are slow.",
                "Operations that wait for the other service are slower.";
        }
        attribute outgoing: "Counts and times a request to another service.",
            r#"#[outgoing("payments")]"# {
                peer = Label Required: "The service that is called.";
                operation = Label FunctionName: "What it is asked to do. Default: the name of the function.";
            };
    }
}

const _: () = {
    let mut i = 0;
    while i < ALL.len() {
        ALL[i].check();
        i += 1;
    }
};

/// Where the family stands in [`ALL`]; call it in a `const`.
///
/// # Panics
/// When it is not there.
#[must_use]
pub const fn index_of(family: &Family) -> usize {
    let mut index = 0;
    while index < ALL.len() {
        if same(ALL[index].name, family.name) {
            return index;
        }
        index += 1;
    }
    panic!("not a family of the table")
}

/// The number in a part of a condition that may be absent.
const fn optional(number: &[f64]) -> Option<f64> {
    match number {
        [number, ..] => Some(*number),
        [] => None,
    }
}

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
