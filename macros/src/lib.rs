//! The attribute macros of Measurand; use them through the crate `measurand`, which re-exports them.
//!
//! One engine serves all attributes: *parse* (`args`, `func`) → *model* (checked plain data) → *expand* (tokens). What an
//! attribute is called, which arguments it takes and what it records stands in the tables of `measurand-catalog`; no
//! file but this one knows an attribute by name, and this one only to give it an entry point and its documentation.
//!
//! The macros read nothing but their input: no environment, no files, no settings of their own build.

#![forbid(unsafe_code)]

mod args;
mod diag;
mod docs;
mod engine;
mod expand;
mod func;
mod model;
#[cfg(test)]
mod tests;

use measurand_catalog::attribute;
use proc_macro::TokenStream;

/// Counts and times the calls of any function: rate, errors, duration, calls in flight.
///
/// ```ignore
/// #[measurand::measured]
/// fn checkout(cart: &Cart) -> Result<Receipt, CheckoutError> { … }
/// ```
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `function_calls_total` | counter | `function`, `module` |
/// | `function_errors_total` | counter | `function`, `module`, `outcome` |
/// | `function_duration_seconds` | histogram | `function`, `module` |
/// | `function_calls_in_flight` | gauge | `function`, `module` |
///
/// A returned `Err` is an `error`; `ok_if` and `error_if` decide for other types. A call that unwinds is a `panic`, a
/// future that is dropped before it is ready is `cancelled`.
///
/// | argument | value | meaning |
/// |---|---|---|
/// | `function` | string, may stand without its key | the label `function` instead of the function's own name |
/// | `ok_if`, `error_if` | closure or path, called with a reference to the result | decides the outcome |
/// | `owner`, `severity`, `runbook` | strings | travel to alerts and runbooks |
/// | `crate` | path | where another crate re-exports `measurand` |
#[proc_macro_attribute]
pub fn measured(args: TokenStream, item: TokenStream) -> TokenStream {
    engine::run(&attribute::MEASURED, args.into(), item.into()).into()
}

/// Counts and times a neural operation.
///
/// ```ignore
/// #[measurand::neural_op("retrieval")]
/// fn retrieve(&self, query: &Query) -> Result<Vec<Pattern>, StoreError> { … }
/// ```
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `neural_operations_total` | counter | `operation_type` |
/// | `neural_operation_errors_total` | counter | `operation_type`, `outcome` |
/// | `neural_operation_duration_seconds` | histogram | `operation_type` |
///
/// The argument `operation_type` is `"learning"`, `"retrieval"` or `"extraction"` and may stand without its key. The
/// other arguments are those of [`macro@measured`].
#[proc_macro_attribute]
pub fn neural_op(args: TokenStream, item: TokenStream) -> TokenStream {
    engine::run(&attribute::NEURAL_OP, args.into(), item.into()).into()
}

/// Records the truth score that a verification returns.
///
/// ```ignore
/// #[measurand::verified(agent_id = "coder", rollback = workspace.restore())]
/// fn verify(workspace: &Workspace) -> Result<f64, VerifyError> { … }
/// ```
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `truth_score` | histogram from 0 to 1 | `agent_id` |
/// | `agent_truth_score` | gauge | `agent_id` |
/// | `verification_success_total`, `verification_failures_total` | counters | `agent_id` |
/// | `auto_rollback_total` | counter | `agent_id` |
///
/// The function returns a type with a `Score`: `f64`, `f32`, a `Result` or `Option` of one, or a type of yours that
/// implements the trait. A score of at least `threshold` (0.95 unless given) is a success. A lower one is a failure, and
/// so is a call that returned no score, panicked or was cancelled. After a failure that returned, the expression
/// `rollback` is evaluated, inside an `async fn` with `.await` if you like, and counted.
#[proc_macro_attribute]
pub fn verified(args: TokenStream, item: TokenStream) -> TokenStream {
    engine::run(&attribute::VERIFIED, args.into(), item.into()).into()
}

/// Counts and times a database query.
///
/// ```ignore
/// #[measurand::timed_query("select", table = "patterns")]
/// async fn load(pool: &Pool, id: u64) -> Result<Pattern, sqlx::Error> { … }
/// ```
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `db_query_duration_seconds` | histogram | `query_type`, `table` |
/// | `db_query_errors_total` | counter | `query_type`, `table`, `outcome` |
///
/// The argument `query_type` is `"select"`, `"insert"`, `"update"` or `"delete"` and may stand without its key; `table`
/// is any string. The other arguments are those of [`macro@measured`].
#[proc_macro_attribute]
pub fn timed_query(args: TokenStream, item: TokenStream) -> TokenStream {
    engine::run(&attribute::TIMED_QUERY, args.into(), item.into()).into()
}
