//! The row about neural operations, patterns and the feedback loop.

use super::lines::quantiles_by_label;
use super::spec::{PLAIN, Spec, by_labels, find, named, names, of};
use crate::build::used_family::{Form, UsedFamily};
use crate::model::{PanelKind, Unit};
use crate::query::{Query, Window};
use measurand_catalog::family::OUTCOME_LABEL;
use measurand_catalog::{Role, families};

pub(super) const KEY: &str = "neural";

pub(super) const PANELS: &[Spec] = &[
    Spec {
        key: "rate",
        title: "Operations Rate",
        description: "Neural operations per second: the averages of five minutes and of an hour. If the first is below \
                      the second, there is less work, or operations are slower.",
        unit: Unit::PerSecond,
        lines: |used| {
            let mean = |it: &UsedFamily<'_>, seconds: u32| {
                let counter = it.selector(Role::Calls)?;
                Some(Query::Increase(counter, Window::Seconds(seconds)).sum(&[]).per(f64::from(seconds)))
            };
            let line = |name, seconds| of(used, &families::NEURAL, |it| Some(named(name, mean(it, seconds)?)));
            [line("5 m", 300), line("1 h", 3600)].concat()
        },
        alerts: |_| names(&["NeuralOperationsDegraded"]),
        links: &["NeuralSystemStalled"],
        ..PLAIN
    },
    Spec {
        key: "rate_by_type",
        title: "Operations by type",
        description: "Neural operations per second of each type.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |used| {
            of(used, &families::NEURAL, |it| Some(by_labels("", &it.labels(), it.calls(&it.labels(), Form::Plain)?)))
        },
        ..PLAIN
    },
    Spec {
        key: "latency",
        title: "Operation latency",
        description: "Half, 95 % and 99 % of the operations of each type are faster than this.",
        unit: Unit::Seconds,
        no_value: "no operations",
        lines: |used| {
            let line = |(name, quantile)| {
                of(used, &families::NEURAL, |family| {
                    let query = family.quantile(Role::Duration, quantile, &family.labels(), Form::Plain)?;
                    Some(by_labels(name, &family.labels(), query))
                })
            };
            [("P50", 0.5), ("P95", 0.95), ("P99", 0.99)].map(line).concat()
        },
        ..PLAIN
    },
    Spec {
        key: "errors",
        title: "Errors by type and outcome",
        description: "Neural operations per second that failed: `error` was returned, `panic` unwound, `cancelled` was \
                      dropped before its end.",
        kind: PanelKind::Stack,
        unit: Unit::PerSecond,
        lines: |used| {
            of(used, &families::NEURAL, |family| {
                let by = family.labels_and(OUTCOME_LABEL);
                Some(by_labels("", &by, family.rate(Role::Errors, &by, Form::Plain)?))
            })
        },
        links: &["PatternExtractionErrors"],
        ..PLAIN
    },
    Spec {
        key: "error_ratio",
        title: "Error ratio by type",
        description: "The share of neural operations that failed. The alert fires above the line.",
        unit: Unit::Share,
        no_value: "no operations",
        lines: |used| {
            of(used, &families::NEURAL, |family| {
                Some(by_labels("", &family.labels(), family.error_ratio(&family.labels(), Form::Plain)?))
            })
        },
        alerts: |_| names(&["NeuralOperationErrors"]),
        ..PLAIN
    },
    Spec {
        key: "confidence",
        title: "Pattern Confidence Distribution",
        description: "The distribution of confidence. A second band far below the first means that one kind of pattern \
                      is not learned.",
        kind: PanelKind::Heatmap,
        unit: Unit::Share,
        lines: |it| of(it, &families::PATTERN_CONFIDENCE, |it| Some(named("", it.heatmap(Role::Score)?))),
        ..PLAIN
    },
    Spec {
        key: "confidence_by_type",
        title: "Pattern confidence by type",
        description: "Half of the patterns of each type have a lower confidence than this. The alert fires below the \
                      line.",
        unit: Unit::Share,
        no_value: "no patterns",
        lines: |used| {
            let families: Vec<_> = find(used, &families::PATTERN_CONFIDENCE).into_iter().copied().collect();
            quantiles_by_label(&families, Role::Score, &[0.5])
        },
        alerts: |_| names(&["PatternConfidenceDeclining"]),
        ..PLAIN
    },
    Spec {
        key: "feedback",
        title: "Feedback Loop Cycles",
        description: "Cycles of the feedback loop within ten minutes. At zero, nothing is learned from results.",
        lines: |used| {
            let query = |it: &UsedFamily<'_>| it.increase(Role::Successes, &[], Window::Seconds(600));
            of(used, &families::FEEDBACK, |it| Some(named("cycles", query(it)?)))
        },
        links: &["FeedbackLoopStalled"],
        ..PLAIN
    },
    Spec {
        key: "learned",
        title: "Patterns learned",
        description: "Patterns learned per second.",
        unit: Unit::PerSecond,
        lines: |used| {
            of(used, &families::PATTERN_LEARNING, |family| {
                Some(named("learned", family.rate(Role::Successes, &[], Form::Plain)?))
            })
        },
        ..PLAIN
    },
    Spec {
        key: "memory",
        title: "Pattern Memory Size",
        description: "Memory used by stored patterns. If it only grows, old patterns are never removed.",
        unit: Unit::Bytes,
        lines: |it| of(it, &families::PATTERN_MEMORY, |it| Some(named("bytes", it.level(Query::Instant)?))),
        links: &["PatternMemoryGrowth"],
        ..PLAIN
    },
    Spec {
        key: "compression",
        title: "Compression ratio",
        description: "Compressed size of the pattern memory divided by its original size. Lower is better.",
        unit: Unit::Share,
        lines: |it| of(it, &families::MEMORY_COMPRESSION, |it| Some(named("ratio", it.level(Query::Instant)?))),
        ..PLAIN
    },
];
