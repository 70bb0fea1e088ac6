//! Functions that record what attributes record, for code that cannot be annotated.
//!
//! Each has the effect of its attribute, on the same series. What they record is in the catalog, and so on dashboards and
//! in alerts, if the crate says so with [`crate::records!`] or annotates another function with the same attribute.

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

/// What a pattern is about.
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
    /// Reads.
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
    /// Something new.
    Feature,
    /// A mistake mended.
    Bugfix,
    /// The same in a better form.
    Refactor,
}

/// Counts a neural operation that nobody timed, as `#[neural_op]` does besides timing it.
pub fn record_neural_operation(operation_type: impl Label) {
    recorded!(NEURAL).series(&[label_ref(&operation_type)]).with_sink(|it| it.count_untimed());
}

/// Awaits a neural operation, counted and timed as under `#[neural_op]`.
///
/// # Errors
/// Those of the operation.
pub async fn time_neural_operation<T, E>(
    operation_type: impl Label,
    operation: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    recorded!(NEURAL).wait(&[label_ref(&operation_type)], operation, of_result).await
}

/// Runs a neural operation, counted and timed as under `#[neural_op]`.
///
/// # Errors
/// Those of the operation.
pub fn time_neural_operation_blocking<T, E>(
    operation_type: impl Label,
    operation: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    recorded!(NEURAL).run(&[label_ref(&operation_type)], operation, of_result)
}

/// Records the confidence of a pattern, from 0 to 1, as `#[pattern_confidence]` does.
pub fn record_pattern_confidence(pattern_type: impl Label, confidence: f64) {
    // Not a number says nothing, and would make every sum useless.
    if !confidence.is_nan() {
        recorded!(PATTERN_CONFIDENCE)
            .find(&[label_ref(&pattern_type)], ReturnedValue::Score { score: confidence, success: true });
    }
}

/// Awaits the retrieval of a pattern, timed as under `#[pattern_retrieval]`.
pub async fn record_pattern_retrieval<T>(retrieval: impl Future<Output = T>) -> T {
    recorded!(PATTERN_RETRIEVAL).wait(&[], retrieval, of_any).await
}

/// Runs the retrieval of a pattern, timed as under `#[pattern_retrieval]`.
pub fn record_pattern_retrieval_blocking<T>(retrieval: impl FnOnce() -> T) -> T {
    recorded!(PATTERN_RETRIEVAL).run(&[], retrieval, of_any)
}

/// Counts a learned pattern, as `#[pattern_learned]` does.
pub fn record_pattern_learned() {
    recorded!(PATTERN_LEARNING).find(&[], ReturnedValue::None);
}

/// Counts a turn of the feedback loop, as `#[feedback_cycle]` does.
pub fn record_feedback_cycle() {
    recorded!(FEEDBACK).find(&[], ReturnedValue::None);
}

/// Records the score of a verification, from 0 to 1, and whether it counts as a success, as `#[verified]` does. Not a
/// number is no score, and a failure.
pub fn record_verification(agent_id: impl Label, score: f64, success: bool) {
    let finding = if score.is_nan() { ReturnedValue::NoScore } else { ReturnedValue::Score { score, success } };
    recorded!(VERIFICATION).find(&[label_ref(&agent_id)], finding);
}

/// Counts that the work of an agent was undone, as `#[verified(rollback = ..)]` does.
pub fn record_auto_rollback(agent_id: impl Label) {
    call::count_rollback(recorded!(VERIFICATION).series(&[label_ref(&agent_id)]));
}

/// Awaits a query, counted and timed as under `#[timed_query]`.
///
/// # Errors
/// Those of the query.
pub async fn record_db_query<T, E>(
    query_type: impl Label,
    table: impl Label,
    query: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    recorded!(DATABASE).wait(&[label_ref(&query_type), label_ref(&table)], query, of_result).await
}

/// Runs a query, counted and timed as under `#[timed_query]`.
///
/// # Errors
/// Those of the query.
pub fn record_db_query_blocking<T, E>(
    query_type: impl Label,
    table: impl Label,
    query: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    recorded!(DATABASE).run(&[label_ref(&query_type), label_ref(&table)], query, of_result)
}

/// Counts an attempt to connect to the database that failed, as `#[db_connection]` does.
pub fn record_database_connection_error() {
    let series = recorded!(DATABASE_CONNECTION).series(&[]);
    series.with_sink(|it| it.count(Role::Failures));
}

/// Counts a look-up that found something, as `#[cache_lookup]` does.
pub fn record_cache_hit(cache: impl Label) {
    recorded!(CACHE).find(&[label_ref(&cache)], ReturnedValue::Lookup { hit: true });
}

/// Counts a look-up that found nothing, as `#[cache_lookup]` does.
pub fn record_cache_miss(cache: impl Label) {
    recorded!(CACHE).find(&[label_ref(&cache)], ReturnedValue::Lookup { hit: false });
}

/// Awaits the planning for a goal, timed as under `#[goap_plan]`.
pub async fn record_goap_planning<T>(goal: impl Label, planning: impl Future<Output = T>) -> T {
    recorded!(PLANNING).wait(&[label_ref(&goal)], planning, of_any).await
}

/// Runs the planning for a goal, timed as under `#[goap_plan]`.
pub fn record_goap_planning_blocking<T>(goal: impl Label, planning: impl FnOnce() -> T) -> T {
    recorded!(PLANNING).run(&[label_ref(&goal)], planning, of_any)
}

/// Counts a task by how it ended, as `#[task]` does.
pub fn record_task_completed(task_type: impl Label, success: bool) {
    let outcome = if success { Outcome::OK } else { Outcome::failed(Failure::Error) };
    recorded!(TASK).conclude(&[label_ref(&task_type)], outcome);
}

/// Sets `pattern_memory_bytes`, as `#[pattern_memory]` does.
pub fn set_pattern_memory(bytes: impl GaugeValue) {
    recorded!(PATTERN_MEMORY).conclude(&[], outcome_of_gauge(&bytes));
}

/// Sets `memory_compression_ratio`, as `#[memory_compression]` does.
pub fn set_memory_compression(ratio: impl GaugeValue) {
    recorded!(MEMORY_COMPRESSION).conclude(&[], outcome_of_gauge(&ratio));
}

/// Sets `patterns_active`, as `#[patterns_active]` does.
pub fn set_patterns_active(patterns: impl GaugeValue) {
    recorded!(PATTERNS_ACTIVE).conclude(&[], outcome_of_gauge(&patterns));
}

/// Sets `patterns_unused`, as `#[patterns_unused]` does.
pub fn set_patterns_unused(patterns: impl GaugeValue) {
    recorded!(PATTERNS_UNUSED).conclude(&[], outcome_of_gauge(&patterns));
}

/// Sets `pattern_reuse_rate`, as `#[pattern_reuse]` does.
pub fn set_pattern_reuse(rate: impl GaugeValue) {
    recorded!(PATTERN_REUSE).conclude(&[], outcome_of_gauge(&rate));
}

/// Sets `coordination_efficiency`, as `#[coordination]` does.
pub fn set_coordination_efficiency(efficiency: impl GaugeValue) {
    recorded!(COORDINATION).conclude(&[], outcome_of_gauge(&efficiency));
}

/// Sets `background_task_queue_length`, as `#[task_queue]` does.
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

/// One more in a gauge, for as long as this lives; it goes down on every way out.
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

/// For families that count no errors.
fn of_any<T>(_: &T) -> Outcome {
    Outcome::OK
}

/// A built-in family, all labels of which are given with each recording.
#[derive(Clone, Copy)]
struct Recorded {
    family: &'static Family,
    /// Where the family stands in the table.
    index: usize,
}

/// A family by the name of its constant.
macro_rules! recorded {
    ($family:ident) => {
        const { Recorded::of(&families::$family) }
    };
}
use recorded;

impl Recorded {
    /// Call it in a `const`, so that recording searches nothing.
    const fn of(family: &'static Family) -> Self {
        Self { family, index: families::index_of(family) }
    }

    fn series(self, picks: &[LabelRef<'_>]) -> &'static Series {
        static PICKERS: [OnceLock<SeriesLookup>; families::ALL.len()] =
            [const { OnceLock::new() }; families::ALL.len()];
        PICKERS[self.index].get_or_init(|| SeriesLookup::of_family(self.family)).find(picks)
    }

    fn find(self, picks: &[LabelRef<'_>], finding: ReturnedValue) {
        self.conclude(picks, Outcome::returned(finding));
    }

    /// Records how a call ended, whose duration nobody knows.
    fn conclude(self, picks: &[LabelRef<'_>], outcome: Outcome) {
        let series = self.series(picks);
        series.with_sink(|it| call::record_outcome(it, &outcome));
    }

    fn run<T>(self, picks: &[LabelRef<'_>], body: impl FnOnce() -> T, judge: fn(&T) -> Outcome) -> T {
        run(self.series(picks), body, judge)
    }

    fn wait<T, F: Future<Output = T>>(
        self,
        picks: &[LabelRef<'_>],
        future: F,
        judge: fn(&T) -> Outcome,
    ) -> impl Future<Output = T> + use<T, F> {
        let series = self.series(picks);
        async move { measure(series, pin!(future), judge).await.0 }
    }

    fn guard(self) -> Counted {
        let gauge = self.series(&[]).with_sink(|it| it.gauge(Role::Level));
        gauge.increment(1.0);
        Counted(gauge)
    }
}
