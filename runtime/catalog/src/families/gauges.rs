//! The families of one gauge.

use crate::family::{Alert, Condition, Family, Metric, Role, Severity};

/// Memory that stored patterns take: `#[pattern_memory]`.
pub const PATTERN_MEMORY: Family = gauge(
    "pattern_memory",
    "Pattern memory",
    "Memory that stored patterns take.",
    &[Metric {
        name: "pattern_memory_bytes",
        role: Role::Level,
        help: "Memory that stored patterns take.",
        buckets: &[],
    }],
    &[Alert {
        name: "PatternMemoryGrowth",
        severity: Severity::P3,
        condition: Condition::LevelGrowthAbove(10_485_760.0),
        hold_seconds: 3600,
        summary: "Stored patterns take more and more memory.",
        impact: "Memory runs out some day.",
    }],
);

/// How well stored patterns are compressed: `#[memory_compression]`.
pub const MEMORY_COMPRESSION: Family = gauge(
    "memory_compression",
    "Memory compression",
    "How well stored patterns are compressed.",
    &[Metric {
        name: "memory_compression_ratio",
        role: Role::Level,
        help: "Compressed size of the pattern memory divided by its original size.",
        buckets: &[],
    }],
    &[],
);

/// Patterns in use: `#[patterns_active]`.
pub const PATTERNS_ACTIVE: Family = gauge(
    "patterns_active",
    "Active patterns",
    "Patterns in use.",
    &[Metric { name: "patterns_active", role: Role::Level, help: "Patterns that were used recently.", buckets: &[] }],
    &[],
);

/// Patterns that nobody uses: `#[patterns_unused]`.
pub const PATTERNS_UNUSED: Family = gauge(
    "patterns_unused",
    "Unused patterns",
    "Patterns that nobody uses.",
    &[Metric {
        name: "patterns_unused",
        role: Role::Level,
        help: "Patterns that were not used recently.",
        buckets: &[],
    }],
    &[Alert {
        name: "UnusedPatternsAccumulating",
        severity: Severity::P3,
        condition: Condition::LevelAbove(1000.0),
        hold_seconds: 3600,
        summary: "Many stored patterns are used by nobody.",
        impact: "Memory is spent on what does not help.",
    }],
);

/// How often stored patterns serve again: `#[pattern_reuse]`.
pub const PATTERN_REUSE: Family = gauge(
    "pattern_reuse",
    "Pattern reuse",
    "How often stored patterns serve again.",
    &[Metric {
        name: "pattern_reuse_rate",
        role: Role::Level,
        help: "Share of retrievals that reused a stored pattern.",
        buckets: &[],
    }],
    &[],
);

/// How well agents work together: `#[coordination]`.
pub const COORDINATION: Family = gauge(
    "coordination",
    "Agent coordination",
    "How well agents work together.",
    &[Metric {
        name: "coordination_efficiency",
        role: Role::Level,
        help: "Share of the agents' time that is not spent waiting for each other.",
        buckets: &[],
    }],
    &[Alert {
        name: "AgentCoordinationEfficiency",
        severity: Severity::P2,
        condition: Condition::LevelBelow(0.95),
        hold_seconds: 900,
        summary: "Agents spend too much of their time waiting for each other.",
        impact: "Tasks take longer.",
    }],
);

/// Tasks that wait: `#[task_queue]`.
pub const TASK_QUEUE: Family = gauge(
    "task_queue",
    "Background tasks",
    "Tasks that wait.",
    &[Metric {
        name: "background_task_queue_length",
        role: Role::Level,
        help: "Tasks that wait in the background queue.",
        buckets: &[],
    }],
    &[Alert {
        name: "BackgroundTaskQueueLength",
        severity: Severity::P3,
        condition: Condition::LevelAbove(100.0),
        hold_seconds: 1800,
        summary: "Many tasks wait in the background queue.",
        impact: "Background work is done late.",
    }],
);

/// A family of one gauge without labels.
const fn gauge(
    name: &'static str,
    title: &'static str,
    help: &'static str,
    metrics: &'static [Metric],
    alerts: &'static [Alert],
) -> Family {
    Family { name, title, help, labels: &[], metrics, alerts }
}
