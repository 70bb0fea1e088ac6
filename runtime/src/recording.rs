//! Functions with the effect of attributes, for code that cannot be annotated.
//!
//! Each records the same series as its attribute. They are in the catalog, and therefore on dashboards and in alerts,
//! only if the crate registers the family with [`crate::records!`] or annotates another function with the same
//! attribute.

use crate::Label;
use crate::call::{self, run};
use crate::classify::outcome_of_gauge;
use crate::failure::Failure;
use crate::future::measure;
use crate::label::{LabelRef, label_ref};
use crate::lookup::SeriesLookup;
use crate::outcome::{Outcome, ReturnedValue};
use crate::series::Series;
use crate::value::GaugeValue;
use measurand_catalog::{Family, Role, families};
use metrics::Gauge;
use std::pin::pin;
use std::sync::OnceLock;

/// The kind of a neural operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Label)]
pub enum OperationType {
    /// Learning.
    Learning,
    /// Retrieval.
    Retrieval,
    /// Extraction.
    Extraction,
}

/// The subject of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Label)]
pub enum PatternType {
    /// Coordination.
    Coordination,
    /// Optimization.
    Optimization,
    /// Prediction.
    Prediction,
}

/// The kind of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Label)]
pub enum QueryType {
    /// Reads rows.
    Select,
    /// Adds rows.
    Insert,
    /// Changes rows.
    Update,
    /// Removes rows.
    Delete,
}

/// The kind of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Label)]
pub enum TaskType {
    /// A new feature.
    Feature,
    /// A fixed mistake.
    Bugfix,
    /// An improved structure.
    Refactor,
}

/// Counts a neural operation without a duration. `#[neural_op]` both counts and times operations.
pub fn record_neural_operation(operation_type: impl Label) {
    recorded!(NEURAL).series(&[label_ref(&operation_type)]).with_sink(|it| it.count_untimed());
}

/// Awaits a neural operation, and counts and times it like `#[neural_op]`.
///
/// # Errors
/// The errors of the operation.
pub async fn time_neural_operation<T, E>(
    operation_type: impl Label,
    operation: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    recorded!(NEURAL).wait(&[label_ref(&operation_type)], operation, of_result).await
}

/// Runs a neural operation, and counts and times it like `#[neural_op]`.
///
/// # Errors
/// The errors of the operation.
pub fn time_neural_operation_blocking<T, E>(
    operation_type: impl Label,
    operation: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    recorded!(NEURAL).run(&[label_ref(&operation_type)], operation, of_result)
}

/// Records the confidence of a pattern, from 0 to 1, as `#[pattern_confidence]` does.
pub fn record_pattern_confidence(pattern_type: impl Label, confidence: f64) {
    // NaN has no meaning as a confidence, and would make every sum useless.
    if !confidence.is_nan() {
        recorded!(PATTERN_CONFIDENCE)
            .find(&[label_ref(&pattern_type)], ReturnedValue::Score { score: confidence, success: true });
    }
}

/// Awaits the retrieval of a pattern, and times it like `#[pattern_retrieval]`.
pub async fn record_pattern_retrieval<T>(retrieval: impl Future<Output = T>) -> T {
    recorded!(PATTERN_RETRIEVAL).wait(&[], retrieval, of_any).await
}

/// Runs the retrieval of a pattern, and times it like `#[pattern_retrieval]`.
pub fn record_pattern_retrieval_blocking<T>(retrieval: impl FnOnce() -> T) -> T {
    recorded!(PATTERN_RETRIEVAL).run(&[], retrieval, of_any)
}

/// Counts a learned pattern, like `#[pattern_learned]`.
pub fn record_pattern_learned() {
    recorded!(PATTERN_LEARNING).find(&[], ReturnedValue::None);
}

/// Counts a cycle of the feedback loop, like `#[feedback_cycle]`.
pub fn record_feedback_cycle() {
    recorded!(FEEDBACK).find(&[], ReturnedValue::None);
}

/// Records the score of a verification, from 0 to 1, and whether it is a success, like `#[verified]`. NaN counts as a
/// missing score and as a failure.
pub fn record_verification(agent_id: impl Label, score: f64, success: bool) {
    let finding = if score.is_nan() { ReturnedValue::NoScore } else { ReturnedValue::Score { score, success } };
    recorded!(VERIFICATION).find(&[label_ref(&agent_id)], finding);
}

/// Counts a rollback of an agent's work, like `#[verified(rollback = ..)]`.
pub fn record_auto_rollback(agent_id: impl Label) {
    call::count_rollback(recorded!(VERIFICATION).series(&[label_ref(&agent_id)]));
}

/// Awaits a query, and counts and times it like `#[timed_query]`.
///
/// # Errors
/// The errors of the query.
pub async fn record_db_query<T, E>(
    query_type: impl Label,
    table: impl Label,
    query: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    recorded!(DATABASE).wait(&[label_ref(&query_type), label_ref(&table)], query, of_result).await
}

/// Runs a query, and counts and times it like `#[timed_query]`.
///
/// # Errors
/// The errors of the query.
pub fn record_db_query_blocking<T, E>(
    query_type: impl Label,
    table: impl Label,
    query: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    recorded!(DATABASE).run(&[label_ref(&query_type), label_ref(&table)], query, of_result)
}

/// Counts a failed attempt to connect to the database, like `#[db_connection]`.
pub fn record_database_connection_error() {
    let series = recorded!(DATABASE_CONNECTION).series(&[]);
    series.with_sink(|it| {
        it.count(Role::Calls);
        it.count(Role::Failures);
    });
}

/// Counts a look-up that found something, like `#[cache_lookup]`.
pub fn record_cache_hit(cache: impl Label) {
    recorded!(CACHE).find(&[label_ref(&cache)], ReturnedValue::Lookup { hit: true });
}

/// Counts a look-up that found nothing, like `#[cache_lookup]`.
pub fn record_cache_miss(cache: impl Label) {
    recorded!(CACHE).find(&[label_ref(&cache)], ReturnedValue::Lookup { hit: false });
}

/// Awaits the planning of a goal, and times it like `#[goap_plan]`.
pub async fn record_goap_planning<T>(goal: impl Label, planning: impl Future<Output = T>) -> T {
    recorded!(PLANNING).wait(&[label_ref(&goal)], planning, of_any).await
}

/// Runs the planning of a goal, and times it like `#[goap_plan]`.
pub fn record_goap_planning_blocking<T>(goal: impl Label, planning: impl FnOnce() -> T) -> T {
    recorded!(PLANNING).run(&[label_ref(&goal)], planning, of_any)
}

/// Counts a task by its outcome, like `#[task]`.
pub fn record_task_completed(task_type: impl Label, success: bool) {
    let outcome = if success { Outcome::OK } else { Outcome::failed(Failure::Error) };
    recorded!(TASK).conclude(&[label_ref(&task_type)], outcome);
}

/// Sets the gauge `pattern_memory_bytes`, like `#[pattern_memory]`.
pub fn set_pattern_memory(bytes: impl GaugeValue) {
    recorded!(PATTERN_MEMORY).conclude(&[], outcome_of_gauge(&bytes));
}

/// Sets the gauge `memory_compression_ratio`, like `#[memory_compression]`.
pub fn set_memory_compression(ratio: impl GaugeValue) {
    recorded!(MEMORY_COMPRESSION).conclude(&[], outcome_of_gauge(&ratio));
}

/// Sets the gauge `patterns_active`, like `#[patterns_active]`.
pub fn set_patterns_active(patterns: impl GaugeValue) {
    recorded!(PATTERNS_ACTIVE).conclude(&[], outcome_of_gauge(&patterns));
}

/// Sets the gauge `patterns_unused`, like `#[patterns_unused]`.
pub fn set_patterns_unused(patterns: impl GaugeValue) {
    recorded!(PATTERNS_UNUSED).conclude(&[], outcome_of_gauge(&patterns));
}

/// Sets the gauge `pattern_reuse_rate`, like `#[pattern_reuse]`.
pub fn set_pattern_reuse(rate: impl GaugeValue) {
    recorded!(PATTERN_REUSE).conclude(&[], outcome_of_gauge(&rate));
}

/// Sets the gauge `coordination_efficiency`, like `#[coordination]`.
pub fn set_coordination_efficiency(efficiency: impl GaugeValue) {
    recorded!(COORDINATION).conclude(&[], outcome_of_gauge(&efficiency));
}

/// Sets the gauge `background_task_queue_length`, like `#[task_queue]`.
pub fn set_task_queue_length(tasks: impl GaugeValue) {
    recorded!(TASK_QUEUE).conclude(&[], outcome_of_gauge(&tasks));
}

/// Adds one to `background_task_queue_length` until the guard is dropped.
pub fn task_queued() -> Counted {
    recorded!(TASK_QUEUE).guard()
}

/// Adds one to `patterns_active` until the guard is dropped.
pub fn pattern_active() -> Counted {
    recorded!(PATTERNS_ACTIVE).guard()
}

/// A guard that adds one to a gauge as long as it lives. The gauge goes down on every exit path.
#[must_use = "the gauge goes down as soon as this is dropped"]
pub struct Counted(Gauge);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

impl std::fmt::Debug for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Counted")
    }
}

fn of_result<T, E>(result: &Result<T, E>) -> Outcome {
    result.as_ref().map_or(Outcome::failed(Failure::Error), |_| Outcome::OK)
}

/// The outcome in a family that counts no errors.
fn of_any<T>(_: &T) -> Outcome {
    Outcome::OK
}

/// A built-in family; each recording gives values to all its labels.
#[derive(Clone, Copy)]
struct Recorded {
    family: &'static Family,
    /// The index of the family in the table.
    index: usize,
}

/// The family with the name of this constant.
macro_rules! recorded {
    ($family:ident) => {
        const { Recorded::of(&families::$family) }
    };
}
use recorded;

impl Recorded {
    /// Call this in a `const`, so recording does not search the table.
    const fn of(family: &'static Family) -> Self {
        Self { family, index: families::index_of(family) }
    }

    fn series(self, labels: &[LabelRef<'_>]) -> &'static Series {
        static LOOKUPS: [OnceLock<SeriesLookup>; families::ALL.len()] =
            [const { OnceLock::new() }; families::ALL.len()];
        LOOKUPS[self.index].get_or_init(|| SeriesLookup::of_family(self.family)).find(labels)
    }

    fn find(self, labels: &[LabelRef<'_>], finding: ReturnedValue) {
        self.conclude(labels, Outcome::returned(finding));
    }

    /// Records the outcome of a call whose duration is unknown.
    fn conclude(self, labels: &[LabelRef<'_>], outcome: Outcome) {
        let series = self.series(labels);
        series.with_sink(|it| call::record_outcome(it, &outcome));
    }

    fn run<T>(self, labels: &[LabelRef<'_>], body: impl FnOnce() -> T, outcome_of: fn(&T) -> Outcome) -> T {
        run(self.series(labels), body, outcome_of)
    }

    fn wait<T, F: Future<Output = T>>(
        self,
        labels: &[LabelRef<'_>],
        future: F,
        outcome_of: fn(&T) -> Outcome,
    ) -> impl Future<Output = T> + use<T, F> {
        let series = self.series(labels);
        async move { measure(series, pin!(future), outcome_of).await.0 }
    }

    fn guard(self) -> Counted {
        let gauge = self.series(&[]).with_sink(|it| it.gauge(Role::Level));
        gauge.increment(1.0);
        Counted(gauge)
    }
}
