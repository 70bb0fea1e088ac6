//! The strictest compiler settings find nothing in labels, objectives, families, derives and blocks.

#![forbid(unsafe_code)]
#![deny(
    warnings,
    future_incompatible,
    keyword_idents,
    let_underscore,
    nonstandard_style,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    unused,
    absolute_paths_not_starting_with_crate,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    ffi_unwind_calls,
    impl_trait_redundant_captures,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    non_ascii_idents,
    redundant_imports,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unused_crate_dependencies,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]
#![allow(unused_crate_dependencies, reason = "the tests' package has more of them than this file uses")]

use measurand::{ErrorKind, Label, measured, neural_op, timed_query, verified};

/// Tables.
#[derive(Debug, Clone, Copy, Label)]
pub enum Table {
    /// A value.
    Patterns,
    /// Another one.
    #[label("user_events")]
    Events,
}

/// The errors.
#[derive(Debug, ErrorKind)]
pub enum StoreError {
    /// It does not exist.
    NotFound,
    /// Another error.
    #[error_kind(nested)]
    Network(NetworkError),
}

/// The errors of another system.
#[derive(Debug, Clone, ErrorKind)]
pub enum NetworkError {
    /// It took too long.
    TimedOut {
        /// The address.
        host: String,
    },
}

measurand::family! {
    /// Payments by provider and currency.
    pub(crate) Payment = "strict_payment", "Payments" {
        labels {
            provider;
            from_result currency: "eur", "usd";
        }
        metrics {
            calls "strict_payments_total": "Payments that ended.";
            errors "strict_payment_errors_total": "Payments that failed.";
            duration "strict_payment_duration_seconds": "Time of a payment.", [0.25, 1.0];
            in_flight "strict_payments_in_flight": "Payments under way.";
        }
        alerts {
            StrictPaymentErrors P0: error_ratio > 0.02, for 120s, "Payments fail.", "Customers cannot pay.";
            StrictPaymentsSlow P1: duration quantile 0.95 > 1.0, for 600 s, "Payments are slow.", "Customers give up.";
        }
    }
}

/// Loads.
///
/// # Errors
/// If there is nothing.
#[timed_query("select", table = table, caller)]
pub fn load(table: Table, key: &str) -> Result<&str, StoreError> {
    match table {
        Table::Patterns if key.is_empty() => Err(StoreError::NotFound),
        Table::Patterns => Err(StoreError::Network(NetworkError::TimedOut { host: key.to_owned() })),
        Table::Events => Ok(key),
    }
}

#[timed_query("select", table = |it| it.as_ref().map_or("none", |it| it.as_str()))]
async fn late(mut table: String) -> Result<String, StoreError> {
    table.push('s');
    Ok(table)
}

#[measured(family = Payment, provider = provider, currency = |_| "eur", slo(latency = "1s" @ 99))]
fn pay<'a>(provider: &'a str, cents: u64) -> Result<&'a str, StoreError> {
    if cents == 0 {
        return Err(StoreError::NotFound);
    }
    Ok(provider)
}

#[neural_op("learning", time = 1 in 16, slo(success = 99.9))]
fn sampled() {}

#[verified(agent, rollback = undo(agent))]
fn verify(agent: &str) -> f64 {
    if agent.is_empty() { 0.1 } else { 1.0 }
}

#[neural_op(if quick { "learning" } else { "extraction" })]
fn chosen(quick: bool) {}

fn undo(agent: &str) {
    println!("{agent}");
}

/// A thing.
#[derive(Debug, Clone, Copy)]
pub struct Thing;

#[measured(caller, owner = "search")]
impl Thing {
    /// Borrows.
    pub fn text<'a>(&self, text: &'a str) -> Option<&'a str> {
        Some(text)
    }

    /// Returns nothing.
    #[measured(skip)]
    pub fn quiet(&self) {}

    /// May run at compile time.
    #[must_use]
    pub const fn constant() -> u32 {
        1
    }
}

#[measured]
mod inner {
    use super::Table;

    pub(super) fn function(table: Table) -> Table {
        table
    }

    pub(super) mod deeper {
        pub(in super::super) async fn later() {}
    }
}

fn main() {
    drop((load(Table::Events, ""), load(Table::Patterns, "a"), late(String::new()), pay("a", 1)));
    sampled();
    chosen(true);
    println!("{} {:?}", verify("coder"), Thing.text(""));
    Thing.quiet();
    drop(inner::deeper::later());
    println!("{:?} {}", inner::function(Table::Events), Thing::constant());
}
