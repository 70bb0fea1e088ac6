//! What an attribute macro is: its name and the arguments that it takes. The attributes themselves stand beside their
//! families, in the table of [`crate::families`].

use crate::family::Family;
use crate::names::same;

/// One attribute macro.
#[derive(Debug)]
pub struct Attribute {
    /// The name users write: `neural_op`.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub help: &'static str,
    /// The family that a call records.
    pub family: &'static Family,
    /// The name of the family's constant in [`crate::families`]; generated code refers to it.
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

/// What `#[measured(family = ..)]` takes besides the labels of the family and [`COMMON`].
pub static DECLARED: Attribute = Attribute {
    example: r#"#[measured(family = Payment, provider = "stripe")]"#,
    arguments: &[
        named("measured").arguments[1],
        named("verified").arguments[1],
        Argument { help: "What to do after a failure, for example `undo()`.", ..named("verified").arguments[2] },
    ],
    ..*named("measured")
};

/// The threshold of `#[verified]` where none is given.
pub const DEFAULT_THRESHOLD: f64 = 0.95;

/// Every attribute, for tools and tests that must see all of them.
pub const ALL: &[&Attribute] = crate::families::ATTRIBUTES;

/// The attribute of this name; call it in a `const`.
///
/// # Panics
/// When there is none.
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
