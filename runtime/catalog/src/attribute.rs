//! The attribute macros, a row each: what they are called and which arguments they take.

use crate::families;
use crate::family::Family;

/// One attribute macro.
#[derive(Debug)]
pub struct Attribute {
    /// The name users write: `neural_op`.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub help: &'static str,
    /// The family that a call records.
    pub family: &'static Family,
    /// The name of the family's constant in [`families`]; generated code refers to it.
    pub constant: &'static str,
    /// A whole, correct use of the attribute, shown in every error message.
    pub example: &'static str,
    /// The arguments of this attribute alone; [`COMMON`] come on top.
    pub arguments: &'static [Argument],
}

/// One argument of an attribute.
#[derive(Debug, Clone, Copy)]
pub struct Argument {
    /// The key in `key = value`.
    pub key: &'static str,
    /// The form of the value.
    pub kind: ArgumentKind,
    /// What holds when it is not given.
    pub absent: Absent,
    /// What it does, in one sentence.
    pub help: &'static str,
}

/// The form of an argument's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentKind {
    /// The value of the family's label of the same name: a string literal, an expression over the function's arguments, or
    /// a closure that is asked with a reference to the result. May be written without its key, in the order of the
    /// arguments.
    Label,
    /// A number literal from 0 to 1.
    Share,
    /// A string literal that travels to alerts and runbooks.
    Text,
    /// A string literal out of a list.
    OneOf(&'static [&'static str]),
    /// An expression that decides from a reference to the returned value: a closure or the path of a function.
    Predicate,
    /// An expression that is evaluated when it is needed.
    Expression,
    /// The path under which the user's crate knows `measurand`.
    Path,
    /// The name of a family that the user declares. All keys that are no arguments are its labels.
    Family,
    /// A word that stands alone.
    Flag,
    /// What the function promises, in parentheses.
    Objective,
    /// A share of the calls, `1 in 16`.
    Sample,
}

impl Argument {
    /// How it is written, for tables and help texts.
    #[must_use]
    pub fn usage(&self) -> String {
        let key = self.key;
        match self.kind {
            ArgumentKind::Label | ArgumentKind::Text => format!("{key} = \"..\""),
            ArgumentKind::Share => format!("{key} = 0.95"),
            ArgumentKind::OneOf(values) => format!("{key} = \"{}\"", values.first().unwrap_or(&"..")),
            ArgumentKind::Predicate => format!("{key} = |result| .."),
            ArgumentKind::Expression => format!("{key} = expression"),
            ArgumentKind::Path => format!("{key} = path::to::measurand"),
            ArgumentKind::Family => format!("{key} = Name"),
            ArgumentKind::Flag => key.to_owned(),
            ArgumentKind::Objective => format!("{key}(success = 99.9, latency = \"10ms\" @ 99)"),
            ArgumentKind::Sample => format!("{key} = 1 in 16"),
        }
    }
}

/// What holds when an argument is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// A compile error.
    Required,
    /// Nothing happens.
    Optional,
    /// The name of the annotated function is the value.
    FunctionName,
}

/// The arguments that every attribute takes.
pub const COMMON: &[Argument] = &[
    Argument {
        key: "ok_if",
        kind: ArgumentKind::Predicate,
        absent: Absent::Optional,
        help: "Decides from the returned value whether the call ended `ok`.",
    },
    Argument {
        key: "error_if",
        kind: ArgumentKind::Predicate,
        absent: Absent::Optional,
        help: "Decides from the returned value whether the call ended in an `error`.",
    },
    Argument {
        key: "slo",
        kind: ArgumentKind::Objective,
        absent: Absent::Optional,
        help: "What the function promises: the percentage of calls that end well, and of calls that are fast enough.",
    },
    Argument {
        key: "time",
        kind: ArgumentKind::Sample,
        absent: Absent::Optional,
        help: "Reads the clock for one call in so many; every call is counted.",
    },
    Argument {
        key: "caller",
        kind: ArgumentKind::Flag,
        absent: Absent::Optional,
        help: "Adds the label `caller`: the file and line of the call.",
    },
    Argument {
        key: "owner",
        kind: ArgumentKind::Text,
        absent: Absent::Optional,
        help: "The team that answers alerts.",
    },
    Argument {
        key: "severity",
        kind: ArgumentKind::OneOf(&["P0", "P1", "P2", "P3"]),
        absent: Absent::Optional,
        help: "How soon somebody has to answer alerts about this function.",
    },
    Argument {
        key: "runbook",
        kind: ArgumentKind::Text,
        absent: Absent::Optional,
        help: "The address of the page that says what to do.",
    },
    Argument {
        key: "crate",
        kind: ArgumentKind::Path,
        absent: Absent::Optional,
        help: "The path of `measurand`, where another crate re-exports it.",
    },
];

/// `#[measured]`.
pub const MEASURED: Attribute = Attribute {
    name: "measured",
    help: "Counts and times the calls of any function: rate, errors, duration, calls in flight.",
    family: &families::FUNCTION,
    constant: "FUNCTION",
    example: "#[measured]",
    arguments: &[
        Argument {
            key: "function",
            kind: ArgumentKind::Label,
            absent: Absent::FunctionName,
            help: "The value of the label `function`; the function's own name unless given.",
        },
        Argument {
            key: "family",
            kind: ArgumentKind::Family,
            absent: Absent::Optional,
            help: "Records a family declared by `measurand::family!`, of which each label is an argument.",
        },
    ],
};

/// What `#[measured(family = ..)]` takes besides the labels of the family and [`COMMON`].
pub const DECLARED: Attribute = Attribute {
    example: r#"#[measured(family = Payment, provider = "stripe")]"#,
    arguments: &[
        MEASURED.arguments[1],
        VERIFIED.arguments[1],
        Argument { help: "What to do after a failure, for example `undo()`.", ..VERIFIED.arguments[2] },
    ],
    ..MEASURED
};

/// `#[neural_op]`.
pub const NEURAL_OP: Attribute = Attribute {
    name: "neural_op",
    help: "Counts and times a neural operation.",
    family: &families::NEURAL,
    constant: "NEURAL",
    example: r#"#[neural_op("retrieval")]"#,
    arguments: &[Argument {
        key: "operation_type",
        kind: ArgumentKind::Label,
        absent: Absent::Required,
        help: "Which kind of operation it is.",
    }],
};

/// `#[verified]`.
pub const VERIFIED: Attribute = Attribute {
    name: "verified",
    help: "Records the truth score that a verification returns.",
    family: &families::VERIFICATION,
    constant: "VERIFICATION",
    example: r#"#[verified(agent_id = "coder")]"#,
    arguments: &[
        Argument {
            key: "agent_id",
            kind: ArgumentKind::Label,
            absent: Absent::Required,
            help: "The agent whose work is verified.",
        },
        Argument {
            key: "threshold",
            kind: ArgumentKind::Share,
            absent: Absent::Optional,
            help: "The lowest score that is a success; 0.95 unless given.",
        },
        Argument {
            key: "rollback",
            kind: ArgumentKind::Expression,
            absent: Absent::Optional,
            help: "What to do after a failure, for example `undo()`; each time counts in `auto_rollback_total`.",
        },
    ],
};

/// `#[timed_query]`.
pub const TIMED_QUERY: Attribute = Attribute {
    name: "timed_query",
    help: "Counts and times a database query.",
    family: &families::DATABASE,
    constant: "DATABASE",
    example: r#"#[timed_query("select", table = "patterns")]"#,
    arguments: &[
        Argument {
            key: "query_type",
            kind: ArgumentKind::Label,
            absent: Absent::Required,
            help: "The kind of statement.",
        },
        Argument { key: "table", kind: ArgumentKind::Label, absent: Absent::Required, help: "The table it works on." },
    ],
};

/// `#[pattern_confidence]`.
pub const PATTERN_CONFIDENCE: Attribute = Attribute {
    name: "pattern_confidence",
    help: "Records the confidence that a function returns.",
    family: &families::PATTERN_CONFIDENCE,
    constant: "PATTERN_CONFIDENCE",
    example: r#"#[pattern_confidence("coordination")]"#,
    arguments: &[Argument {
        key: "pattern_type",
        kind: ArgumentKind::Label,
        absent: Absent::Required,
        help: "What the pattern is about.",
    }],
};

/// `#[pattern_retrieval]`.
pub const PATTERN_RETRIEVAL: Attribute = Attribute {
    name: "pattern_retrieval",
    help: "Times the retrieval of a pattern.",
    family: &families::PATTERN_RETRIEVAL,
    constant: "PATTERN_RETRIEVAL",
    example: "#[pattern_retrieval]",
    arguments: &[],
};

/// `#[pattern_learned]`.
pub const PATTERN_LEARNED: Attribute = Attribute {
    name: "pattern_learned",
    help: "Counts a learned pattern for each call that ends well.",
    family: &families::PATTERN_LEARNING,
    constant: "PATTERN_LEARNING",
    example: "#[pattern_learned]",
    arguments: &[],
};

/// `#[feedback_cycle]`.
pub const FEEDBACK_CYCLE: Attribute = Attribute {
    name: "feedback_cycle",
    help: "Counts a turn of the feedback loop for each call that ends well.",
    family: &families::FEEDBACK,
    constant: "FEEDBACK",
    example: "#[feedback_cycle]",
    arguments: &[],
};

/// `#[db_connection]`.
pub const DB_CONNECTION: Attribute = Attribute {
    name: "db_connection",
    help: "Counts attempts to connect to the database that fail.",
    family: &families::DATABASE_CONNECTION,
    constant: "DATABASE_CONNECTION",
    example: "#[db_connection]",
    arguments: &[],
};

/// `#[cache_lookup]`.
pub const CACHE_LOOKUP: Attribute = Attribute {
    name: "cache_lookup",
    help: "Counts whether a look-up in a cache found something.",
    family: &families::CACHE,
    constant: "CACHE",
    example: r#"#[cache_lookup("embeddings")]"#,
    arguments: &[Argument {
        key: "cache",
        kind: ArgumentKind::Label,
        absent: Absent::Required,
        help: "The name of the cache.",
    }],
};

/// `#[goap_plan]`.
pub const GOAP_PLAN: Attribute = Attribute {
    name: "goap_plan",
    help: "Times the planning for a goal.",
    family: &families::PLANNING,
    constant: "PLANNING",
    example: r#"#[goap_plan("feature-implementation")]"#,
    arguments: &[Argument {
        key: "goal",
        kind: ArgumentKind::Label,
        absent: Absent::Required,
        help: "The goal that is planned for.",
    }],
};

/// `#[task]`.
pub const TASK: Attribute = Attribute {
    name: "task",
    help: "Counts tasks by how they ended.",
    family: &families::TASK,
    constant: "TASK",
    example: r#"#[task("feature")]"#,
    arguments: &[Argument {
        key: "task_type",
        kind: ArgumentKind::Label,
        absent: Absent::Required,
        help: "The kind of task.",
    }],
};

/// `#[pattern_memory]`.
pub const PATTERN_MEMORY: Attribute = Attribute {
    name: "pattern_memory",
    help: "Sets the gauge `pattern_memory_bytes` to the number that a function returns.",
    family: &families::PATTERN_MEMORY,
    constant: "PATTERN_MEMORY",
    example: "#[pattern_memory]",
    arguments: &[],
};

/// `#[memory_compression]`.
pub const MEMORY_COMPRESSION: Attribute = Attribute {
    name: "memory_compression",
    help: "Sets the gauge `memory_compression_ratio` to the number that a function returns.",
    family: &families::MEMORY_COMPRESSION,
    constant: "MEMORY_COMPRESSION",
    example: "#[memory_compression]",
    arguments: &[],
};

/// `#[patterns_active]`.
pub const PATTERNS_ACTIVE: Attribute = Attribute {
    name: "patterns_active",
    help: "Sets the gauge `patterns_active` to the number that a function returns.",
    family: &families::PATTERNS_ACTIVE,
    constant: "PATTERNS_ACTIVE",
    example: "#[patterns_active]",
    arguments: &[],
};

/// `#[patterns_unused]`.
pub const PATTERNS_UNUSED: Attribute = Attribute {
    name: "patterns_unused",
    help: "Sets the gauge `patterns_unused` to the number that a function returns.",
    family: &families::PATTERNS_UNUSED,
    constant: "PATTERNS_UNUSED",
    example: "#[patterns_unused]",
    arguments: &[],
};

/// `#[pattern_reuse]`.
pub const PATTERN_REUSE: Attribute = Attribute {
    name: "pattern_reuse",
    help: "Sets the gauge `pattern_reuse_rate` to the number that a function returns.",
    family: &families::PATTERN_REUSE,
    constant: "PATTERN_REUSE",
    example: "#[pattern_reuse]",
    arguments: &[],
};

/// `#[coordination]`.
pub const COORDINATION: Attribute = Attribute {
    name: "coordination",
    help: "Sets the gauge `coordination_efficiency` to the number that a function returns.",
    family: &families::COORDINATION,
    constant: "COORDINATION",
    example: "#[coordination]",
    arguments: &[],
};

/// `#[task_queue]`.
pub const TASK_QUEUE: Attribute = Attribute {
    name: "task_queue",
    help: "Sets the gauge `background_task_queue_length` to the number that a function returns.",
    family: &families::TASK_QUEUE,
    constant: "TASK_QUEUE",
    example: "#[task_queue]",
    arguments: &[],
};

/// The threshold of `#[verified]` where none is given.
pub const DEFAULT_THRESHOLD: f64 = 0.95;

/// Every attribute, for tools and tests that must see all of them.
pub const ALL: &[&Attribute] = &[
    &MEASURED,
    &NEURAL_OP,
    &PATTERN_CONFIDENCE,
    &PATTERN_RETRIEVAL,
    &PATTERN_LEARNED,
    &PATTERN_MEMORY,
    &MEMORY_COMPRESSION,
    &PATTERNS_ACTIVE,
    &PATTERNS_UNUSED,
    &PATTERN_REUSE,
    &FEEDBACK_CYCLE,
    &VERIFIED,
    &TIMED_QUERY,
    &DB_CONNECTION,
    &CACHE_LOOKUP,
    &GOAP_PLAN,
    &COORDINATION,
    &TASK,
    &TASK_QUEUE,
];
