//! The families of this program: the built-in ones, and those that users declare.

use measurand_catalog::Family;

/// A declared family in the program's list, with its record. A catalog needs the record to explain the family's sites.
#[derive(Debug)]
#[cfg(any(feature = "catalog", feature = "exporter"))]
pub struct FamilyEntry(pub &'static Family, pub &'static [u8]);

#[cfg(any(feature = "catalog", feature = "exporter"))]
inventory::collect!(FamilyEntry);

/// Puts the record of a family into the link section, and the family into the program's list.
#[doc(hidden)]
#[macro_export]
macro_rules! __recorded_family {
    ($family:expr) => {
        const _: () = {
            const FAMILY: &$crate::tables::Family = $family;
            const LENGTH: ::core::primitive::usize = $crate::__private::format::families_length(&[FAMILY]);
            $crate::__private::record! { RECORD, LENGTH, $crate::__private::format::families_record(&[FAMILY]) }
            $crate::__private::list! { FAMILY, RECORD }
        };
    };
}

/// Puts a family into the list. A program without a catalog has no list, because a list would keep the tables of all
/// families in the program.
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

/// The records of the built-in families.
#[expect(unsafe_code, reason = "`link_section` places constant bytes, which nothing reads as code")]
mod built_in {
    use measurand_catalog::{families, record};

    crate::__record! {
        RECORDS, record::families_length(families::ALL), record::families_record(families::ALL)
    }

    /// The records of all built-in families.
    #[cfg(any(feature = "catalog", feature = "exporter"))]
    pub(super) const ALL: &[u8] = &RECORDS;

    // Only programs with the feature `stream` contain the table of this family.
    #[cfg(feature = "stream")]
    crate::__recorded_family! { &families::STREAM }
}

/// The families of this program: built-in and declared ones.
#[cfg(any(feature = "catalog", feature = "exporter"))]
pub(crate) fn families() -> impl Iterator<Item = &'static Family> {
    let declared = inventory::iter::<FamilyEntry>.into_iter().map(|it| it.0);
    measurand_catalog::families::ALL.iter().copied().chain(declared)
}

/// The records of these families.
#[cfg(any(feature = "catalog", feature = "exporter"))]
pub(crate) fn records() -> impl Iterator<Item = &'static [u8]> {
    std::iter::once(built_in::ALL).chain(inventory::iter::<FamilyEntry>.into_iter().map(|it| it.1))
}

/// A family that [`crate::family!`] declares; `#[measured(family = ..)]` takes a type with this trait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a family of metrics",
    label = "expected the name of a family",
    note = "declare it with `measurand::family!`",
    note = "example: measurand::family! {{ #[doc = \"Payments.\"] pub Payment = \"payment\", \"Payments\" {{ \
            metrics {{ calls \"payments_total\": \"Payments.\"; }} }} }}"
)]
pub trait DeclaredFamily {
    /// The table of the family.
    const FAMILY: &'static Family;
    /// The classifier that derives the outcome of a call from its result.
    type Classifier;
}

/// Declares a family of metrics of your own, for `#[measured(family = ..)]`. It has its metrics, its row of the
/// dashboard and its alerts, like the built-in families.
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
///             calls "payments_total": "Payments that ended, with any outcome.";
///             errors "payment_errors_total": "Payments that returned an error, panicked or were cancelled.";
///             duration "payment_duration_seconds":
///                 "Time from the start of a payment to its end.", [0.05, 0.25, 1.0, 5.0];
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
/// The first name is the Rust type, the second is the family's identifier, the third is the title of its dashboard row.
/// The first line of the documentation is the help text. A label without values takes any value. `from_result` before a
/// label means that its value comes from the result of the call.
///
/// | role | kind | what a call records |
/// |---|---|---|
/// | `calls` | counter | one, with any outcome |
/// | `errors` | counter | one by `outcome`, if the call failed |
/// | `duration` | histogram | its duration in seconds |
/// | `in_flight` | gauge | calls that have started and not ended |
/// | `score` | histogram | the score of the result, by the trait `Score` |
/// | `last_score` | gauge | the latest score |
/// | `successes`, `failures` | counters | one, in one of the two counters |
/// | `rollbacks` | counter | one for each rollback, as [`crate::record_auto_rollback`] counts for agents |
/// | `completions` | counter | one by `status`: `success` or `failure` |
/// | `level` | gauge | the number in the result, by the trait `GaugeValue` |
/// | `hits`, `misses`, `hit_rate` | counters, gauge | the hit or miss in the result, by the trait `CacheResult` |
///
/// | condition of an alert | fires if, over five minutes, |
/// |---|---|
/// | `error_ratio > 0.02` | the share of failed calls is above this |
/// | `failure_ratio > 0.02` | the share of failures among successes and failures is above this |
/// | `duration quantile 0.95 > 1.0` | this quantile is above this number of seconds, which is a bucket |
/// | `score quantile 0.05 < 0.7` | this quantile is below this score, which is a bucket |
/// | `rollbacks > 5` | there were more rollbacks than this |
/// | `failures > 3` | within 15 minutes, there were more failures than this, or calls hang |
/// | `completion_failures > 0.1` | over an hour, the share of failures among completions is above this |
/// | `hit_ratio < 0.8` | the share of look-ups that found something is below this |
/// | `last_score < 0.85` | the mean of the latest scores is below this |
/// | `level > 100`, `level < 0.9` | the level is above this, or below it |
/// | `level growth > 1048576` | the level has grown by more than this within a day |
/// | `calls < 1000` | the number of calls per second is below this; only with `under_load` in `monitoring.toml` |
/// | `stalled 300 s` | no call ended within this time, although some did since the start of the program |
///
/// Shares, quantiles and latest scores also need a minimum sample; see `minimum_sample` in `monitoring.toml`.
///
/// A wrong name, suffix, bucket or threshold does not compile.
#[macro_export]
macro_rules! family {
    ($($declaration:tt)*) => { $crate::__family! { [$crate] $($declaration)* } };
}

/// Registers families that this crate records by functions such as [`crate::record_neural_operation`]. They are then in
/// the catalog, on dashboards and in alerts, like the families of annotated functions. Use it where an item is allowed.
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
