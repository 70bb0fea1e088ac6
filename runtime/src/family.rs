//! The families of this program: the built-in ones, and those that users declare.

use measurand_catalog::Family;

/// A declared family in the list of this program, with its record, which a catalog needs to explain its sites.
#[derive(Debug)]
#[cfg(any(feature = "catalog", feature = "exporter"))]
pub struct FamilyEntry(pub &'static Family, pub &'static [u8]);

#[cfg(any(feature = "catalog", feature = "exporter"))]
inventory::collect!(FamilyEntry);

/// Puts the record of a family into the link section, and the family into the list of the program.
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

/// Puts a family into the list. A program without a catalog has no list: it would keep the tables of every family.
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

    /// All of them.
    #[cfg(any(feature = "catalog", feature = "exporter"))]
    pub(super) const ALL: &[u8] = &RECORDS;

    // Only programs with streams have the table of this family.
    #[cfg(feature = "stream")]
    crate::__recorded_family! { &families::STREAM }
}

/// The families of this program: the built-in ones, and those that users declare.
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
/// first line of the documentation is its help text. A label without values takes any; `from_result` in front of one
/// says that the result of a call tells its value.
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
    ($($declaration:tt)*) => { $crate::__family! { [$crate] $($declaration)* } };
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
