//! The strictest compiler settings find nothing in the expansion.

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

use measurand::{measured, neural_op, timed_query, verified};
use std::fmt::Display;
use std::pin::Pin;

/// Everything that a user can write.
#[derive(Debug, Clone, Copy)]
pub struct Thing<'a>(&'a str);

/// A trait.
pub trait Act {
    /// A default method.
    #[measured]
    fn act(&self) -> u32 {
        1
    }
}

impl Act for Thing<'_> {}

impl<'a> Thing<'a> {
    /// Borrows.
    #[measured]
    pub fn text(&self) -> Option<&'a str> {
        Some(self.0)
    }

    /// Changes, later.
    ///
    /// # Errors
    /// Never.
    #[timed_query("update", table = "things")]
    pub async fn change(&mut self, to: &'a str) -> Result<&'a str, std::io::Error> {
        self.0 = to;
        if to.is_empty() {
            return Ok("");
        }
        Ok(to)
    }

    /// Verifies.
    #[verified("coder", threshold = 0.5, rollback = self.reset(), severity = "P0")]
    pub fn verify(&mut self) -> f64 {
        0.1
    }

    /// Verifies, later.
    #[verified("coder", rollback = { self.reset(); std::future::ready(()).await })]
    pub async fn verify_later(&mut self) -> f64 {
        0.1
    }

    fn reset(&mut self) {
        self.0 = "";
    }
}

#[neural_op("learning", error_if = |it| it.is_empty())]
#[must_use]
fn shown<T: Display>(value: T) -> String {
    value.to_string()
}

#[measured]
fn nothing(mut count: u32) {
    count += 1;
    println!("{count}");
}

#[measured]
fn opaque(values: &[u32]) -> impl Iterator<Item = u32> {
    values.iter().map(|it| it + 1)
}

#[measured]
fn returned(value: u32) -> impl Future<Output = u32> {
    async move { value }
}

#[measured]
fn boxed(value: &u32) -> Pin<Box<dyn Future<Output = u32> + Send + '_>> {
    Box::pin(async move { *value })
}

#[measured]
async fn unit() {}

#[measured]
fn exit() -> ! {
    std::process::exit(0)
}

#[measured]
fn main() {
    let mut thing = Thing("a");
    drop((thing.text(), thing.act(), thing.verify(), shown(1)));
    drop(thing.change("b"));
    drop(thing.verify_later());
    nothing(1);
    drop((opaque(&[1]).count(), returned(1), boxed(&1), unit()));
    exit();
}
