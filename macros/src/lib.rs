//! The attribute macros of Measurand; use them through the crate `measurand`, which re-exports them.
//!
//! One engine serves all attributes: *parse* (`args`, `func`) → *model* (checked plain data) → *expand* (tokens). The
//! tables of `measurand-catalog` define each attribute: its name, its arguments and its metrics. Only this file knows
//! attributes by name, to give each an entry point and its documentation.
//!
//! The macros read their input and the source file of the annotated function, where `name` finds the surrounding `impl`
//! block. They read no environment variables, no other files and no settings of their own build.

#![forbid(unsafe_code)]

mod args;
mod block;
mod derive;
mod diag;
mod docs;
mod engine;
mod error;
mod expand;
mod family;
mod fn_kind;
mod func;
mod label;
mod model;
mod name;
mod objective;
mod readable;
mod scan;
mod stream;
mod tail;
#[cfg(test)]
mod tests;

use measurand_catalog::Attribute;
use measurand_catalog::attribute::named;
use proc_macro::TokenStream;

/// Whether the attributes generate recording code. Without the feature `record`, or with the feature `off`, a function
/// stays as written; mistakes are still reported. `off` wins if both are enabled.
const RECORDS: bool = cfg!(feature = "record") && !cfg!(feature = "off");

fn run(attribute: &'static Attribute, args: TokenStream, item: TokenStream) -> TokenStream {
    engine::run(attribute, args.into(), item.into(), RECORDS).into()
}

/// Implements `Label` for an enum without fields: each variant is a label value.
///
/// A variant's value is its name in `snake_case`, or the text of `#[label("..")]`. If another crate re-exports
/// `measurand`, name the path with `#[label(crate = path)]` on the enum.
#[proc_macro_derive(Label, attributes(label))]
pub fn label(item: TokenStream) -> TokenStream {
    derive::run(&derive::LABEL, item.into()).into()
}

/// Implements `ErrorKind` for an enum: each variant is an error kind.
///
/// A variant's kind is its name in `snake_case`, or the text of `#[error_kind("..")]`. With `#[error_kind(nested)]`, it
/// is the kind of the error in the variant's only field. If another crate re-exports `measurand`, name the path with
/// `#[error_kind(crate = path)]` on the enum.
#[proc_macro_derive(ErrorKind, attributes(error_kind))]
pub fn error_kind(item: TokenStream) -> TokenStream {
    derive::run(&derive::ERROR_KIND, item.into()).into()
}

/// The implementation of `measurand::family!`, which passes the path of `measurand` first. Not public API.
#[doc(hidden)]
#[proc_macro]
pub fn __family(declaration: TokenStream) -> TokenStream {
    family::run(declaration.into()).into()
}

/// Counts and times the calls of any function: rate, errors, duration and calls in flight.
///
/// ```ignore
/// #[measurand::measured]
/// fn checkout(cart: &Cart) -> Result<Receipt, CheckoutError> { /* .. */ }
/// ```
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `function_calls_total` | counter | `function`, `module` |
/// | `function_errors_total` | counter | `function`, `module`, `outcome` |
/// | `function_duration_seconds` | histogram | `function`, `module` |
/// | `function_calls_in_flight` | gauge | `function`, `module` |
///
/// A returned `Err` is an `error`; for other types use `ok_if` or `error_if`. A call that unwinds is a `panic`. A
/// future that is dropped before it is ready is `cancelled`.
///
/// The call of a future lasts from its first poll until it is ready. The signature shows that a function returns a
/// future: `async fn`, `impl Future`, `Pin<Box<dyn Future>>`, `BoxFuture`, or a method under `#[async_trait]`. A future
/// behind another alias or an associated type is a plain value: the call ends when the function returns it.
///
/// The call of a stream lasts from its first poll until it ends (feature `stream` of `measurand`). The signature shows
/// that a function returns a stream: `impl Stream`, `impl TryStream`, `impl FusedStream`, `Pin<Box<dyn Stream>>`,
/// `BoxStream` or `LocalBoxStream`. The first item that is an `Err` makes the call an `error`; `ok_if` and `error_if`
/// get each item. A stream that is dropped before its end is `cancelled`, unless it has returned an error before. A
/// stream inside another type, such as a `Result`, is a plain value. The items are counted in a family of their own:
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `stream_items_total` | counter | `function`, `module` |
/// | `stream_first_item_seconds` | histogram | `function`, `module` |
///
/// The written type of the result decides: a generic `T` is always `ok`, even if it is a `Result` at run time. The body
/// runs in a closure, so `Location::caller()` inside it does not return the caller, even under `#[track_caller]`.
///
/// With `time = 1 in 16`, every call is counted, also in the histogram, but only about one call in sixteen, chosen at
/// random, reads the clock. The calls until the next timed one are recorded with its duration. For a share `p` of `n`
/// calls (for example those in one bucket), the relative standard error is about `sqrt(2 * (1 - p) / (p * n / 16))`:
/// 18 % for the slowest hundredth of 100 000 calls, 2 % for half of them. A recorder other than the global one gets a
/// measured duration for every call.
///
/// | argument | value | meaning |
/// |---|---|---|
/// | `function` | a label value; the key is optional | the label `function`; default: the function's own name |
/// | `family` | the name of a `measurand::family!` | records this family; each of its labels becomes an argument |
/// | `ok_if`, `error_if` | closure or path that takes a reference to the result | decides the outcome |
/// | `slo` | `slo(success = 99.9, latency = "10ms" @ 99)`, or one of both | the objective of the function |
/// | `time` | `1 in 16` | reads the clock for about one call in 16 |
/// | `caller` | none | adds the label `caller`: the file and line of the call |
/// | `owner`, `severity`, `runbook` | strings | are shown in alerts and runbooks |
/// | `crate` | path | the path of `measurand`, if another crate re-exports it |
///
/// The value of a label is one of these three:
///
/// - a string literal
/// - an expression over the function's arguments, evaluated before the body runs. Its type implements `Label`: text,
///   `bool`, or an enum with `#[derive(Label)]`.
/// - a closure with one argument: a reference to the result. If the call panics or is cancelled, there is no result and
///   the value is `panic` or `cancelled`.
///
/// If a type has a value that the label does not allow, the code does not compile. A family has a limited number of
/// combinations of texts; further combinations are recorded as `_other`.
///
/// If the type of the `Err` has `#[derive(ErrorKind)]`, the errors counter also has the label `error_kind`.
///
/// On an `impl` block, a trait or a module, the attribute applies to each function inside, also in inner modules and
/// blocks, that has a body, is not `const` and has no Measurand attribute of its own. `#[measured(skip)]` excludes a
/// function or an inner block.
///
/// A function's name is unique in its module: a method is called `Type::method`, or `<Type as Trait>::method`.
///
/// The catalog contains the first paragraph of the doc comment, its section `# Runbook`, and `owner`, `severity` and
/// `runbook`. If there is a doc comment, the macro adds the function's metrics with queries to copy.
#[proc_macro_attribute]
pub fn measured(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("measured") }, args, item)
}

/// Counts and times a neural operation.
///
/// ```ignore
/// #[measurand::neural_op("retrieval")]
/// fn retrieve(&self, query: &Query) -> Result<Vec<Pattern>, StoreError> { /* .. */ }
/// ```
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `neural_operations_total` | counter | `operation_type` |
/// | `neural_operation_errors_total` | counter | `operation_type`, `outcome` |
/// | `neural_operation_duration_seconds` | histogram | `operation_type` |
///
/// The argument `operation_type` is `"learning"`, `"retrieval"` or `"extraction"`; its key is optional. The other
/// arguments are those of [`macro@measured`].
#[proc_macro_attribute]
pub fn neural_op(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("neural_op") }, args, item)
}

/// Records the truth score that a verification returns.
///
/// ```ignore
/// #[measurand::verified(agent_id = "coder", rollback = workspace.restore())]
/// fn verify(workspace: &Workspace) -> Result<f64, VerifyError> { /* .. */ }
/// ```
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `truth_score` | histogram from 0 to 1 | `agent_id` |
/// | `agent_truth_score` | gauge | `agent_id` |
/// | `verification_success_total`, `verification_failures_total` | counters | `agent_id` |
/// | `auto_rollback_total` | counter | `agent_id` |
///
/// The function returns a type that implements `Score`: `f64`, `f32`, a `Result` or `Option` of one, or your own type.
/// A score of at least `threshold` is a success; default: 0.95. A lower score is a failure, and so is a call that
/// returns no score, panics or is cancelled. If a call returns and is a failure, the expression `rollback` is evaluated
/// and counted; inside an `async fn` it may use `.await`.
#[proc_macro_attribute]
pub fn verified(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("verified") }, args, item)
}

/// Counts and times a database query.
///
/// ```ignore
/// #[measurand::timed_query("select", table = "patterns")]
/// async fn load(pool: &Pool, id: u64) -> Result<Pattern, sqlx::Error> { /* .. */ }
/// ```
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `db_query_duration_seconds` | histogram | `query_type`, `table` |
/// | `db_query_errors_total` | counter | `query_type`, `table`, `outcome` |
///
/// The argument `query_type` is `"select"`, `"insert"`, `"update"` or `"delete"`; its key is optional. `table` is any
/// string. The other arguments are those of [`macro@measured`].
#[proc_macro_attribute]
pub fn timed_query(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("timed_query") }, args, item)
}

/// Counts and times an HTTP request to another service, with any HTTP client.
///
/// ```ignore
/// #[measurand::outgoing("payments")]
/// async fn charge(client: &Client, order: &Order) -> Result<Receipt, ClientError> { /* .. */ }
/// ```
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `outgoing_requests_total` | counter | `peer`, `operation` |
/// | `outgoing_request_errors_total` | counter | `peer`, `operation`, `outcome` |
/// | `outgoing_request_duration_seconds` | histogram | `peer`, `operation` |
/// | `outgoing_requests_in_flight` | gauge | `peer`, `operation` |
///
/// The argument `peer` is the name of the other service; its key is optional. Default of `operation`: the function's own
/// name. A returned `Err` is an error. If the client returns a status instead, write for example
/// `error_if = |it| it.as_ref().map_or(true, |it| it.status().is_server_error())`. The other arguments are those of
/// [`macro@measured`].
#[proc_macro_attribute]
pub fn outgoing(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("outgoing") }, args, item)
}

/// Records the confidence that a function returns.
///
/// ```ignore
/// #[measurand::pattern_confidence("coordination")]
/// fn confidence(&self) -> f64 { /* .. */ }
/// ```
///
/// The function returns a type that implements `Score`, as for [`macro@verified`].
#[proc_macro_attribute]
pub fn pattern_confidence(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("pattern_confidence") }, args, item)
}

/// Times the retrieval of a pattern.
///
/// ```ignore
/// #[measurand::pattern_retrieval]
/// fn retrieve(&self) -> Result<Pattern, StoreError> { /* .. */ }
/// ```
///
/// Every call is timed, including failed, panicked and cancelled ones.
#[proc_macro_attribute]
pub fn pattern_retrieval(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("pattern_retrieval") }, args, item)
}

/// Counts one learned pattern for each successful call.
///
/// ```ignore
/// #[measurand::pattern_learned]
/// fn learn(&self) -> Result<(), StoreError> { /* .. */ }
/// ```
///
/// A call that returns `Err`, panics or is cancelled is not counted. For other types use `ok_if` or `error_if`.
#[proc_macro_attribute]
pub fn pattern_learned(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("pattern_learned") }, args, item)
}

/// Counts one cycle of the feedback loop for each successful call.
///
/// ```ignore
/// #[measurand::feedback_cycle]
/// fn turn(&self) -> Result<(), LoopError> { /* .. */ }
/// ```
///
/// A call that returns `Err`, panics or is cancelled is not counted. For other types use `ok_if` or `error_if`.
#[proc_macro_attribute]
pub fn feedback_cycle(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("feedback_cycle") }, args, item)
}

/// Counts attempts to connect to the database, those that failed, and those in flight.
///
/// ```ignore
/// #[measurand::db_connection]
/// fn connect(&self) -> Result<Connection, DbError> { /* .. */ }
/// ```
///
/// A call that returns `Err`, panics or is cancelled is a failed attempt. For other types use `ok_if` or `error_if`.
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `database_connections_total`, `database_connection_errors_total` | counters | |
/// | `database_connections_in_flight` | gauge | |
#[proc_macro_attribute]
pub fn db_connection(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("db_connection") }, args, item)
}

/// Counts the hits and misses of a cache look-up.
///
/// ```ignore
/// #[measurand::cache_lookup("embeddings")]
/// fn look_up(&self) -> Option<Embedding> { /* .. */ }
/// ```
///
/// The function returns a type that implements `CacheResult`: an `Option`, a `Result` of one, or your own type. `Err`
/// is neither a hit nor a miss.
#[proc_macro_attribute]
pub fn cache_lookup(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("cache_lookup") }, args, item)
}

/// Times the planning of a goal.
///
/// ```ignore
/// #[measurand::goap_plan("feature-implementation")]
/// fn plan(&self) -> Result<Plan, PlanError> { /* .. */ }
/// ```
///
/// Every call is timed, including failed, panicked and cancelled ones.
#[proc_macro_attribute]
pub fn goap_plan(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("goap_plan") }, args, item)
}

/// Counts tasks by their outcome.
///
/// ```ignore
/// #[measurand::task("feature")]
/// fn run(&self) -> Result<(), TaskError> { /* .. */ }
/// ```
///
/// The label `status` is `success`, or `failure` for a call that returns `Err`, panics or is cancelled. For other types
/// use `ok_if` or `error_if`.
#[proc_macro_attribute]
pub fn task(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("task") }, args, item)
}

/// The attributes of families with a single gauge.
macro_rules! gauges {
    ($($name:ident sets $metric:literal: $type:literal;)+) => {$(
        #[doc = concat!("Sets the gauge `", $metric, "` to the returned number.")]
        ///
        /// ```ignore
        #[doc = concat!("#[measurand::", stringify!($name), "]")]
        #[doc = concat!("fn measure(&self) -> ", $type, " { /* .. */ }")]
        /// ```
        ///
        /// The function returns a type that implements `GaugeValue`: a number, an `Option` or a `Result` of one, or
        /// your own type. `None` and `Err` leave the gauge unchanged.
        #[proc_macro_attribute]
        pub fn $name(args: TokenStream, item: TokenStream) -> TokenStream {
            run(const { named(stringify!($name)) }, args, item)
        }
    )+};
}

gauges! {
    pattern_memory sets "pattern_memory_bytes": "u64";
    memory_compression sets "memory_compression_ratio": "f64";
    patterns_active sets "patterns_active": "usize";
    patterns_unused sets "patterns_unused": "usize";
    pattern_reuse sets "pattern_reuse_rate": "f64";
    coordination sets "coordination_efficiency": "f64";
    task_queue sets "background_task_queue_length": "usize";
}
