//! The families of this program: the built-in ones, and those that users declare.

use measurand_catalog::Family;

/// A family in the list of this program, with its record, which a catalog needs to explain its sites.
#[derive(Debug)]
#[cfg(any(feature = "catalog", feature = "exporter"))]
pub struct FamilyEntry(pub &'static Family, pub &'static [u8]);

#[cfg(any(feature = "catalog", feature = "exporter"))]
inventory::collect!(FamilyEntry);

/// Puts a family into the list. A program that shows its catalog to nobody has no list: it would keep the tables of every
/// family.
#[doc(hidden)]
#[macro_export]
#[cfg(any(feature = "catalog", feature = "exporter"))]
macro_rules! __list {
    ($family:expr, $record:ident) => {
        $crate::__private::inventory::submit! { $crate::__private::FamilyEntry($family, &$record) }
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(any(feature = "catalog", feature = "exporter")))]
macro_rules! __list {
    ($family:expr, $record:ident) => {};
}

#[cfg(any(feature = "catalog", feature = "exporter"))]
pub(crate) fn families() -> impl Iterator<Item = &'static FamilyEntry> {
    inventory::iter::<FamilyEntry>.into_iter()
}

/// What [`crate::family!`] declares; `#[measured(family = ..)]` takes a type with this trait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no family of metrics",
    label = "expected the name of a family",
    note = "declare it with `measurand::family!`",
    note = "example: measurand::family! {{ #[doc = \"Payments.\"] pub Payment = \"payment\", \"Payments\" {{ metrics {{ calls \"payments_total\": \"Payments.\"; }} }} }}"
)]
pub trait DeclaredFamily {
    /// Its table.
    const FAMILY: &'static Family;
    /// How the outcome of a call follows from what it returned.
    type Judge;
}

/// Declares a family of metrics of your own. It is used by `#[measured(family = ..)]`, and has its metrics, its row of the
/// dashboard and its alerts like the built-in ones.
///
/// ```
/// measurand::family! {
///     /// Payments by provider and currency.
///     pub Payment = "payment", "Payments" {
///         labels {
///             provider;
///             currency: "eur", "usd";
///         }
///         metrics {
///             calls "payments_total": "Payments that ended, whatever their outcome.";
///             errors "payment_errors_total": "Payments that ended in an error, in a panic or cancelled.";
///             duration "payment_duration_seconds": "Time from a payment's begin to its end.", [0.05, 0.25, 1.0, 5.0];
///         }
///         alerts {
///             PaymentErrors P0: error_ratio > 0.02, for 120 s,
///                 "Payments fail.", "Customers cannot pay.";
///             PaymentsSlow P1: duration quantile 0.95 > 1.0, for 600 s,
///                 "Payments are slow.", "Customers give up.";
///         }
///     }
/// }
///
/// #[measurand::measured(family = Payment, provider = "stripe", currency = "eur")]
/// fn pay(cents: u64) -> Result<u64, String> {
///     Ok(cents)
/// }
/// ```
///
/// The first name is the Rust type, the second the family's identifier, the third the title of its dashboard row; the
/// first line of the documentation is its help text. A label without values takes any; `late` in front of one says that
/// the result of a call tells its value.
///
/// | role | kind | what a call records |
/// |---|---|---|
/// | `calls` | counter | one, whatever the outcome |
/// | `errors` | counter | one by `outcome`, unless it ended well |
/// | `duration` | histogram | the seconds it took |
/// | `in_flight` | gauge | calls begun and not ended |
/// | `score` | histogram | what the result says through `Score` |
/// | `last_score` | gauge | the newest score |
/// | `successes`, `failures` | counters | one of them |
/// | `rollbacks` | counter | what [`crate::record_auto_rollback`] does for agents |
/// | `completions` | counter | one by `status`: `success` or `failure` |
/// | `level` | gauge | what the result says through `GaugeValue` |
/// | `hits`, `misses`, `hit_rate` | counters, gauge | what the result says through `CacheResult` |
///
/// | condition of an alert | fires when over five minutes |
/// |---|---|
/// | `error_ratio > 0.02` | more than this share of calls did not end well |
/// | `failure_ratio > 0.02` | more than this share of verdicts are failures |
/// | `duration quantile 0.95 > 1.0` | this quantile is above so many seconds, which are a bucket |
/// | `score quantile 0.05 < 0.7` | this quantile is below this score, which is a bucket |
/// | `rollbacks > 5` | there were more than this many rollbacks |
/// | `failures > 3` | there were more than this many failures |
/// | `completion_failures > 0.1` | over an hour, more than this share of completions are failures |
/// | `hit_ratio < 0.8` | less than this share of look-ups found something |
/// | `last_score < 0.85` | the newest score is below this, and is at most half an hour old |
/// | `level > 100`, `level < 0.9` | the level is above this, or below it and not zero |
/// | `level growth > 1048576` | the level is higher by more than this than a day before |
/// | `calls < 1000` | there are fewer calls per second than this; only with `under_load` in `monitoring.toml` |
/// | `stalled 300 s` | no call ended for so long, although there were some within the last day |
///
/// A wrong name, suffix, bucket or threshold does not compile.
#[macro_export]
macro_rules! family {
    (
        $(#[doc = $help:literal])+
        $visibility:vis $family:ident = $name:literal, $title:literal {
            $(labels { $($labels:tt)* })?
            metrics {
                $($role:ident $metric:literal: $metric_help:literal $(, [$($bucket:expr),* $(,)?])?;)+
            }
            $(alerts { $($alerts:tt)* })?
        }
    ) => {
        $(#[doc = $help])+
        $visibility struct $family;

        impl $crate::DeclaredFamily for $family {
            const FAMILY: &'static $crate::tables::Family = &$crate::tables::Family {
                name: $name,
                title: $title,
                help: $crate::__private::format::first_line(&[$($help),+]),
                labels: $crate::family!(@labels $family [] $($($labels)*)?),
                metrics: &[$({
                    $crate::family!(@check $family $metric check_metric_named $metric);
                    $crate::tables::Metric {
                        name: $metric,
                        role: $crate::family!(@role $role),
                        help: $metric_help,
                        buckets: &[$($($bucket),*)?],
                    }
                }),+],
                alerts: $crate::family!(@alerts $family [] $($($alerts)*)?),
            };
            type Judge = $crate::family!(@judge $($role)+);
        }

        $crate::__private::at! {
            $name => const _: () = <$family as $crate::DeclaredFamily>::FAMILY.check_name();
        }

        const _: () = {
            const FAMILY: &$crate::tables::Family = <$family as $crate::DeclaredFamily>::FAMILY;
            const LENGTH: ::core::primitive::usize = $crate::__private::format::family_length(FAMILY);
            $crate::__private::record! { RECORD, LENGTH, $crate::__private::format::family_record(FAMILY) }
            $crate::__private::list! { FAMILY, RECORD }
        };
    };

    // What is not written as a declaration is told how to be one, as near to the mistake as a pattern can say.
    ($visibility:vis $family:ident = $($rest:tt)*) => {
        $crate::family!(@shape $family "a family needs a line of documentation, which is its help text");
    };
    ($(#[doc = $help:literal])+ $visibility:vis $family:ident = $name:literal $body:tt) => {
        $crate::family!(@shape $name "a family needs two texts: its identifier, and the title of its dashboard row");
    };
    (
        $(#[doc = $help:literal])+ $visibility:vis $family:ident = $name:literal, $title:literal {
            $(labels { $($labels:tt)* })? metrics {} $($rest:tt)*
        }
    ) => {
        $crate::family!(@shape $family "a family needs at least one metric");
    };
    (
        $(#[doc = $help:literal])+ $visibility:vis $family:ident = $name:literal, $title:literal {
            $(labels { $($labels:tt)* })? metrics { $($metrics:tt)* } $(alerts { $($alerts:tt)* })?
        }
    ) => {
        $crate::family!(@metrics $($metrics)*);
    };
    (@metrics $role:ident $metric:literal: $help:literal $(, [$($bucket:expr),* $(,)?])?; $($rest:tt)*) => {
        $crate::family!(@metrics $($rest)*);
    };
    (@metrics $other:tt $($rest:tt)*) => {
        $crate::family!(@shape $other "expected a metric: its role, its name, `:`, its help text, buckets if it has them, `;`");
    };
    (@shape $place:tt $what:literal) => {
        $crate::__private::at! { $place => ::core::compile_error!(::core::concat!(
            $what, "\nexample: measurand::family! { #[doc = \"Payments.\"] pub Payment = \"payment\", \"Payments\" { labels { \
             provider; } metrics { calls \"payments_total\": \"Payments that ended.\"; } } }"
        )); }
    };

    // A rule is checked at the token that may break it.
    (@check $family:ident $token:tt $check:ident $name:expr) => {
        $crate::__private::at! {
            $token => const _: () = <$family as $crate::DeclaredFamily>::FAMILY.$check($name);
        }
    };

    (@labels $family:ident [$($done:expr,)*]) => { &[$($done),*] };
    (@labels $family:ident [$($done:expr,)*] late $label:ident $(: $($value:literal),+)?; $($rest:tt)*) => {
        $crate::family!(@labels $family [
            $($done,)* $crate::family!(@label $family $label $($($value),+)?).late(),
        ] $($rest)*)
    };
    (@labels $family:ident [$($done:expr,)*] $label:ident $(: $($value:literal),+)?; $($rest:tt)*) => {
        $crate::family!(@labels $family [
            $($done,)* $crate::family!(@label $family $label $($($value),+)?),
        ] $($rest)*)
    };
    (@labels $family:ident [$($done:expr,)*] $other:tt $($rest:tt)*) => {
        $crate::__private::at! { $other => ::core::compile_error!(
            "expected a label: its name, behind a `:` its values if it has a set of them, and a `;`\nexample: labels { \
             provider; currency: \"eur\", \"usd\"; }"
        ) }
    };
    (@label $family:ident $label:ident $($value:literal),*) => {{
        $crate::family!(@check $family $label check_label_named ::core::stringify!($label));
        $crate::tables::Label::of(::core::stringify!($label), &[$($value),*])
    }};

    (@role calls) => { $crate::tables::Role::Calls };
    (@role errors) => { $crate::tables::Role::Errors };
    (@role duration) => { $crate::tables::Role::Duration };
    (@role in_flight) => { $crate::tables::Role::InFlight };
    (@role score) => { $crate::tables::Role::Score };
    (@role last_score) => { $crate::tables::Role::LastScore };
    (@role successes) => { $crate::tables::Role::Successes };
    (@role failures) => { $crate::tables::Role::Failures };
    (@role rollbacks) => { $crate::tables::Role::Rollbacks };
    (@role completions) => { $crate::tables::Role::Completions };
    (@role level) => { $crate::tables::Role::Level };
    (@role hits) => { $crate::tables::Role::Hits };
    (@role misses) => { $crate::tables::Role::Misses };
    (@role hit_rate) => { $crate::tables::Role::HitRate };
    (@role $other:ident) => {
        $crate::__private::at! { $other => ::core::compile_error!(::core::concat!(
            "no metric has the role `", ::core::stringify!($other), "`; it is one of calls, errors, duration, in_flight, \
             score, last_score, successes, failures, rollbacks, completions, level, hits, misses, hit_rate\nexample: \
             calls \"payments_total\": \"Payments that ended.\";"
        )) }
    };

    (@severity P0) => { $crate::tables::Severity::P0 };
    (@severity P1) => { $crate::tables::Severity::P1 };
    (@severity P2) => { $crate::tables::Severity::P2 };
    (@severity P3) => { $crate::tables::Severity::P3 };
    (@severity $other:ident) => {
        $crate::__private::at! { $other => ::core::compile_error!(::core::concat!(
            "no alert has the severity `", ::core::stringify!($other), "`; it is one of P0, P1, P2, P3\nexample: \
             PaymentErrors P1: error_ratio > 0.02, for 120 s, \"Payments fail.\", \"Customers cannot pay.\";"
        )) }
    };

    (@judge) => { $crate::__private::ByOutcome };
    (@judge score $($rest:ident)*) => { $crate::__private::ByScore };
    (@judge level $($rest:ident)*) => { $crate::__private::ByGaugeValue };
    (@judge hits $($rest:ident)*) => { $crate::__private::ByCacheResult };
    (@judge $other:ident $($rest:ident)*) => { $crate::family!(@judge $($rest)*) };

    (@alerts $family:ident [$($done:expr,)*]) => { &[$($done),*] };
    (@alerts $family:ident [$($done:expr,)*]
        $alert:ident $severity:ident: error_ratio > $share:literal, for $seconds:literal s, $summary:literal,
        $impact:literal; $($rest:tt)*
    ) => {
        $crate::family!(@alert $family [$($done,)*] $alert $severity $seconds $summary $impact
            ($crate::tables::Condition::ErrorRatioAbove($share)) $($rest)*)
    };
    (@alerts $family:ident [$($done:expr,)*]
        $alert:ident $severity:ident: failure_ratio > $share:literal, for $seconds:literal s, $summary:literal,
        $impact:literal; $($rest:tt)*
    ) => {
        $crate::family!(@alert $family [$($done,)*] $alert $severity $seconds $summary $impact
            ($crate::tables::Condition::FailureRatioAbove($share)) $($rest)*)
    };
    (@alerts $family:ident [$($done:expr,)*]
        $alert:ident $severity:ident: duration quantile $quantile:literal > $limit:literal, for $seconds:literal s,
        $summary:literal, $impact:literal; $($rest:tt)*
    ) => {
        $crate::family!(@alert $family [$($done,)*] $alert $severity $seconds $summary $impact
            ($crate::tables::Condition::DurationAbove { quantile: $quantile, seconds: $limit }) $($rest)*)
    };
    (@alerts $family:ident [$($done:expr,)*]
        $alert:ident $severity:ident: score quantile $quantile:literal < $limit:literal, for $seconds:literal s,
        $summary:literal, $impact:literal; $($rest:tt)*
    ) => {
        $crate::family!(@alert $family [$($done,)*] $alert $severity $seconds $summary $impact
            ($crate::tables::Condition::ScoreBelow { quantile: $quantile, score: $limit }) $($rest)*)
    };
    (@alerts $family:ident [$($done:expr,)*]
        $alert:ident $severity:ident: rollbacks > $count:literal, for $seconds:literal s, $summary:literal,
        $impact:literal; $($rest:tt)*
    ) => {
        $crate::family!(@alert $family [$($done,)*] $alert $severity $seconds $summary $impact
            ($crate::tables::Condition::RollbacksAbove($count as f64)) $($rest)*)
    };
    (@alerts $family:ident [$($done:expr,)*]
        $alert:ident $severity:ident: failures > $limit:literal, for $seconds:literal s, $summary:literal,
        $impact:literal; $($rest:tt)*
    ) => {
        $crate::family!(@alert $family [$($done,)*] $alert $severity $seconds $summary $impact
            ($crate::tables::Condition::FailuresAbove($limit as f64)) $($rest)*)
    };
    (@alerts $family:ident [$($done:expr,)*]
        $alert:ident $severity:ident: completion_failures > $limit:literal, for $seconds:literal s, $summary:literal,
        $impact:literal; $($rest:tt)*
    ) => {
        $crate::family!(@alert $family [$($done,)*] $alert $severity $seconds $summary $impact
            ($crate::tables::Condition::CompletionFailuresAbove($limit)) $($rest)*)
    };
    (@alerts $family:ident [$($done:expr,)*]
        $alert:ident $severity:ident: hit_ratio < $limit:literal, for $seconds:literal s, $summary:literal,
        $impact:literal; $($rest:tt)*
    ) => {
        $crate::family!(@alert $family [$($done,)*] $alert $severity $seconds $summary $impact
            ($crate::tables::Condition::HitRatioBelow($limit)) $($rest)*)
    };
    (@alerts $family:ident [$($done:expr,)*]
        $alert:ident $severity:ident: last_score < $limit:literal, for $seconds:literal s, $summary:literal,
        $impact:literal; $($rest:tt)*
    ) => {
        $crate::family!(@alert $family [$($done,)*] $alert $severity $seconds $summary $impact
            ($crate::tables::Condition::LastScoreBelow($limit)) $($rest)*)
    };
    (@alerts $family:ident [$($done:expr,)*]
        $alert:ident $severity:ident: level > $limit:literal, for $seconds:literal s, $summary:literal,
        $impact:literal; $($rest:tt)*
    ) => {
        $crate::family!(@alert $family [$($done,)*] $alert $severity $seconds $summary $impact
            ($crate::tables::Condition::LevelAbove($limit as f64)) $($rest)*)
    };
    (@alerts $family:ident [$($done:expr,)*]
        $alert:ident $severity:ident: level < $limit:literal, for $seconds:literal s, $summary:literal,
        $impact:literal; $($rest:tt)*
    ) => {
        $crate::family!(@alert $family [$($done,)*] $alert $severity $seconds $summary $impact
            ($crate::tables::Condition::LevelBelow($limit as f64)) $($rest)*)
    };
    (@alerts $family:ident [$($done:expr,)*]
        $alert:ident $severity:ident: level growth > $limit:literal, for $seconds:literal s, $summary:literal,
        $impact:literal; $($rest:tt)*
    ) => {
        $crate::family!(@alert $family [$($done,)*] $alert $severity $seconds $summary $impact
            ($crate::tables::Condition::LevelGrowthAbove($limit as f64)) $($rest)*)
    };
    (@alerts $family:ident [$($done:expr,)*]
        $alert:ident $severity:ident: calls < $limit:literal, for $seconds:literal s, $summary:literal,
        $impact:literal; $($rest:tt)*
    ) => {
        $crate::family!(@alert $family [$($done,)*] $alert $severity $seconds $summary $impact
            ($crate::tables::Condition::CallsBelow($limit as f64)) $($rest)*)
    };
    (@alerts $family:ident [$($done:expr,)*]
        $alert:ident $severity:ident: stalled $limit:literal s, for $seconds:literal s, $summary:literal,
        $impact:literal; $($rest:tt)*
    ) => {
        $crate::family!(@alert $family [$($done,)*] $alert $severity $seconds $summary $impact
            ($crate::tables::Condition::Stalled($limit as f64)) $($rest)*)
    };
    (@alerts $family:ident [$($done:expr,)*] $alert:ident $($rest:tt)*) => {
        $crate::__private::at! { $alert => ::core::compile_error!(::core::concat!(
            "the alert `", ::core::stringify!($alert), "` is not written as an alert; its condition is `error_ratio > ..`, \
             `failure_ratio > ..`, `duration quantile .. > ..`, `score quantile .. < ..`, `last_score < ..`, `rollbacks > ..`, \
             `failures > ..`, `completion_failures > ..`, `hit_ratio < ..`, `level > ..`, `level < ..`, \
             `level growth > ..`, `calls < ..` or `stalled .. s`\nexample: \
             PaymentErrors P1: error_ratio > 0.02, for 120 s, \"Payments fail.\", \"Customers cannot pay.\";"
        )) }
    };
    (@alert $family:ident [$($done:expr,)*] $alert:ident $severity:ident $seconds:literal $summary:literal $impact:literal
        ($condition:expr) $($rest:tt)*
    ) => {
        $crate::family!(@alerts $family [$($done,)* {
            $crate::family!(@check $family $alert check_alert_named ::core::stringify!($alert));
            $crate::tables::Alert {
            name: ::core::stringify!($alert),
            severity: $crate::family!(@severity $severity),
            condition: $condition,
            hold_seconds: $seconds,
            summary: $summary,
            impact: $impact,
            }
        },] $($rest)*)
    };

    ($(#[doc = $help:literal])+ $visibility:vis $family:ident = $name:literal, $title:literal $body:tt) => {
        $crate::family!(@shape $family "a family has labels, metrics and alerts, each in braces, in this order");
    };
    ($other:tt $($rest:tt)*) => {
        $crate::family!(@shape $other "expected a family: its documentation, its name, `=`, two texts, and its parts in braces");
    };
}

/// Says that this crate records a family by functions such as [`crate::record_neural_operation`], so that it takes part in
/// the catalog and with it in dashboards and alerts, as annotated functions do by themselves. It stands where an item may
/// stand.
///
/// ```
/// measurand::records!(NEURAL, CACHE);
///
/// fn learn() {
///     measurand::record_neural_operation(measurand::OperationType::Learning);
/// }
/// ```
#[macro_export]
macro_rules! records {
    ($($family:ident),+ $(,)?) => {$(
        const _: () = {
            static __SITE: $crate::__private::Site = $crate::__private::declared_site! {
                __SITE, $crate::tables::families::$family, ::core::stringify!($family), [], "\u{1f}attribute\u{1f}records"
            };
        };
    )+};
}

macro_rules! built_in {
    ($($family:ident)*) => {$(
        #[expect(unsafe_code, reason = "`link_section` places constant bytes, which nothing reads as code")]
        const _: () = {
            use measurand_catalog::{families, record};
            const LENGTH: usize = record::family_length(&families::$family);
            crate::__record! { RECORD, LENGTH, record::family_record(&families::$family) }
            crate::__list! { &families::$family, RECORD }
        };
    )*};
}

built_in! {
    FUNCTION NEURAL PATTERN_CONFIDENCE PATTERN_RETRIEVAL PATTERN_LEARNING
    PATTERN_MEMORY MEMORY_COMPRESSION PATTERNS_ACTIVE PATTERNS_UNUSED PATTERN_REUSE
    FEEDBACK VERIFICATION DATABASE DATABASE_CONNECTION CACHE
    PLANNING COORDINATION TASK TASK_QUEUE HTTP
}

// A family of programs with streams: nobody else has its tables.
#[cfg(feature = "stream")]
built_in! { STREAM }
