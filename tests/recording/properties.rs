//! For any interleaving of calls, errors, panics and cancellations the metrics agree with a model. The steps mix
//! attributes, nested calls and futures that are dropped after any poll.

use measurand::{ErrorKind, Label, family, measured, neural_op, task, timed_query, verified};
use measurand_exporter::{Program, Recorder};
use measurand_tests::Scrape;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

family! {
    /// A family with every metric of a call and a label from the result.
    Work = "work", "Work" {
        labels {
            kind: "feature", "bugfix";
            from_result found;
        }
        metrics {
            calls "work_total": "Finished work.";
            errors "work_errors_total": "Work that failed.";
            duration "work_duration_seconds": "Duration of the work.", [0.1, 1.0];
            in_flight "work_in_flight": "Work in progress.";
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Label)]
enum Kind {
    Feature,
    Bugfix,
}

#[derive(Debug, ErrorKind)]
enum Mistake {
    Known,
}

/// The planned outcome of a call, unless it is dropped before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Ok,
    Error,
    Panic,
    /// Never planned; the result of dropping a polled future.
    Cancelled,
}

impl End {
    fn reach(self) -> Result<f64, Mistake> {
        match self {
            End::Ok => Ok(1.0),
            End::Error => Err(Mistake::Known),
            End::Panic | End::Cancelled => resume_unwind(Box::new("on purpose")),
        }
    }

    fn outcome(self) -> Option<&'static str> {
        [None, Some("error"), Some("panic"), Some("cancelled")][self as usize]
    }
}

/// The behaviour of a call: its outcome, a label, and the number of suspensions before the outcome.
#[derive(Debug, Clone, Copy)]
struct Plan {
    end: End,
    kind: Kind,
    suspended: u8,
}

impl Plan {
    async fn reach(self) -> Result<f64, Mistake> {
        for _ in 0..self.suspended {
            let mut ready = false;
            std::future::poll_fn(|_| if std::mem::replace(&mut ready, true) { Poll::Ready(()) } else { Poll::Pending })
                .await;
        }
        self.end.reach()
    }
}

#[measured]
fn plain(world: &mut World, steps: &[Step], plan: Plan) -> Result<f64, Mistake> {
    world.run(steps);
    plan.end.reach()
}

#[timed_query("select", table = plan.kind)]
fn query(world: &mut World, steps: &[Step], plan: Plan) -> Result<f64, String> {
    world.run(steps);
    plan.end.reach().map_err(|it| format!("{it:?}"))
}

#[measured(time = 1 in 4, function = format!("sampled_{}", plan.suspended))]
fn sampled(world: &mut World, steps: &[Step], plan: Plan) -> Result<f64, Mistake> {
    world.run(steps);
    plan.end.reach()
}

struct Machine;

#[measured]
impl Machine {
    fn turn(&mut self, world: &mut World, steps: &[Step], plan: Plan) -> Result<&mut Self, Mistake> {
        world.run(steps);
        plan.end.reach().map(|_| self)
    }

    async fn wait(&mut self, plan: Plan) -> Result<&mut Self, Mistake> {
        plan.reach().await.map(|_| self)
    }
}

#[neural_op("learning")]
async fn learn(plan: Plan) -> Result<f64, Mistake> {
    let result = plan.reach().await;
    counted();
    result
}

#[measured]
fn counted() {}

#[timed_query("insert", table = |it| if it.is_ok() { "some" } else { "none" })]
fn returned(plan: Plan) -> impl Future<Output = Result<f64, String>> {
    async move { plan.reach().await.map_err(|it| format!("{it:?}")) }
}

#[task(plan.kind)]
fn boxed(plan: Plan) -> Pin<Box<dyn Future<Output = Result<f64, Mistake>>>> {
    Box::pin(plan.reach())
}

#[verified(agent_id = "coder", rollback = counted())]
async fn verify(plan: Plan) -> Result<f64, Mistake> {
    plan.reach().await
}

#[measured(family = Work, kind = plan.kind, found = |it| if it.is_ok() { "yes" } else { "no" })]
async fn work(plan: Plan) -> Result<f64, Mistake> {
    plan.reach().await
}

#[measured]
async fn outer(plan: Plan) -> Result<f64, Mistake> {
    Machine.wait(plan).await?;
    Ok(1.0)
}

#[derive(Debug, Clone, Copy)]
enum Call {
    Plain,
    Query,
    Sampled,
    Turn,
}

#[derive(Debug, Clone, Copy)]
enum Later {
    Learn,
    Returned,
    Boxed,
    Verify,
    Work,
    Outer,
}

#[derive(Debug, Clone)]
enum Step {
    Call(Call, Plan, Vec<Step>),
    /// Creates a future without polling it.
    Make(Later, Plan),
    /// Polls one of the futures.
    Poll(usize),
    /// Drops one of the futures.
    Drop(usize),
}

struct Open {
    later: Later,
    plan: Plan,
    polled: bool,
    future: Pin<Box<dyn Future<Output = ()>>>,
}

/// The open futures, and the model: the expected counts so far.
#[derive(Default)]
struct World {
    open: Vec<Open>,
    expected: BTreeMap<String, f64>,
}

impl World {
    fn run(&mut self, steps: &[Step]) {
        for step in steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Call(call, plan, steps) => {
                let _caught = catch_unwind(AssertUnwindSafe(|| match call {
                    Call::Plain => plain(self, steps, *plan).is_ok(),
                    Call::Query => query(self, steps, *plan).is_ok(),
                    Call::Sampled => sampled(self, steps, *plan).is_ok(),
                    Call::Turn => Machine.turn(self, steps, *plan).is_ok(),
                }));
                self.called(*call, *plan);
            }
            Step::Make(later, plan) => {
                let plan = *plan;
                let future: Pin<Box<dyn Future<Output = ()>>> = match later {
                    Later::Learn => Box::pin(async move { drop(learn(plan).await) }),
                    Later::Returned => {
                        let future = returned(plan);
                        Box::pin(async { drop(future.await) })
                    }
                    Later::Boxed => {
                        let future = boxed(plan);
                        Box::pin(async { drop(future.await) })
                    }
                    Later::Verify => Box::pin(async move { drop(verify(plan).await) }),
                    Later::Work => Box::pin(async move { drop(work(plan).await) }),
                    Later::Outer => Box::pin(async move { drop(outer(plan).await) }),
                };
                self.open.push(Open { later: *later, plan, polled: false, future });
            }
            Step::Poll(index) => {
                let Some(mut open) = self.take(*index) else { return };
                open.polled = true;
                let mut context = Context::from_waker(Waker::noop());
                let poll = catch_unwind(AssertUnwindSafe(|| open.future.as_mut().poll(&mut context)));
                if let Ok(Poll::Pending) = poll {
                    self.open.push(open);
                } else {
                    self.ended(open.later, open.plan.kind, open.plan.end);
                }
            }
            Step::Drop(index) => {
                if let Some(open) = self.take(*index).filter(|it| it.polled) {
                    self.ended(open.later, open.plan.kind, End::Cancelled);
                }
            }
        }
    }

    fn take(&mut self, index: usize) -> Option<Open> {
        let length = self.open.len();
        (length > 0).then(|| self.open.swap_remove(index % length))
    }

    fn called(&mut self, call: Call, plan: Plan) {
        match call {
            Call::Plain => self.function("plain", plan.end),
            Call::Query => self.query("select", plan.kind.value(), plan.end),
            Call::Sampled => self.function(&format!("sampled_{}", plan.suspended), plan.end),
            Call::Turn => self.function("Machine::turn", plan.end),
        }
    }

    fn ended(&mut self, later: Later, kind: Kind, end: End) {
        let found = |some, none| end.outcome().map_or(some, |it| if it == "error" { none } else { it });
        match later {
            Later::Learn => {
                let labels = r#"operation_type="learning""#;
                self.add("neural_operations_total", labels);
                self.add("neural_operation_duration_seconds_count", labels);
                self.error("neural_operation_errors_total", labels, end, true);
                if matches!(end, End::Ok | End::Error) {
                    self.function("counted", End::Ok);
                }
            }
            Later::Returned => self.query("insert", found("some", "none"), end),
            Later::Boxed => {
                let status = if end == End::Ok { "success" } else { "failure" };
                let labels = format!(r#"status="{status}",task_type="{}""#, kind.value());
                self.add("task_completed_total", &labels);
            }
            Later::Verify => {
                let labels = r#"agent_id="coder""#;
                if end == End::Ok {
                    self.add("verification_success_total", labels);
                    self.add("truth_score_count", labels);
                } else {
                    self.add("verification_failures_total", labels);
                }
                if end == End::Error {
                    self.add("auto_rollback_total", labels);
                    self.function("counted", End::Ok);
                }
            }
            Later::Work => {
                let labels = format!(r#"found="{}",kind="{}""#, found("yes", "no"), kind.value());
                self.add("work_total", &labels);
                self.add("work_duration_seconds_count", &labels);
                self.error("work_errors_total", &labels, end, true);
            }
            Later::Outer => {
                self.function("outer", end);
                self.function("Machine::wait", end);
            }
        }
    }

    fn function(&mut self, function: &str, end: End) {
        let labels = format!(r#"function="{function}",module="properties""#);
        self.add("function_calls_total", &labels);
        self.add("function_duration_seconds_count", &labels);
        self.error("function_errors_total", &labels, end, true);
    }

    fn query(&mut self, query_type: &str, table: &str, end: End) {
        let labels = format!(r#"query_type="{query_type}",table="{table}""#);
        self.add("db_query_duration_seconds_count", &labels);
        self.error("db_query_errors_total", &labels, end, false);
    }

    fn error(&mut self, name: &str, labels: &str, end: End, has_kind: bool) {
        let Some(outcome) = end.outcome() else { return };
        let mut labels = format!(r#"{labels},outcome="{outcome}""#);
        if has_kind && end == End::Error {
            labels += r#",error_kind="known""#;
        }
        self.add(name, &labels);
    }

    fn add(&mut self, name: &str, labels: &str) {
        let mut labels: Vec<&str> = labels.split(',').collect();
        labels.sort_unstable();
        *self.expected.entry(format!("{name}{{{}}}", labels.join(","))).or_default() += 1.0;
    }

    /// The expected gauges of calls in flight.
    fn in_flight(&self) -> BTreeMap<String, f64> {
        let mut model = Self::default();
        for open in self.open.iter().filter(|it| it.polled) {
            let function = |it: &str| format!(r#"function="{it}",module="properties""#);
            match open.later {
                Later::Outer => {
                    model.add("function_calls_in_flight", &function("outer"));
                    model.add("function_calls_in_flight", &function("Machine::wait"));
                }
                Later::Work => model.add("work_in_flight", &format!(r#"kind="{}""#, open.plan.kind.value())),
                _ => {}
            }
        }
        model.expected
    }

    fn drop_all(&mut self) {
        while !self.open.is_empty() {
            self.step(&Step::Drop(0));
        }
    }
}

/// The changed counters and in-flight gauges of our families, without sums and buckets.
fn changes(before: &Scrape, after: &Scrape) -> BTreeMap<String, f64> {
    let families = ["function_", "db_query_", "neural_", "task_", "truth_score", "verification_", "auto_", "work_"];
    let counted = |it: &str| {
        let name = it.split('{').next().unwrap_or_default();
        families.iter().any(|it| name.starts_with(it))
            && ["_total", "_count", "_in_flight"].iter().any(|it| name.ends_with(it))
    };
    let change = |(series, value): (&String, &f64)| {
        let change = value - before.0.get(series).copied().unwrap_or_default();
        (counted(series) && change.abs() > 0.5).then(|| (series.clone(), change))
    };
    after.0.iter().filter_map(change).collect()
}

fn plan() -> impl Strategy<Value = Plan> {
    let end = prop_oneof![Just(End::Ok), Just(End::Error), Just(End::Panic)];
    let kind = prop_oneof![Just(Kind::Feature), Just(Kind::Bugfix)];
    (end, kind, 0_u8..4).prop_map(|(end, kind, suspended)| Plan { end, kind, suspended })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let call = || prop_oneof![Just(Call::Plain), Just(Call::Query), Just(Call::Sampled), Just(Call::Turn)];
    let later = prop_oneof![
        Just(Later::Learn),
        Just(Later::Returned),
        Just(Later::Boxed),
        Just(Later::Verify),
        Just(Later::Work),
        Just(Later::Outer),
    ];
    let leaf = prop_oneof![
        2 => (call(), plan()).prop_map(|(call, plan)| Step::Call(call, plan, Vec::new())),
        3 => (later, plan()).prop_map(|(later, plan)| Step::Make(later, plan)),
        6 => (0_usize..8).prop_map(Step::Poll),
        1 => (0_usize..8).prop_map(Step::Drop),
    ];
    let nested = leaf.prop_recursive(3, 20, 5, move |inner| {
        (call(), plan(), vec(inner, 0..5)).prop_map(|(call, plan, steps)| Step::Call(call, plan, steps))
    });
    vec(nested, 1..60)
}

/// Runs the steps and compares the changes with the model, before and after dropping the remaining futures.
fn check(scrape: impl Fn() -> Scrape, steps: &[Step]) -> Result<(), TestCaseError> {
    let before = scrape();
    let mut world = World::default();
    world.run(steps);
    let half_way = world.in_flight();
    let seen = changes(&before, &scrape());
    let expected: BTreeMap<_, _> = world.expected.clone().into_iter().chain(half_way).collect();
    prop_assert_eq!(seen, expected);
    world.drop_all();
    prop_assert_eq!(changes(&before, &scrape()), world.expected);
    Ok(())
}

fn program() -> Program {
    let families = [measurand::tables::families::ALL, &[<Work as measurand::DeclaredFamily>::FAMILY]].concat();
    Program {
        families,
        catalog: measurand::catalog(),
        binary: None,
        initialize: measurand::initialize,
        limit_series: |_| (),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Under a local recorder every call looks up its metrics in the recorder.
    #[test]
    fn under_a_local_recorder(steps in steps()) {
        let recorder = Recorder::new(&program());
        let scrape = || Scrape::parse(&recorder.render());
        metrics::with_local_recorder(&recorder, || check(scrape, &steps))?;
    }

    /// Under the global recorder call sites cache their handles; two threads run the same steps concurrently.
    #[test]
    fn under_the_global_recorder(steps in steps()) {
        static GLOBAL: OnceLock<Recorder> = OnceLock::new();
        let recorder = GLOBAL.get_or_init(|| {
            let recorder = Recorder::new(&program());
            metrics::set_global_recorder(recorder.clone()).expect("the first recorder");
            measurand::initialize();
            recorder
        });
        let scrape = || Scrape::parse(&recorder.render());
        check(scrape, &steps)?;

        let before = scrape();
        let worlds = std::thread::scope(|scope| {
            let run = || {
                let mut world = World::default();
                world.run(&steps);
                world.drop_all();
                world.expected
            };
            [scope.spawn(run), scope.spawn(run)].map(|it| it.join().expect("all panics are caught"))
        });
        let mut expected = BTreeMap::new();
        for (series, count) in worlds.into_iter().flatten() {
            *expected.entry(series).or_default() += count;
        }
        prop_assert_eq!(changes(&before, &scrape()), expected);
    }
}
