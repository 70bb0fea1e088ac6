//! The macro behind the table of built-in families.

/// Declares families in the syntax of `measurand::family!`, each with the attribute that records it, and the lists
/// `ALL` and `ATTRIBUTES`.
///
/// It is a macro by example because the procedural macro depends on this crate. A mistake in the table does not compile
/// either, but the message is less helpful.
macro_rules! families {
    ($(
        $(#[doc = $help:literal])+
        $family:ident = $name:literal, $title:literal {
            $(labels { $($label:ident $($from_result:ident)? $(: $($value:expr),+)?;)+ })?
            metrics { $($role:ident $metric:literal: $metric_help:literal $(, [$($bucket:expr),+])?;)+ }
            $(alerts { $(
                $alert:ident $severity:ident:
                    $word:ident $($second:ident)? $($number:literal $($unit:ident)?)? $(> $above:literal)? $(< $below:literal)?,
                    for $seconds:literal s, $summary:literal, $impact:literal;
            )+ })?
            $(attribute $attribute:ident: $attribute_help:literal, $example:literal $({ $(
                $argument:ident = $kind:ident $absent:ident: $argument_help:literal;
            )+ })?;)?
        }
    )+) => {
        $(
            $(#[doc = $help])+
            pub const $family: Family = Family {
                name: $name,
                title: $title,
                help: record::first_line(&[$($help),+]),
                labels: &[$($(
                    Label::declared(&[stringify!($label) $(, stringify!($from_result))?], &[$($($value),+)?])
                ),+)?],
                metrics: &[$(Metric {
                    name: $metric,
                    role: Role::named(stringify!($role)).expect("a role"),
                    help: $metric_help,
                    buckets: &[$($($bucket),+)?],
                }),+],
                alerts: &[$($(Alert {
                    name: stringify!($alert),
                    severity: Severity::$severity,
                    condition: {
                        let words = concat!(stringify!($word) $(, " ", stringify!($second))?);
                        let (number, above, below) =
                            (optional(&[$($number)?]), optional(&[$($above)?]), optional(&[$($below)?]));
                        Condition::declared(words, number, above, below).expect("a condition")
                    },
                    for_seconds: $seconds,
                    summary: $summary,
                    impact: $impact,
                }),+)?],
            };
        )+

        /// Every built-in family except [`STREAM`], for tools and tests that must see all of them.
        pub const ALL: &[&Family] = &[$(&$family),+];

        /// The attributes of these families.
        pub(crate) const ATTRIBUTES: &[&Attribute] = &[$($(&Attribute {
            name: stringify!($attribute),
            help: $attribute_help,
            family: &$family,
            constant: stringify!($family),
            example: $example,
            arguments: &[$($(Argument {
                key: stringify!($argument),
                kind: ArgumentKind::$kind,
                absent: Absent::$absent,
                help: $argument_help,
            }),+)?],
        },)?)+];
    };
}
