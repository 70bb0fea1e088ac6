//! The attribute macros of Measurand; use them through the crate `measurand`, which re-exports them.
//!
//! One engine serves all attributes: *parse* (`args`, `func`) → *model* (checked plain data) → *expand* (tokens). What an
//! attribute is called, which arguments it takes and what it records stands in the tables of `measurand-catalog`; no
//! file but this one knows an attribute by name, and this one only to give it an entry point and its documentation.
//!
//! The macros read their input, and the source file that an annotated function stands in, which is where `name` finds
//! the `impl` block around it. They read no environment, no other files, and no settings of their own build.

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

/// Without the feature `record`, and with `off`, which wins over what other crates ask for, a function stays as it was
/// written. Mistakes are reported all the same.
const RECORDS: bool = cfg!(feature = "record") && !cfg!(feature = "off");

fn run(attribute: &'static Attribute, args: TokenStream, item: TokenStream) -> TokenStream {
    engine::run(attribute, args.into(), item.into(), RECORDS).into()
}

/// The values of a label, from the variants of an enum without fields.
///
/// A variant's value is its name in `snake_case`, or what `#[label("..")]` says. `#[label(crate = path)]` on the enum says
/// where another crate re-exports `measurand`.
#[proc_macro_derive(Label, attributes(label))]
pub fn label(item: TokenStream) -> TokenStream {
    derive::run(&derive::LABEL, item.into()).into()
}

/// The kinds of an error, from the variants of an enum.
///
/// A variant's kind is its name in `snake_case`, or what `#[error_kind("..")]` says; with `#[error_kind(nested)]` it is the
/// kind of the error in its one field. `#[error_kind(crate = path)]` on the enum says where another crate re-exports
/// `measurand`.
#[proc_macro_derive(ErrorKind, attributes(error_kind))]
pub fn error_kind(item: TokenStream) -> TokenStream {
    derive::run(&derive::ERROR_KIND, item.into()).into()
}

/// What `measurand::family!` calls, with the path of `measurand` in front. Not public API.
#[doc(hidden)]
#[proc_macro]
pub fn __family(declaration: TokenStream) -> TokenStream {
    family::run(declaration.into()).into()
}

/// Counts and times the calls of any function: rate, errors, duration, calls in flight.
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
/// A returned `Err` is an `error`; `ok_if` and `error_if` decide for other types. A call that unwinds is a `panic`, a
/// future that is dropped before it is ready is `cancelled`.
///
/// A future counts from its first poll until it is ready. It is known by what the function's signature says: `async fn`,
/// `impl Future`, `Pin<Box<dyn Future>>`, `BoxFuture`, or a method under `#[async_trait]`. Behind another alias or an
/// associated type it is a value like any other, and the call ends when it is made.
///
/// A stream counts from its first poll until it ends (feature `stream` of `measurand`). It is known likewise: `impl Stream`,
/// `impl TryStream`, `impl FusedStream`, `Pin<Box<dyn Stream>>`, `BoxStream` or `LocalBoxStream`. Its first item that is an `Err` makes the call
/// an `error`; `ok_if` and `error_if` are asked about each item. A stream that is dropped before its end is `cancelled`,
/// unless it gave an error before. Inside of another type, such as a `Result`, it is a value like any other. Its items are
/// counted beside the family of the attribute:
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `stream_items_total` | counter | `function`, `module` |
/// | `stream_first_item_seconds` | histogram | `function`, `module` |
///
/// The type of the result is the one that the function is written with: a generic `T` is `ok` even where it is a
/// `Result`. In a body under `#[track_caller]` the caller's place is not known.
///
/// Under `time = 1 in 16` every call is counted, in the histogram too, and about one in sixteen reads the clock. It is
/// chosen by chance, and its duration stands for the calls up to the next one that is. Of a share `p` of `n` calls (those
/// in one bucket, say) the relative standard error is then about `sqrt(2 * (1 - p) / (p * n / 16))`: the slowest hundredth
/// of 100 000 calls is known to 18 %, half of them to 2 %. A recorder that is not the global one sees every call timed.
///
/// | argument | value | meaning |
/// |---|---|---|
/// | `function` | a label's value, may stand without its key | the label `function` instead of the function's own name |
/// | `family` | the name of a `measurand::family!` | records that family; each of its labels is an argument |
/// | `ok_if`, `error_if` | closure or path, called with a reference to the result | decides the outcome |
/// | `slo` | `slo(success = 99.9, latency = "10ms" @ 99)`, or one of both | what the function promises |
/// | `time` | `1 in 16` | reads the clock for one call in so many |
/// | `caller` | none | adds the label `caller`: the file and line of the call |
/// | `owner`, `severity`, `runbook` | strings | travel to alerts and runbooks |
/// | `crate` | path | where another crate re-exports `measurand` |
///
/// The value of a label is one of three: a string literal; an expression over the function's arguments, evaluated before
/// the body, whose type is a `Label`: text, `bool`, or an enum with `#[derive(Label)]`; a closure with one argument, a
/// reference to the result. A type with a value that the label lacks does not compile. Text has a bounded number of values,
/// all others count under `_other`. Where a closure has no
/// result to look at, the value is the outcome: `panic` or `cancelled`.
///
/// The `Err` of a type with `#[derive(ErrorKind)]` adds the label `error_kind` to the counter of errors.
///
/// On an `impl` block, a trait or a module the attribute goes on each function inside that has a body, is not `const`, and
/// has no attribute of its own, those of inner modules and blocks too; `#[measured(skip)]` leaves a function or an inner
/// block out.
///
/// A function's name is unique in its module: a method is called `Type::method`, or `<Type as Trait>::method`.
///
/// The doc comment's first paragraph, a section `# Runbook` in it, `owner`, `severity` and `runbook` travel with the record.
/// Where there is a doc comment, it gains the function's metrics with queries to copy.
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
/// The argument `operation_type` is `"learning"`, `"retrieval"` or `"extraction"` and may stand without its key. The
/// other arguments are those of [`macro@measured`].
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
/// The function returns a type with a `Score`: `f64`, `f32`, a `Result` or `Option` of one, or a type of yours that
/// implements the trait. A score of at least `threshold` (0.95 unless given) is a success. A lower one is a failure, and
/// so is a call that returned no score, panicked or was cancelled. After a failure that returned, the expression
/// `rollback` is evaluated, inside an `async fn` with `.await` if you like, and counted.
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
/// The argument `query_type` is `"select"`, `"insert"`, `"update"` or `"delete"` and may stand without its key; `table`
/// is any string. The other arguments are those of [`macro@measured`].
#[proc_macro_attribute]
pub fn timed_query(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("timed_query") }, args, item)
}

/// Counts and times a request to another service over HTTP, whatever client sends it.
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
/// The argument `peer` is the name of the other service and may stand without its key. `operation` is the function's own
/// name unless given. An answer counts as an error where the function returns `Err`; for clients that return a status
/// instead, write for example `error_if = |it| it.as_ref().map_or(true, |it| it.status().is_server_error())`. The other
/// arguments are those of [`macro@measured`].
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
/// The function returns a type with a `Score`, as under [`macro@verified`].
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
/// The duration of every call counts, however it ended.
#[proc_macro_attribute]
pub fn pattern_retrieval(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("pattern_retrieval") }, args, item)
}

/// Counts a learned pattern for each call that ends well.
///
/// ```ignore
/// #[measurand::pattern_learned]
/// fn learn(&self) -> Result<(), StoreError> { /* .. */ }
/// ```
///
/// A call that returns `Err`, panics or is cancelled counts nothing; `ok_if` and `error_if` decide for other types.
#[proc_macro_attribute]
pub fn pattern_learned(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("pattern_learned") }, args, item)
}

/// Counts a turn of the feedback loop for each call that ends well.
///
/// ```ignore
/// #[measurand::feedback_cycle]
/// fn turn(&self) -> Result<(), LoopError> { /* .. */ }
/// ```
///
/// A call that returns `Err`, panics or is cancelled counts nothing; `ok_if` and `error_if` decide for other types.
#[proc_macro_attribute]
pub fn feedback_cycle(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("feedback_cycle") }, args, item)
}

/// Counts attempts to connect to the database that fail.
///
/// ```ignore
/// #[measurand::db_connection]
/// fn connect(&self) -> Result<Connection, DbError> { /* .. */ }
/// ```
///
/// A call that returns `Err`, panics or is cancelled counts; `ok_if` and `error_if` decide for other types.
#[proc_macro_attribute]
pub fn db_connection(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("db_connection") }, args, item)
}

/// Counts whether a look-up in a cache found something.
///
/// ```ignore
/// #[measurand::cache_lookup("embeddings")]
/// fn look_up(&self) -> Option<Embedding> { /* .. */ }
/// ```
///
/// The function returns a `CacheResult`: an `Option`, a `Result` of one, or a type of yours that implements the trait. `Err` is neither hit nor miss.
#[proc_macro_attribute]
pub fn cache_lookup(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("cache_lookup") }, args, item)
}

/// Times the planning for a goal.
///
/// ```ignore
/// #[measurand::goap_plan("feature-implementation")]
/// fn plan(&self) -> Result<Plan, PlanError> { /* .. */ }
/// ```
///
/// The duration of every call counts, however it ended.
#[proc_macro_attribute]
pub fn goap_plan(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("goap_plan") }, args, item)
}

/// Counts tasks by how they ended.
///
/// ```ignore
/// #[measurand::task("feature")]
/// fn run(&self) -> Result<(), TaskError> { /* .. */ }
/// ```
///
/// The label `status` is `success`, or `failure` for a call that returns `Err`, panics or is cancelled; `ok_if` and `error_if` decide for other types.
#[proc_macro_attribute]
pub fn task(args: TokenStream, item: TokenStream) -> TokenStream {
    run(const { named("task") }, args, item)
}

/// The attributes of families that are one gauge.
macro_rules! gauges {
    ($($name:ident sets $metric:literal: $type:literal;)+) => {$(
        #[doc = concat!("Sets the gauge `", $metric, "` to the number that a function returns.")]
        ///
        /// ```ignore
        #[doc = concat!("#[measurand::", stringify!($name), "]")]
        #[doc = concat!("fn measure(&self) -> ", $type, " { /* .. */ }")]
        /// ```
        ///
        /// The function returns a `GaugeValue`: a number, an `Option` or a `Result` of one, or a type of yours that
        /// implements the trait. `None` and `Err` leave the gauge as it is.
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
