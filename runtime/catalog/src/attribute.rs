//! An attribute macro: its name and its arguments. The attributes themselves are in the table of [`crate::families`],
//! each beside the family that it records.

use crate::family::Family;
use crate::names::same;

/// One attribute macro.
#[derive(Debug)]
pub struct Attribute {
    /// The name as users write it: `neural_op`.
    pub name: &'static str,
    /// Description in one sentence.
    pub help: &'static str,
    /// The family that a call records.
    pub family: &'static Family,
    /// The name of the family's constant in [`crate::families`], for generated code.
    pub constant: &'static str,
    /// A complete, correct use of the attribute, shown in every error message.
    pub example: &'static str,
    /// The arguments that only this attribute takes. Every attribute also takes [`COMMON`].
    pub arguments: &'static [Argument],
}

/// One argument of an attribute.
#[derive(Debug, Clone, Copy)]
pub struct Argument {
    /// The key in `key = value`.
    pub key: &'static str,
    /// The form of the value.
    pub kind: ArgumentKind,
    /// The effect if the argument is missing.
    pub absent: Absent,
    /// Description in one sentence.
    pub help: &'static str,
}

/// The form of an argument's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentKind {
    /// The value of the family's label of the same name: a string literal, an expression over the function's arguments,
    /// or a closure that takes a reference to the result. The key is optional: values without a key go to the labels in
    /// the order of the arguments.
    Label,
    /// A number literal from 0 to 1.
    Share,
    /// A string literal that is shown in alerts and runbooks.
    Text,
    /// A string literal from a list.
    OneOf(&'static [&'static str]),
    /// A closure or the path of a function that takes a reference to the returned value and decides the outcome.
    Predicate,
    /// An expression that is evaluated when it is needed.
    Expression,
    /// The path of `measurand` in the user's crate.
    Path,
    /// The name of a family that the user declares. Every key that is not an argument is a label of this family.
    Family,
    /// A word without a value.
    Flag,
    /// The objective of the function, in parentheses.
    Objective,
    /// The share of the calls to time, `1 in 16`.
    Sample,
}

impl Argument {
    /// The argument as users write it, for tables and help texts.
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

/// The effect if an argument is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// A compile error.
    Required,
    /// There is no effect.
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
        help: "The objective of the function: the percentage of calls that succeed, and of calls that are fast enough.",
    },
    Argument {
        key: "time",
        kind: ArgumentKind::Sample,
        absent: Absent::Optional,
        help: "Times about one call in 16; every call is counted.",
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
        help: "The severity of alerts about this function.",
    },
    Argument {
        key: "runbook",
        kind: ArgumentKind::Text,
        absent: Absent::Optional,
        help: "The address of the runbook page.",
    },
    Argument {
        key: "crate",
        kind: ArgumentKind::Path,
        absent: Absent::Optional,
        help: "The path of `measurand`, if another crate re-exports it.",
    },
];

/// The attribute `#[measured(family = ..)]`. Besides these arguments and [`COMMON`], it takes the labels of the family.
pub static DECLARED: Attribute = Attribute {
    example: r#"#[measured(family = Payment, provider = "stripe")]"#,
    arguments: &[
        named("measured").arguments[1],
        named("verified").arguments[1],
        Argument {
            help: "Expression to evaluate after a failure, such as `undo()`.",
            ..named("verified").arguments[2]
        },
    ],
    ..*named("measured")
};

/// The default threshold of `#[verified]`.
pub const DEFAULT_THRESHOLD: f64 = 0.95;

/// Every attribute, for tools and tests that must see all of them.
pub const ALL: &[&Attribute] = crate::families::ATTRIBUTES;

/// The attribute with this name; call it in a `const`.
///
/// # Panics
/// If no attribute has this name.
#[must_use]
pub const fn named(name: &str) -> &'static Attribute {
    let mut i = 0;
    while i < ALL.len() {
        if same(ALL[i].name, name) {
            return ALL[i];
        }
        i += 1;
    }
    panic!("no family in the table has an attribute of this name")
}
