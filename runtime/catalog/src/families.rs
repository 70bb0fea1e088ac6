//! The table of the built-in families, each with its metrics, its alerts and the attribute that records it. Dashboards
//! and rules depend on the names in this file: they are a public contract.
//!
//! The syntax is that of `measurand::family!`. The first line of a family's documentation is its help text. Each
//! argument of an attribute states the kind of its value and the effect if it is missing.

use crate::attribute::{Absent, Argument, ArgumentKind, Attribute};
use crate::condition::Condition;
use crate::family::{Alert, Family, Label, Metric, OTHER, Role, Severity};
use crate::names::same;
use crate::record;

#[macro_use]
mod syntax;

families! {
    /// Calls of annotated functions: rate, errors, duration and calls in flight.
    FUNCTION = "function", "Functions" {
        labels {
            function;
            module;
        }
        metrics {
            calls "function_calls_total": "Calls that ended, with any outcome.";
            errors "function_errors_total": "Calls that returned an error, panicked or were cancelled.";
            duration "function_duration_seconds": "Time from the start of a call to its end.",
                [1e-5, 1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
            in_flight "function_calls_in_flight": "Calls that have started and not ended.";
        }
        alerts {
            FunctionErrorRatioHigh P1: error_ratio > 0.05, for 300 s,
                "Calls of an annotated function fail.",
                "Everything that depends on the function fails as often.";
        }
        attribute measured: "Counts and times the calls of any function: rate, errors, duration and calls in flight.",
            "#[measured]" {
                function = Label FunctionName: "The value of the label `function`. Default: the function's own name.";
                family = Family Optional:
                    "Records a family declared by `measurand::family!`; each of its labels is an argument.";
            };
    }

    /// Learning, retrieval and extraction of patterns.
    NEURAL = "neural", "Neural performance" {
        labels {
            operation_type: "learning", "retrieval", "extraction";
        }
        metrics {
            calls "neural_operations_total": "Neural operations that ended, with any outcome.";
            errors "neural_operation_errors_total":
                "Neural operations that returned an error, panicked or were cancelled.";
            duration "neural_operation_duration_seconds": "Time from the start of a neural operation to its end.",
                [1e-6, 5e-6, 1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.05, 0.1, 1.0];
        }
        alerts {
            NeuralSystemStalled P0: stalled 300.0 s, for 60 s,
                "The program runs, but no neural operation completes.",
                "No patterns are learned, retrieved or extracted.";
            NeuralOperationsDegraded P1: calls < 150_000.0, for 600 s,
                "The rate of neural operations is lower than required.",
                "Work is queued, or does not reach the system.";
            NeuralOperationErrors P2: error_ratio > 0.01, for 600 s,
                "Neural operations fail.",
                "Some patterns are not learned, retrieved or extracted.";
        }
        attribute neural_op: "Counts and times a neural operation.",
            r#"#[neural_op("retrieval")]"# {
                operation_type = Label Required: "The kind of operation.";
            };
    }

    /// Confidence of the system in its patterns.
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
                "Decisions are based on patterns that may be wrong.";
        }
        attribute pattern_confidence: "Records the confidence that a function returns.",
            r#"#[pattern_confidence("coordination")]"# {
                pattern_type = Label Required: "The subject of the pattern.";
            };
    }

    /// Time to retrieve a pattern.
    PATTERN_RETRIEVAL = "pattern_retrieval", "Pattern retrieval" {
        metrics {
            duration "pattern_retrieval_duration_seconds": "Time from the start of a retrieval to its end.",
                [1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 1.0];
        }
        alerts {
            PatternRetrievalSlow P1: duration quantile 0.95 > 0.01, for 600 s,
                "Retrieval of patterns is slow.",
                "Every decision that waits for a pattern is slower.";
        }
        attribute pattern_retrieval: "Times the retrieval of a pattern.",
            "#[pattern_retrieval]";
    }

    /// Number of patterns learned.
    PATTERN_LEARNING = "pattern_learning", "Pattern learning" {
        metrics {
            successes "patterns_learned_total": "Patterns learned.";
        }
        attribute pattern_learned: "Counts one learned pattern for each successful call.",
            "#[pattern_learned]";
    }

    /// Memory used by stored patterns.
    PATTERN_MEMORY = "pattern_memory", "Pattern memory" {
        metrics {
            level "pattern_memory_bytes": "Memory used by stored patterns.";
        }
        alerts {
            PatternMemoryGrowth P3: level growth > 10_485_760.0, for 3600 s,
                "The memory used by stored patterns keeps growing.",
                "The process runs out of memory if the growth continues.";
        }
        attribute pattern_memory: "Sets the gauge `pattern_memory_bytes` to the returned number.",
            "#[pattern_memory]";
    }

    /// Compression of stored patterns.
    MEMORY_COMPRESSION = "memory_compression", "Memory compression" {
        metrics {
            level "memory_compression_ratio": "Compressed size of the pattern memory divided by its original size.";
        }
        attribute memory_compression: "Sets the gauge `memory_compression_ratio` to the returned number.",
            "#[memory_compression]";
    }

    /// Patterns in use.
    PATTERNS_ACTIVE = "patterns_active", "Active patterns" {
        metrics {
            level "patterns_active": "Patterns that were used recently.";
        }
        attribute patterns_active: "Sets the gauge `patterns_active` to the returned number.",
            "#[patterns_active]";
    }

    /// Patterns without recent use.
    PATTERNS_UNUSED = "patterns_unused", "Unused patterns" {
        metrics {
            level "patterns_unused": "Patterns that were not used recently.";
        }
        alerts {
            UnusedPatternsAccumulating P3: level > 1000.0, for 3600 s,
                "Many stored patterns are unused.",
                "Unused patterns waste memory.";
        }
        attribute patterns_unused: "Sets the gauge `patterns_unused` to the returned number.",
            "#[patterns_unused]";
    }

    /// Reuse of stored patterns.
    PATTERN_REUSE = "pattern_reuse", "Pattern reuse" {
        metrics {
            level "pattern_reuse_rate": "Share of retrievals that reused a stored pattern.";
        }
        attribute pattern_reuse: "Sets the gauge `pattern_reuse_rate` to the returned number.",
            "#[pattern_reuse]";
    }

    /// Cycles of the feedback loop.
    FEEDBACK = "feedback", "Feedback loop" {
        metrics {
            successes "feedback_loop_cycles_total": "Completed cycles of the feedback loop.";
        }
        alerts {
            FeedbackLoopStalled P1: stalled 600.0 s, for 60 s,
                "The feedback loop has stopped.",
                "The system no longer learns from results.";
        }
        attribute feedback_cycle: "Counts one cycle of the feedback loop for each successful call.",
            "#[feedback_cycle]";
    }

    /// Truth scores of the work of each agent.
    VERIFICATION = "verification", "Verification and truth" {
        labels {
            agent_id;
        }
        metrics {
            score "truth_score": "Scores that verifications returned, from 0 to 1.",
                [0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99, 1.0];
            last_score "agent_truth_score": "The latest score of an agent.";
            successes "verification_success_total": "Verifications whose score reached the threshold.";
            failures "verification_failures_total":
                "Verifications with a score below the threshold, or without a score.";
            rollbacks "auto_rollback_total": "Rollbacks after failed verifications.";
        }
        alerts {
            TruthScoreCriticallyLow P0: score quantile 0.05 < 0.7, for 0 s,
                "The lowest verification scores of an agent are critically low.",
                "Wrong work of the agent may be accepted.";
            TruthScoreBelowTarget P1: score quantile 0.5 < 0.95, for 600 s,
                "Half of an agent's verifications score below the target.",
                "The agent's work needs manual review.";
            AutoRollbackStorm P1: rollbacks > 5.0, for 0 s,
                "An agent's work is rolled back repeatedly.",
                "The agent makes no progress, and others wait for it.";
            AgentUnreliable P2: last_score < 0.85, for 900 s,
                "The latest scores of an agent are low.",
                "The agent's work is unreliable.";
            VerificationFailureRate P2: failure_ratio > 0.05, for 900 s,
                "Too many verifications of an agent fail.",
                "Work is repeated, and tasks take longer.";
        }
        attribute verified: "Records the truth score that a verification returns.",
            r#"#[verified(agent_id = "coder")]"# {
                agent_id = Label Required: "The agent whose work is verified.";
                threshold = Share Optional: "The lowest score that is a success. Default: 0.95.";
                rollback = Expression Optional:
                    "Expression to evaluate after a failure, such as `undo()`, counted in `auto_rollback_total`.";
            };
    }

    /// Queries by type and table.
    DATABASE = "database", "Database" {
        labels {
            query_type: "select", "insert", "update", "delete";
            table;
        }
        metrics {
            errors "db_query_errors_total": "Queries that returned an error, panicked or were cancelled.";
            duration "db_query_duration_seconds": "Time from the start of a query to its end.",
                [1e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];
        }
        alerts {
            DatabaseQueryErrors P1: error_ratio > 0.05, for 0 s,
                "Queries on a table fail.",
                "Operations that read or write the table fail as often.";
            DatabaseSlowQueries P1: duration quantile 0.95 > 0.01, for 600 s,
                "Queries on a table are slow.",
                "Every operation that waits for the table is slower.";
        }
        attribute timed_query: "Counts and times a database query.",
            r#"#[timed_query("select", table = "patterns")]"# {
                query_type = Label Required: "The kind of statement.";
                table = Label Required: "The table of the query.";
            };
    }

    /// Connections to the database.
    DATABASE_CONNECTION = "database_connection", "Database connections" {
        metrics {
            calls "database_connections_total": "Attempts to connect to the database that ended, with any outcome.";
            failures "database_connection_errors_total": "Failed attempts to connect to the database.";
            in_flight "database_connections_in_flight":
                "Attempts to connect to the database that have started and not ended.";
        }
        alerts {
            DatabaseConnectionFailure P0: failures > 3.0, for 0 s,
                "The database cannot be reached.",
                "Operations that need the database fail.";
        }
        attribute db_connection: "Counts attempts to connect to the database, and those that failed.",
            "#[db_connection]";
    }

    /// Hits and misses of caches.
    CACHE = "cache", "Caches" {
        labels {
            cache;
        }
        metrics {
            hits "cache_hits_total": "Look-ups that found something.";
            misses "cache_misses_total": "Look-ups that found nothing.";
            hit_rate "cache_hit_rate": "Share of hits among all look-ups since the program started.";
        }
        alerts {
            CacheHitRateLow P1: hit_ratio < 0.8, for 600 s,
                "The hit ratio of a cache is low.",
                "The system behind the cache has more load, and responses are slower.";
        }
        attribute cache_lookup: "Counts the hits and misses of a cache look-up.",
            r#"#[cache_lookup("embeddings")]"# {
                cache = Label Required: "The name of the cache.";
            };
    }

    /// Time to plan for a goal.
    PLANNING = "planning", "GOAP planning" {
        labels {
            goal;
        }
        metrics {
            duration "goap_planning_duration_seconds": "Time from the start of planning to its end.",
                [1e-3, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
        }
        alerts {
            GOAPPlanningSlowdown P2: duration quantile 0.95 > 5.0, for 900 s,
                "Planning for a goal is slow.",
                "Agents wait for their plans.";
        }
        attribute goap_plan: "Times the planning of a goal.",
            r#"#[goap_plan("feature-implementation")]"# {
                goal = Label Required: "The goal of the plan.";
            };
    }

    /// Cooperation of the agents.
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

    /// Tasks by outcome.
    TASK = "task", "Tasks" {
        labels {
            task_type: "feature", "bugfix", "refactor";
        }
        metrics {
            completions "task_completed_total": "Tasks that ended.";
        }
        alerts {
            TaskFailureRate P2: completion_failures > 0.1, for 0 s,
                "Too many tasks of a type fail.",
                "Work is missing, or has to be repeated.";
        }
        attribute task: "Counts tasks by their outcome.",
            r#"#[task("feature")]"# {
                task_type = Label Required: "The kind of task.";
            };
    }

    /// Waiting tasks.
    TASK_QUEUE = "task_queue", "Background tasks" {
        metrics {
            level "background_task_queue_length": "Tasks that wait in the background queue.";
        }
        alerts {
            BackgroundTaskQueueLength P3: level > 100.0, for 1800 s,
                "Many tasks wait in the background queue.",
                "Background work is delayed.";
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
            calls "http_requests_total": "Requests that ended; the status is `cancelled` if the client disconnected.";
            errors "http_request_errors_total":
                "Requests that failed on the server, and client errors if the layer counts them.";
            duration "http_request_duration_seconds": "Time from the head of a request to the head of its response.",
                [1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
            in_flight "http_requests_in_flight": "Requests that have started and have no response yet.";
        }
    }

    /// Requests to other services, by service and operation.
    OUTGOING = "outgoing", "Outgoing requests" {
        labels {
            peer;
            operation;
        }
        metrics {
            calls "outgoing_requests_total": "Requests to other services that ended, with any outcome.";
            errors "outgoing_request_errors_total":
                "Requests to other services that returned an error, panicked or were cancelled.";
            duration "outgoing_request_duration_seconds": "Time from the start of a request to its result.",
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
                operation = Label FunctionName: "The requested operation. Default: the function's own name.";
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

/// The index of the family in [`ALL`]; call it in a `const`.
///
/// # Panics
/// If the family is not in the table.
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

/// The number in an optional part of a condition.
const fn optional(number: &[f64]) -> Option<f64> {
    match number {
        [number, ..] => Some(*number),
        [] => None,
    }
}

/// The family of streams that annotated functions return, beside the family of their attribute (feature `stream` of
/// `measurand`).
pub const STREAM: Family = Family {
    name: "stream",
    title: "Streams",
    help: "Items of streams that annotated functions return.",
    labels: &[Label::open("function"), Label::open("module")],
    metrics: &[
        Metric {
            name: "stream_items_total",
            role: Role::Successes,
            help: "Items that streams of the function returned, including errors.",
            buckets: &[],
        },
        Metric {
            name: "stream_first_item_seconds",
            role: Role::Duration,
            help: "Time from the first poll of a stream to its first item.",
            buckets: &[1e-5, 1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0],
        },
    ],
    alerts: &[],
};

const _: () = STREAM.check();
